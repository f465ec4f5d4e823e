package wire

import "odradek/core/kafka"

// ProduceRequest appends batches to partitions. One value is reused for many
// requests: Parse resets it, and allocates only when a request has more entries
// than any before it. Names and records alias the frame.
//
//	transactional_id: nullable text      v3+
//	acks: int16      timeout_ms: int32
//	topics: array of
//	    name: text (v3-12) or topic_id: uuid (v13+)
//	    partitions: array of  index: int32   records: nullable bytes   [tags]
//	    [tags]
//	[tags]                               compact and tagged from v9
type ProduceRequest struct {
	// TransactionalID is nil for a producer without transactions.
	TransactionalID []byte
	// Acks is 0 for no answer, 1 for the leader's log, -1 for all of the isr.
	// Any other value is the caller's to refuse.
	Acks int16
	// TimeoutMillis is how long the client waits for acks -1.
	TimeoutMillis int32
	Topics        []ProduceTopic

	partitions []ProducePartition
}

// ProduceTopic is one topic of a ProduceRequest.
type ProduceTopic struct {
	// Name is nil from v13 on, TopicID zero before.
	Name    []byte
	TopicID kafka.TopicID
	// First counts the partitions of the topics before this one: partition j is
	// entry First+j of the request, and of a response filled in its order.
	First      int
	Partitions []ProducePartition
}

// ProducePartition is one partition of a ProduceTopic.
type ProducePartition struct {
	Partition kafka.Partition
	// Records is what should be one batch, nil for null.
	Records []byte
}

// The fewest bytes that an entry takes on the wire.
const (
	produceTopicBytesMin     = 3 // empty name, no partitions, no tags, compact
	producePartitionBytesMin = 6 // index, null records, no tags, compact
)

// Reset forgets the request: it keeps no frame alive, and no memory beyond what
// is worth keeping. Parse does not need it.
func (r *ProduceRequest) Reset() {
	*r = ProduceRequest{Topics: recycle(r.Topics), partitions: recycle(r.partitions)}
}

// Parse reads the body of a request of versions 3 to 13. Bytes behind it are
// ignored, as Kafka does. After an error the request has no topics.
//
// Errors: ErrUnsupportedVersion, ErrMalformed, ErrTooLarge.
func (r *ProduceRequest) Parse(version int16, body []byte) error {
	r.Topics, r.partitions = rewind(r.Topics), rewind(r.partitions)
	if !lookup(KeyProduce).Serves(version) {
		return ErrUnsupportedVersion
	}
	in := reader{data: body}
	flexible := version >= 9
	r.TransactionalID = in.nullableText(flexible)
	r.Acks = in.int16()
	r.TimeoutMillis = in.int32()
	err := r.parseTopics(&in, version, flexible)
	if err == nil && flexible {
		in.skipTags()
	}
	if err == nil && in.failed {
		err = ErrMalformed
	}
	if err != nil {
		r.Reset()
	}
	return err
}

func (r *ProduceRequest) parseTopics(in *reader, version int16, flexible bool) error {
	count := in.count(flexible, produceTopicBytesMin)
	if count > RequestEntriesMax {
		return ErrTooLarge
	}
	r.Topics, _ = extend(r.Topics, count)
	entries := count
	for i := range r.Topics {
		topic := &r.Topics[i]
		topic.First = entries - count
		topic.Name, topic.TopicID = in.topic(version >= 13, flexible)
		partitions := in.count(flexible, producePartitionBytesMin)
		if entries += partitions; entries > RequestEntriesMax {
			return ErrTooLarge
		}
		r.partitions, topic.Partitions = extend(r.partitions, partitions)
		for j := range topic.Partitions {
			p := &topic.Partitions[j]
			p.Partition = kafka.Partition(in.int32())
			p.Records = in.nullable(in.length(flexible))
			if flexible {
				in.skipTags()
			}
		}
		if flexible {
			in.skipTags()
		}
		if in.failed {
			return ErrMalformed
		}
	}
	return nil
}

// Entries is how many partitions the request names, over all topics.
func (r *ProduceRequest) Entries() int {
	if len(r.Topics) == 0 {
		return 0
	}
	last := &r.Topics[len(r.Topics)-1]
	return last.First + len(last.Partitions)
}
