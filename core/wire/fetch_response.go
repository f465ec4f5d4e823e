package wire

import (
	"odradek/core/assert"
	"odradek/core/kafka"
)

// FetchResponse answers a FetchRequest. The records never pass through it: it
// knows their lengths, and says where in its own bytes they belong. One value
// is reused: Reset, then AddTopic and AddPartition in the order of the request,
// then fill Partitions in any order, then AppendFrame.
//
//	throttle_ms: int32
//	error: int16   session_id: int32          v7+
//	topics: array of
//	    name: text (v4-12) or topic_id: uuid (v13+)
//	    partitions: array of
//	        index: int32   error: int16
//	        high_watermark, last_stable_offset: int64
//	        log_start_offset: int64            v5+
//	        aborted: nullable array of producer_id, first_offset: int64 [tags]
//	        preferred_read_replica: int32      v11+
//	        records: length, then  <-- Splice.At is here
//	        [tags: 0 diverging_epoch, 1 current_leader, 2 snapshot_id; v12+]
//	    [tags]
//	[tags: 0 node_endpoints, v16+]             compact and tagged from v12
type FetchResponse struct {
	ThrottleMillis int32
	// Error is the whole request's fault, for sessions.
	Error     kafka.ErrorCode
	SessionID int32
	Topics    []FetchResponseTopic
	// Partitions holds the partitions of all topics, one after the other.
	Partitions []FetchResponsePartition
	// NodeEndpoints are those of the leaders named in the partitions.
	NodeEndpoints []NodeEndpoint
}

// FetchResponseTopic is one topic of a FetchResponse.
type FetchResponseTopic struct {
	Name    []byte
	TopicID kafka.TopicID
	// Partitions is how many of the response's partitions are the topic's.
	Partitions int
}

// FetchResponsePartition is what one partition has to give.
type FetchResponsePartition struct {
	Partition kafka.Partition
	Error     kafka.ErrorCode
	// Omit leaves the partition out, and its topic if nothing is left of that:
	// in an incremental fetch, what has not changed is not sent (KIP-227).
	Omit             bool
	HighWatermark    kafka.Offset
	LastStableOffset kafka.Offset
	LogStartOffset   kafka.Offset
	// Aborted are the aborted transactions that overlap the records, ordered by
	// first offset; nil, which is null, for read_uncommitted.
	Aborted []AbortedTransaction
	// PreferredReadReplica sends a consumer elsewhere (KIP-392).
	PreferredReadReplica kafka.BrokerID
	// RecordsBytes is how many bytes of records there are. They are not in the
	// response: see Splice.
	RecordsBytes int32
	// DivergingEpoch is set when the fetcher's log differs from ours (KIP-595).
	DivergingEpoch EpochEndOffset
	CurrentLeader  CurrentLeader
	// SnapshotID is set when the fetcher has to load a snapshot (KIP-630).
	SnapshotID EpochEndOffset
}

// AbortedTransaction is one whose records a read_committed consumer drops.
type AbortedTransaction struct {
	ProducerID  kafka.ProducerID
	FirstOffset kafka.Offset
}

// EpochEndOffset is a leader epoch and the offset where it ends, exclusive.
type EpochEndOffset struct {
	// Epoch is kafka.NoLeaderEpoch when there is nothing to say.
	Epoch     kafka.LeaderEpoch
	EndOffset kafka.Offset
}

func noEpochEndOffset() EpochEndOffset {
	return EpochEndOffset{kafka.NoLeaderEpoch, kafka.NoOffset}
}

// epochEndOffsetBytes is the size of the tagged struct, with its own tags.
const epochEndOffsetBytes = 4 + 8 + 1

// Splice is a place where records belong.
type Splice struct {
	// At is the position in the encoded bytes before which the records go.
	At int
	// Partition is the index in FetchResponse.Partitions of whose they are.
	Partition int
	// Bytes is how many bytes of records, more than zero.
	Bytes int32
}

// Reset forgets the response: it keeps no frame alive, and no memory beyond what
// is worth keeping.
func (r *FetchResponse) Reset() {
	*r = FetchResponse{
		Topics: recycle(r.Topics), Partitions: recycle(r.Partitions),
		NodeEndpoints: recycle(r.NodeEndpoints),
	}
}

// AddTopic appends a topic; the partitions added next are its own. name must
// stay valid until the response is encoded.
func (r *FetchResponse) AddTopic(name []byte, id kafka.TopicID) {
	r.Topics = append(r.Topics, FetchResponseTopic{Name: name, TopicID: id})
}

// AddPartition appends a partition to the last topic, without records and with
// every optional field unset. The pointer is valid until the next call.
func (r *FetchResponse) AddPartition(partition kafka.Partition) *FetchResponsePartition {
	assert.That(len(r.Topics) > 0, "a partition belongs to a topic")
	r.Topics[len(r.Topics)-1].Partitions++
	r.Partitions = append(r.Partitions, FetchResponsePartition{
		Partition: partition, HighWatermark: kafka.NoOffset,
		LastStableOffset: kafka.NoOffset, LogStartOffset: kafka.NoOffset,
		PreferredReadReplica: kafka.NoBroker, CurrentLeader: noLeader(),
		DivergingEpoch: noEpochEndOffset(), SnapshotID: noEpochEndOffset(),
	})
	return &r.Partitions[len(r.Partitions)-1]
}

