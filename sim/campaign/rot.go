package campaign

import (
	"errors"

	"odradek/broker"
	"odradek/core/batch"
	"odradek/core/journal"
	"odradek/core/log"
)

// refusalsMin is how often a broker has to refuse to start, in a world that has
// healed, before its word is taken for it.
const refusalsMin = 10

// refused reports whether the broker does not start any more since it found
// rotten bits in what it cannot do without. On a single node there is no copy to
// mend it from, so saying so is all it can do.
func (r *Run) refused() bool {
	return r.shape.rot && r.calm && !r.broker.Up() &&
		r.broker.Incarnations() > r.startsAtCalm+refusalsMin && tellsOfRot(r.broker.LastWord())
}

// tellsOfRot reports whether an error says that something is not what was
// written.
func tellsOfRot(err error) bool {
	for _, corrupt := range []error{journal.ErrCorrupt, log.ErrCorrupt, batch.ErrCorrupt,
		broker.ErrMetaProperties, broker.ErrMetadataLog} {
		if errors.Is(err, corrupt) {
			return true
		}
	}
	return false
}

// allGone enters that nothing can be read any more. What was read before still
// has to be true.
func (r *Run) allGone() {
	for _, t := range r.ledger.topics {
		if t.id.IsZero() {
			continue
		}
		h := r.record.of(t)
		for partition := range t.partitionsMax {
			h.Gone = append(h.Gone, t.partition(partition))
		}
	}
}
