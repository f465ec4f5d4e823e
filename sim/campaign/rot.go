package campaign

import (
	"errors"
	"slices"
	"strings"
	"time"

	"odradek/broker"
	"odradek/core/batch"
	"odradek/core/journal"
	"odradek/core/kafka"
	"odradek/core/log"
	"odradek/jepsen/check"
)

// refusalsMin is how often a broker has to refuse to start, in a world that has
// healed, before its word is taken for it.
const refusalsMin = 10

// refused reports whether the broker does not start any more since it found
// rotten bits in what it cannot do without, or its journals gone after a crash. On
// a single node there is no copy to mend it from, so saying so is all it can do.
func (r *Run) refused() bool {
	if !r.calm || r.broker.Up() || r.broker.Incarnations() <= r.startsAtCalm+refusalsMin {
		return false
	}
	last := r.broker.LastWord()
	crashed := r.shape.ending != endsWithStop
	return r.shape.rot && tellsOfRot(last) ||
		r.journalGone && crashed && errors.Is(last, journal.ErrMissing)
}

// unguarded reports whether a byte of a segment is outside of every checksum: a
// batch's base offset and leader epoch, which a leader changes without reading the
// rest. A reader of the batch alone, as whoever is sent a range of a file, can't
// know that they are wrong; that is so in Kafka's format, with every broker.
func unguarded(name string, content []byte, at kafka.Position) bool {
	if !strings.HasSuffix(name, ".log") {
		return false
	}
	for from := 0; from+batch.HeaderSize <= len(content); {
		b, _, err := batch.Next(content[from:])
		if err != nil {
			return false
		}
		if in := int(at) - from; in < len(b) {
			return in < baseOffsetEnd || in >= leaderEpochAt && in < leaderEpochEnd
		}
		from += len(b)
	}
	return false
}

// Where a batch has what no checksum covers, in bytes.
const (
	baseOffsetEnd  = 8
	leaderEpochAt  = 12
	leaderEpochEnd = 16
)

// tellsOfRot reports whether an error says that something is not what was
// written.
func tellsOfRot(err error) bool {
	for _, corrupt := range []error{journal.ErrCorrupt, log.ErrCorrupt, batch.ErrCorrupt,
		journal.ErrMissing, broker.ErrMetaProperties, broker.ErrMetadataLog} {
		if errors.Is(err, corrupt) {
			return true
		}
	}
	return false
}

// sealedAfter is how long before a crash a shard's journal must have been written
// last for its end to be sealed: the broker seals it after a second of quiet, and
// may be stalled for a moment.
const sealedAfter = 2 * time.Second

// lossExcused reports whether acknowledged records may be gone without a word: a
// recovery began, or went on, with rot in the last frame of a shard's journal, and
// the crash was so soon that the frame was not sealed. It looks as one that the
// crash has torn then, and on a single node nothing tells the two apart. What is
// read must be true all the same.
func (r *Run) lossExcused() bool { return r.endRotted }

// recoveryBegins looks for rot that a recovery can't know from a torn commit.
func (r *Run) recoveryBegins() {
	stored := r.broker.Disk()
	for _, rotten := range stored.Rots() {
		name, _, found := strings.Cut(rotten.Name, "-")
		if !found || !strings.HasPrefix(name, "journal/") || rotten.Through == 0 {
			continue
		}
		last, before := stored.LastThrough(name + "-")
		if last == rotten.Through && before < sealedAfter {
			r.endRotted = true
		}
	}
}

// truthful are the checks of what was read, which hold whatever was lost.
func truthful(name string) bool {
	switch name {
	case "nothing-made-up", "fetch-contiguous", "committed-only", "bounds-in-order":
		return true
	}
	return false
}

// excuse takes the violations out of a verdict that a loss explains.
func excuse(verdict check.Verdict) check.Verdict {
	verdict.Violations = slices.DeleteFunc(verdict.Violations, func(v check.Violation) bool {
		return !truthful(v.Check)
	})
	verdict.Open = nil
	verdict.Result = check.Pass
	if len(verdict.Violations) > 0 {
		verdict.Result = check.Fail
	}
	return verdict
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
