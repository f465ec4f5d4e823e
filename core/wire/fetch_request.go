package wire

import (
	"math"

	"odradek/core/kafka"
)

// FetchRequest asks for batches. One value is reused for many requests: Parse
// resets it, and allocates only when a request has more entries than any before
// it. Names alias the frame.
//
//	replica_id: int32                    v4-14, the tag replica_state after
//	max_wait_ms, min_bytes, max_bytes: int32
//	isolation_level: int8
//	session_id, session_epoch: int32     v7+
//	topics: array of
//	    name: text (v4-12) or topic_id: uuid (v13+)
//	    partitions: array of
//	        index: int32
//	        current_leader_epoch: int32  v9+
//	        fetch_offset: int64
//	        last_fetched_epoch: int32    v12+
//	        log_start_offset: int64      v5+
//	        partition_max_bytes: int32
//	        [tags: 0 replica_directory_id, v17+; 1 high_watermark, v18+]
//	    [tags]
//	forgotten topics: array of           v7+
//	    name or topic_id, partitions: array of int32 [tags]
//	rack_id: text                        v11+
//	[tags: 0 cluster_id, v12+; 1 replica_state, v15+]
//	                                     compact and tagged from v12
type FetchRequest struct {
	// ClusterID is nil when the fetcher doesn't say which cluster it expects.
	ClusterID []byte
	// ReplicaID is the follower's id, kafka.NoBroker for a consumer.
	ReplicaID kafka.BrokerID
	// ReplicaEpoch is the follower's broker epoch, -1 when not said (KIP-903).
	ReplicaEpoch  kafka.BrokerEpoch
	MaxWaitMillis int32
	// MinBytes is how much there must be before an answer is worth it.
	MinBytes int32
	// MaxBytes limits the answer, but for its first batch (KIP-74).
	MaxBytes int32
	// IsolationLevel is 0 for read_uncommitted, 1 for read_committed.
	IsolationLevel int8
	// SessionID and SessionEpoch name a fetch session; 0 and -1: none (KIP-227).
	SessionID, SessionEpoch int32
	Topics                  []FetchTopic
	// Forgotten are the partitions to drop from the session.
	Forgotten []ForgottenTopic
	// RackID is the consumer's rack; empty or nil for none (KIP-392).
	RackID []byte

	partitions []FetchPartition
	forgotten  []kafka.Partition
}

// FetchTopic is one topic of a FetchRequest.
type FetchTopic struct {
	// Name is nil from v13 on, TopicID zero before.
	Name    []byte
	TopicID kafka.TopicID
	// First counts the partitions of the topics before this one.
	First      int
	Partitions []FetchPartition
}

// FetchPartition is one partition of a FetchTopic.
type FetchPartition struct {
	Partition kafka.Partition
	// CurrentLeaderEpoch fences the request (KIP-320); kafka.NoLeaderEpoch
	// before v9.
	CurrentLeaderEpoch kafka.LeaderEpoch
	FetchOffset        kafka.Offset
	// LastFetchedEpoch is that of the record before FetchOffset (KIP-595).
	LastFetchedEpoch kafka.LeaderEpoch
	// LogStartOffset is the follower's; kafka.NoOffset for consumers.
	LogStartOffset kafka.Offset
	// MaxBytes limits what the partition adds, but for the first batch.
	MaxBytes int32
	// ReplicaDirectoryID is the follower's log directory (KIP-853).
	ReplicaDirectoryID [16]byte
	// HighWatermark is the one the follower knows; math.MaxInt64 when it did
	// not say (KIP-1166).
	HighWatermark kafka.Offset
}

// ForgottenTopic is a topic with the partitions to drop from the session.
type ForgottenTopic struct {
	Name       []byte
	TopicID    kafka.TopicID
	Partitions []kafka.Partition
}

// The fewest bytes that an entry takes on the wire.
const (
	fetchTopicBytesMin         = 3 // empty name, no partitions, no tags, compact
	fetchPartitionBytesMin     = 16
	forgottenPartitionBytesMin = 4
)

// NoHighWatermark stands where a follower did not say which high watermark it
// knows. Source: KIP-1166.
const NoHighWatermark kafka.Offset = math.MaxInt64

// Reset forgets the request: it keeps no frame alive, and no memory beyond what
// is worth keeping. Parse does not need it.
func (r *FetchRequest) Reset() {
	*r = FetchRequest{
		Topics: recycle(r.Topics), Forgotten: recycle(r.Forgotten),
		partitions: recycle(r.partitions), forgotten: recycle(r.forgotten),
	}
}

// Parse reads the body of a request of versions 4 to 18. Bytes behind it are
// ignored, as Kafka does. After an error the request has no topics.
//
// Errors: ErrUnsupportedVersion, ErrMalformed, ErrTooLarge.
func (r *FetchRequest) Parse(version int16, body []byte) error {
	*r = FetchRequest{
		Topics: rewind(r.Topics), Forgotten: rewind(r.Forgotten),
		partitions: rewind(r.partitions), forgotten: rewind(r.forgotten),
		ReplicaID: kafka.NoBroker, ReplicaEpoch: -1, SessionEpoch: -1,
	}
	if !lookup(KeyFetch).Serves(version) {
		return ErrUnsupportedVersion
	}
	in := reader{data: body}
	err := r.parse(&in, version, version >= 12)
	if err == nil && in.failed {
		err = ErrMalformed
	}
	if err != nil {
		r.Reset()
	}
	return err
}

