package kafka

// Offset numbers a record within its partition. Offsets are dense when written
// and never reused.
type Offset int64

// NoOffset is Kafka's -1: unknown, none, or not applicable.
const NoOffset Offset = -1

// Special offsets of ListOffsets, which stand where a timestamp would.
// Source: ListOffsets request, KIP-79, KIP-405, KIP-734, KIP-1005, KIP-1023.
const (
	LatestTimestamp        Timestamp = -1
	EarliestTimestamp      Timestamp = -2
	MaxTimestamp           Timestamp = -3
	EarliestLocalTimestamp Timestamp = -4
	LatestTieredTimestamp  Timestamp = -5
	EarliestPendingUpload  Timestamp = -6
)

// Position is a byte's place in a file, counted from its start.
type Position int64

// LeaderEpoch rises by at least one with each election of a partition's leader.
type LeaderEpoch int32

// NoLeaderEpoch is Kafka's -1: the sender does not know or care.
const NoLeaderEpoch LeaderEpoch = -1

// PartitionEpoch rises by one with each change of a partition's registration.
type PartitionEpoch int32

// BrokerID is a node.id.
type BrokerID int32

// NoBroker is Kafka's -1: no such broker, or a client instead of a replica.
const NoBroker BrokerID = -1

// BrokerEpoch is the metadata offset of a broker's registration record.
type BrokerEpoch int64

// Partition is a partition's index within its topic, from 0.
type Partition int32

// ProducerID names an idempotent producer.
type ProducerID int64

// NoProducerID marks a batch of a producer that is not idempotent.
const NoProducerID ProducerID = -1

// ProducerEpoch fences older instances of the same producer.
type ProducerEpoch int16

// NoProducerEpoch goes with NoProducerID.
const NoProducerEpoch ProducerEpoch = -1

// Sequence numbers a producer's records in one partition. It wraps from
// 2^31-1 to 0. Source: KIP-98.
type Sequence int32

// NoSequence goes with NoProducerID.
const NoSequence Sequence = -1

// Plus returns the sequence count records later, wrapping as Kafka's does.
func (s Sequence) Plus(count int32) Sequence {
	return Sequence((int64(s) + int64(count)) & 0x7fffffff)
}
