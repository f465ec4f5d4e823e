package controller

import (
	"math"

	"odradek/controller/metadata"
	"odradek/core/kafka"
)

// producerIDBlock is how many producer ids a broker gets at once, so that most
// producers cost no write to the metadata log. It is Kafka's number.
const producerIDBlock = 1000

// ProducerIDs is a block of ids that belongs to one broker: [First, End).
type ProducerIDs struct {
	First kafka.ProducerID
	End   kafka.ProducerID
}

// AllocateProducerIDs gives a broker the next block of producer ids. The block
// may be used once the record is committed; ids of a block that was not used up
// when the broker stopped are lost, never given again. The error is
// STALE_BROKER_EPOCH or BROKER_ID_NOT_REGISTERED for a broker that is not who it
// was, or UNKNOWN_SERVER_ERROR when 2^63 ids have been given. Source: KIP-730.
func AllocateProducerIDs(v View, broker kafka.BrokerID,
	epoch kafka.BrokerEpoch) ([]metadata.Record, ProducerIDs, kafka.ErrorCode) {
	registered := v.Image.Broker(broker)
	if registered == nil {
		return nil, ProducerIDs{}, kafka.ErrBrokerIDNotRegistered
	}
	if registered.Epoch != epoch {
		return nil, ProducerIDs{}, kafka.ErrStaleBrokerEpoch
	}
	first := v.Image.NextProducerID()
	if first > math.MaxInt64-producerIDBlock {
		return nil, ProducerIDs{}, kafka.ErrUnknownServerError
	}
	block := ProducerIDs{first, first + producerIDBlock}
	record := &metadata.ProducerIDsRecord{BrokerID: broker, BrokerEpoch: epoch,
		NextProducerID: block.End}
	return []metadata.Record{record}, block, kafka.None
}