func (r *FetchRequest) parse(in *reader, version int16, flexible bool) error {
	if version <= 14 {
		r.ReplicaID = kafka.BrokerID(in.int32())
	}
	r.MaxWaitMillis = in.int32()
	r.MinBytes = in.int32()
	r.MaxBytes = in.int32()
	r.IsolationLevel = in.int8()
	if version >= 7 {
		r.SessionID = in.int32()
		r.SessionEpoch = in.int32()
	}
	entries, err := r.parseTopics(in, version, flexible)
	if err == nil && version >= 7 {
		err = r.parseForgotten(in, version, flexible, entries)
	}
	if err != nil {
		return err
	}
	if version >= 11 {
		r.RackID = in.text(flexible)
	}
	if flexible {
		r.parseTags(in, version)
	}
	return nil
}

func (r *FetchRequest) parseTopics(
	in *reader, version int16, flexible bool,
) (entries int, err error) {
	count := in.count(flexible, fetchTopicBytesMin)
	if count > RequestEntriesMax {
		return 0, ErrTooLarge
	}
	r.Topics, _ = extend(r.Topics, count)
	entries = count
	for i := range r.Topics {
		topic := &r.Topics[i]
		topic.First = entries - count
		topic.Name, topic.TopicID = in.topic(version >= 13, flexible)
		partitions := in.count(flexible, fetchPartitionBytesMin)
		if entries += partitions; entries > RequestEntriesMax {
			return 0, ErrTooLarge
		}
		r.partitions, topic.Partitions = extend(r.partitions, partitions)
		for j := range topic.Partitions {
			topic.Partitions[j].parse(in, version, flexible)
		}
		if flexible {
			in.skipTags()
		}
		if in.failed {
			return 0, ErrMalformed
		}
	}
	return entries, nil
}

func (p *FetchPartition) parse(in *reader, version int16, flexible bool) {
	p.Partition = kafka.Partition(in.int32())
	p.CurrentLeaderEpoch = kafka.NoLeaderEpoch
	if version >= 9 {
		p.CurrentLeaderEpoch = kafka.LeaderEpoch(in.int32())
	}
	p.FetchOffset = kafka.Offset(in.int64())
	p.LastFetchedEpoch = kafka.NoLeaderEpoch
	if version >= 12 {
		p.LastFetchedEpoch = kafka.LeaderEpoch(in.int32())
	}
	p.LogStartOffset = kafka.NoOffset
	if version >= 5 {
		p.LogStartOffset = kafka.Offset(in.int64())
	}
	p.MaxBytes = in.int32()
	p.ReplicaDirectoryID = [16]byte{}
	p.HighWatermark = NoHighWatermark
	if flexible {
		p.parseTags(in, version)
	}
}

// parseTags reads the partition's tagged fields. A tag that a later version
// introduced is a fault in this one, as in Kafka.
func (p *FetchPartition) parseTags(in *reader, version int16) {
	for count := in.uvarint(); count > 0 && !in.failed; count-- {
		tag := in.uvarint()
		value := reader{data: in.span(int(in.uvarint()))}
		switch tag {
		case 0:
			p.ReplicaDirectoryID = value.topicID()
			value.failed = value.failed || version < 17
		case 1:
			p.HighWatermark = kafka.Offset(value.int64())
			value.failed = value.failed || version < 18
		}
		if value.failed {
			in.fail()
		}
	}
}

func (r *FetchRequest) parseForgotten(
	in *reader, version int16, flexible bool, entries int,
) error {
	count := in.count(flexible, fetchTopicBytesMin)
	if entries += count; entries > RequestEntriesMax {
		return ErrTooLarge
	}
	r.Forgotten, _ = extend(r.Forgotten, count)
	for i := range r.Forgotten {
		topic := &r.Forgotten[i]
		topic.Name, topic.TopicID = in.topic(version >= 13, flexible)
		partitions := in.count(flexible, forgottenPartitionBytesMin)
		if entries += partitions; entries > RequestEntriesMax {
			return ErrTooLarge
		}
		r.forgotten, topic.Partitions = extend(r.forgotten, partitions)
		for j := range topic.Partitions {
			topic.Partitions[j] = kafka.Partition(in.int32())
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

// parseTags reads the request's tagged fields. A tag that a later version
// introduced is a fault in this one, as in Kafka.
func (r *FetchRequest) parseTags(in *reader, version int16) {
	for count := in.uvarint(); count > 0 && !in.failed; count-- {
		tag := in.uvarint()
		value := reader{data: in.span(int(in.uvarint()))}
		switch tag {
		case 0:
			r.ClusterID = value.nullableText(true)
		case 1:
			r.ReplicaID = kafka.BrokerID(value.int32())
			r.ReplicaEpoch = kafka.BrokerEpoch(value.int64())
			value.skipTags()
			value.failed = value.failed || version < 15
		}
		if value.failed {
			in.fail()
		}
	}
}

// Entries is how many partitions the request names, over all topics.
func (r *FetchRequest) Entries() int {
	if len(r.Topics) == 0 {
		return 0
	}
	last := &r.Topics[len(r.Topics)-1]
	return last.First + len(last.Partitions)
}