// AppendFrame appends a whole frame without its records to dst: length, header
// and body. The frame's length counts the records. The splices, in the order of
// their positions, are appended to splices.
//
//	dst     | length header ... records length | tags ... records length | tags ...
//	splices                                    ^ At                      ^ At
//
// What leaves is dst up to the first At, that partition's records, dst up to
// the second At, and so on.
func (r *FetchResponse) AppendFrame(
	dst []byte, splices []Splice, version int16, correlationID int32,
) ([]byte, []Splice) {
	start, earlier := len(dst), len(splices)
	dst = AppendResponseHeader(BeginFrame(dst), KeyFetch, version, correlationID)
	dst, splices = r.Append(dst, splices, version)
	recordsBytes := int64(0)
	for _, splice := range splices[earlier:] {
		recordsBytes += int64(splice.Bytes)
	}
	EndFrame(dst, start, recordsBytes)
	return dst, splices
}

// Append appends the response's body in a version from 4 to 18, without its
// records: see AppendFrame.
func (r *FetchResponse) Append(
	dst []byte, splices []Splice, version int16,
) ([]byte, []Splice) {
	assert.That(lookup(KeyFetch).Serves(version), "a response has its request's version")
	flexible := version >= 12
	dst = appendInt32(dst, r.ThrottleMillis)
	if version >= 7 {
		dst = appendInt16(dst, int16(r.Error))
		dst = appendInt32(dst, r.SessionID)
	}
	dst = appendLength(dst, flexible, r.topicsKept())
	first := 0
	for i := range r.Topics {
		topic := &r.Topics[i]
		end := first + topic.Partitions
		if kept := countKept(r.Partitions[first:end]); kept > 0 {
			dst = appendTopic(dst, version >= 13, flexible, topic.Name, topic.TopicID)
			dst = appendLength(dst, flexible, kept)
			for j := first; j < end; j++ {
				dst, splices = r.appendPartition(dst, splices, j, version)
			}
			if flexible {
				dst = append(dst, 0)
			}
		}
		first = end
	}
	assert.That(first == len(r.Partitions), "every partition belongs to a topic")
	if flexible {
		dst = appendEndpointTags(dst, version >= 16, r.NodeEndpoints)
	}
	return dst, splices
}

// topicsKept counts the topics with a partition that is not omitted.
func (r *FetchResponse) topicsKept() int {
	topics, first := 0, 0
	for i := range r.Topics {
		end := first + r.Topics[i].Partitions
		if countKept(r.Partitions[first:end]) > 0 {
			topics++
		}
		first = end
	}
	return topics
}

func countKept(partitions []FetchResponsePartition) int {
	kept := 0
	for i := range partitions {
		if !partitions[i].Omit {
			kept++
		}
	}
	return kept
}

func (r *FetchResponse) appendPartition(
	dst []byte, splices []Splice, index int, version int16,
) ([]byte, []Splice) {
	p := &r.Partitions[index]
	if p.Omit {
		return dst, splices
	}
	flexible := version >= 12
	dst = appendInt32(dst, int32(p.Partition))
	dst = appendInt16(dst, int16(p.Error))
	dst = appendInt64(dst, int64(p.HighWatermark))
	dst = appendInt64(dst, int64(p.LastStableOffset))
	if version >= 5 {
		dst = appendInt64(dst, int64(p.LogStartOffset))
	}
	dst = appendAborted(dst, flexible, p.Aborted)
	if version >= 11 {
		dst = appendInt32(dst, int32(p.PreferredReadReplica))
	}
	assert.That(p.RecordsBytes >= 0, "records take no negative space")
	dst = appendLength(dst, flexible, int(p.RecordsBytes))
	if p.RecordsBytes > 0 {
		splices = append(splices, Splice{len(dst), index, p.RecordsBytes})
	}
	if flexible {
		dst = p.appendTags(dst)
	}
	return dst, splices
}

func appendAborted(dst []byte, flexible bool, aborted []AbortedTransaction) []byte {
	if aborted == nil {
		return appendLength(dst, flexible, -1)
	}
	dst = appendLength(dst, flexible, len(aborted))
	for _, transaction := range aborted {
		dst = appendInt64(dst, int64(transaction.ProducerID))
		dst = appendInt64(dst, int64(transaction.FirstOffset))
		if flexible {
			dst = append(dst, 0)
		}
	}
	return dst
}

// appendTags appends the partition's tagged fields, those that say something.
// The two structs have their fields in opposite order.
func (p *FetchResponsePartition) appendTags(dst []byte) []byte {
	count := len(dst)
	dst = append(dst, 0)
	if p.DivergingEpoch.Epoch != kafka.NoLeaderEpoch {
		dst[count]++
		dst = append(dst, 0, epochEndOffsetBytes)
		dst = appendInt32(dst, int32(p.DivergingEpoch.Epoch))
		dst = appendInt64(dst, int64(p.DivergingEpoch.EndOffset))
		dst = append(dst, 0)
	}
	if p.CurrentLeader.LeaderID != kafka.NoBroker {
		dst[count]++
		dst = p.CurrentLeader.appendTo(dst, 1)
	}
	if p.SnapshotID.Epoch != kafka.NoLeaderEpoch {
		dst[count]++
		dst = append(dst, 2, epochEndOffsetBytes)
		dst = appendInt64(dst, int64(p.SnapshotID.EndOffset))
		dst = appendInt32(dst, int32(p.SnapshotID.Epoch))
		dst = append(dst, 0)
	}
	return dst
}
