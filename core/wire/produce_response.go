package wire

import (
	"odradek/core/assert"
	"odradek/core/kafka"
)

// ProduceResponse answers a ProduceRequest. One value is reused: Reset, then
// AddTopic and AddPartition in the order of the request, then fill Partitions
// in any order, then AppendFrame.
//
//	topics: array of
//	    name: text (v3-12) or topic_id: uuid (v13+)
//	    partitions: array of
//	        index: int32   error: int16   base_offset: int64
//	        log_append_time: int64
//	        log_start_offset: int64                               v5+
//	        record_errors: array of index: int32, message [tags]  v8+
//	        error_message: nullable text                          v8+
//	        [tags: 0 current_leader, v10+]
//	    [tags]
//	throttle_ms: int32
//	[tags: 0 node_endpoints, v10+]           compact and tagged from v9
type ProduceResponse struct {
	Topics []ProduceResponseTopic
	// Partitions holds the partitions of all topics, one after the other.
	Partitions     []ProduceResponsePartition
	ThrottleMillis int32
	// NodeEndpoints are those of the leaders named in the partitions.
	NodeEndpoints []NodeEndpoint
}

// ProduceResponseTopic is one topic of a ProduceResponse.
type ProduceResponseTopic struct {
	Name    []byte
	TopicID kafka.TopicID
	// Partitions is how many of the response's partitions are the topic's.
	Partitions int
}

// ProduceResponsePartition is what became of one batch.
type ProduceResponsePartition struct {
	Partition kafka.Partition
	Error     kafka.ErrorCode
	// BaseOffset is the first record's offset, kafka.NoOffset after an error.
	BaseOffset kafka.Offset
	// LogAppendTime is kafka.NoTimestamp unless the topic has log append time.
	LogAppendTime  kafka.Timestamp
	LogStartOffset kafka.Offset
	// RecordErrors name the records at fault (KIP-467).
	RecordErrors []RecordError
	// ErrorMessage explains Error; empty for none.
	ErrorMessage  string
	CurrentLeader CurrentLeader
}

// RecordError says what is wrong with one record of a refused batch.
type RecordError struct {
	// Index counts the batch's records from 0.
	Index int32
	// Message explains the fault; empty for none.
	Message string
}

// Reset forgets the response: it keeps no frame alive, and no memory beyond what
// is worth keeping.
func (r *ProduceResponse) Reset() {
	r.Topics, r.Partitions = recycle(r.Topics), recycle(r.Partitions)
	r.NodeEndpoints = recycle(r.NodeEndpoints)
	r.ThrottleMillis = 0
}

// AddTopic appends a topic; the partitions added next are its own. name must
// stay valid until the response is encoded.
func (r *ProduceResponse) AddTopic(name []byte, id kafka.TopicID) {
	r.Topics = append(r.Topics, ProduceResponseTopic{})
	topic := &r.Topics[len(r.Topics)-1]
	topic.Name, topic.TopicID = name, id
}

// AddPartition appends a partition to the last topic, with every optional field
// unset and no error. The pointer is valid until the next call.
func (r *ProduceResponse) AddPartition(partition kafka.Partition) *ProduceResponsePartition {
	assert.That(len(r.Topics) > 0, "a partition belongs to a topic")
	r.Topics[len(r.Topics)-1].Partitions++
	r.Partitions = append(r.Partitions, ProduceResponsePartition{})
	p := &r.Partitions[len(r.Partitions)-1]
	p.Partition = partition
	p.Fail(kafka.None)
	return p
}

// Fail makes the answer that of a partition where nothing was appended.
func (p *ProduceResponsePartition) Fail(code kafka.ErrorCode) {
	p.Error = code
	p.BaseOffset, p.LogAppendTime = kafka.NoOffset, kafka.NoTimestamp
	p.LogStartOffset = kafka.NoOffset
	p.RecordErrors, p.ErrorMessage = nil, ""
	p.CurrentLeader = noLeader()
}

// AppendFrame appends a whole frame: length, header and the response.
func (r *ProduceResponse) AppendFrame(dst []byte, version int16, correlationID int32) []byte {
	start := len(dst)
	dst = AppendResponseHeader(BeginFrame(dst), KeyProduce, version, correlationID)
	dst = r.Append(dst, version)
	EndFrame(dst, start, 0)
	return dst
}

// Append appends the response's body in a version from 3 to 13.
func (r *ProduceResponse) Append(dst []byte, version int16) []byte {
	assert.That(lookup(KeyProduce).Serves(version), "a response has its request's version")
	flexible := version >= 9
	partitions := r.Partitions
	dst = appendLength(dst, flexible, len(r.Topics))
	for i := range r.Topics {
		topic := &r.Topics[i]
		dst = appendTopic(dst, version >= 13, flexible, topic.Name, topic.TopicID)
		dst = appendLength(dst, flexible, topic.Partitions)
		for j := range partitions[:topic.Partitions] {
			dst = partitions[j].appendTo(dst, version, flexible)
		}
		partitions = partitions[topic.Partitions:]
		if flexible {
			dst = append(dst, 0)
		}
	}
	assert.That(len(partitions) == 0, "every partition belongs to a topic")
	dst = appendInt32(dst, r.ThrottleMillis)
	if flexible {
		dst = appendEndpointTags(dst, version >= 10, r.NodeEndpoints)
	}
	return dst
}

func (p *ProduceResponsePartition) appendTo(dst []byte, version int16, flexible bool) []byte {
	dst = appendInt32(dst, int32(p.Partition))
	dst = appendInt16(dst, int16(p.Error))
	dst = appendInt64(dst, int64(p.BaseOffset))
	dst = appendInt64(dst, int64(p.LogAppendTime))
	if version >= 5 {
		dst = appendInt64(dst, int64(p.LogStartOffset))
	}
	if version >= 8 {
		dst = appendLength(dst, flexible, len(p.RecordErrors))
		for i := range p.RecordErrors {
			dst = appendInt32(dst, p.RecordErrors[i].Index)
			dst = appendTextOrNull(dst, flexible, p.RecordErrors[i].Message)
			if flexible {
				dst = append(dst, 0)
			}
		}
		dst = appendTextOrNull(dst, flexible, p.ErrorMessage)
	}
	switch {
	case version >= 10 && p.CurrentLeader.LeaderID != kafka.NoBroker:
		dst = append(dst, 1)
		dst = p.CurrentLeader.appendTo(dst, 0)
	case flexible:
		dst = append(dst, 0)
	}
	return dst
}
