package campaign

import (
	"slices"

	"odradek/core/kafka"
	"odradek/jepsen/check"
)

// checkProducerID sees that no producer id is given twice.
func (r *Run) checkProducerID(a *actor, id kafka.ProducerID) {
	if slices.Contains(r.producerIDs, id) {
		a.complainOfLoss("producer id %d is given twice", id)
	}
	r.producerIDs = append(r.producerIDs, id)
}

// checkRefusal sees whether a batch may be refused in such a way.
func (r *Run) checkRefusal(a *actor, t *topic, called int64, code kafka.ErrorCode) {
	switch code {
	case kafka.ErrMessageTooLarge, kafka.ErrInvalidTimestamp, kafka.ErrOutOfOrderSequenceNumber:
		return
	case kafka.ErrUnknownTopicOrPartition, kafka.ErrUnknownTopicID:
		if t.ending != check.Never || check.Event(called) <= max(t.settled, t.partitionsSince) {
			return
		}
	}
	a.complainOfLoss("%s: a sound batch is refused with %v", t.name, code)
}
