package offset

import (
	"odradek/core/group/decision"
	"odradek/core/group/record"
	"odradek/core/kafka"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Committer is who commits, as the request says.
type Committer struct {
	MemberID        string
	GroupInstanceID *string
	// GenerationOrEpoch is the generation of a classic group or the member epoch of a
	// group of KIP-848; -1: not a member.
	GenerationOrEpoch int32
	// Transactional is set for a TxnOffsetCommit.
	Transactional bool
	// Version is the request's.
	Version int16
}

// CommitterOf is who sends an OffsetCommit.
func CommitterOf(q *kmsg.OffsetCommitRequest) Committer {
	return Committer{MemberID: q.MemberID, GroupInstanceID: q.InstanceID,
		GenerationOrEpoch: q.Generation, Version: q.Version}
}

// Commit is an OffsetCommit whose topics were looked up.
type Commit struct {
	group string
	// retentionMillis is how long the offsets shall be kept, by the wish of the client
	// (versions 2 to 4), or -1.
	retentionMillis int64
	// Topics can be committed to.
	Topics []CommitTopic
	// answered are the topics and partitions that there are not, with their errors. What
	// becomes of the others is added; at is where a topic stands.
	answered []kmsg.OffsetCommitResponseTopic
	at       map[topicKey]int
	version  int16
}

// topicKey is what topics are told apart by: the name, or since version 10 the id.
type topicKey struct {
	name string
	id   kafka.TopicID
}

// CommitTopic is a topic that there is, with partitions that there are.
type CommitTopic struct {
	Name       string
	ID         kafka.TopicID
	Partitions []kmsg.OffsetCommitRequestTopicPartition
}

// NewCommit looks up the topics of an OffsetCommit: by name, or since version 10 by id.
// A topic that there is not is answered with an error, and is not the group's business.
func NewCommit(topics Topics, q *kmsg.OffsetCommitRequest) *Commit {
	c := &Commit{group: q.Group, retentionMillis: q.RetentionTimeMillis, version: q.Version,
		at: map[topicKey]int{}}
	for i := range q.Topics {
		t := &q.Topics[i]
		name, id, known := t.Topic, kafka.TopicID(t.TopicID), false
		unknown := kafka.ErrUnknownTopicOrPartition
		if q.Version >= 10 {
			name, known = topics.TopicName(id)
			unknown = kafka.ErrUnknownTopicID
		} else {
			id, known = topics.TopicID(name)
		}
		count := int32(0)
		if known {
			count = topics.PartitionCount(id)
			unknown = kafka.ErrUnknownTopicOrPartition
		}
		c.sort(t, CommitTopic{Name: name, ID: id}, count, unknown)
	}
	return c
}

// sort puts the partitions of a topic to those that there are or to the refused.
func (c *Commit) sort(t *kmsg.OffsetCommitRequestTopic, topic CommitTopic, count int32,
	unknown kafka.ErrorCode) {
	var refused []kmsg.OffsetCommitResponseTopicPartition
	for _, p := range t.Partitions {
		if p.Partition >= 0 && p.Partition < count {
			topic.Partitions = append(topic.Partitions, p)
			continue
		}
		refused = append(refused, committed(p.Partition, unknown))
	}
	if len(topic.Partitions) > 0 {
		c.Topics = append(c.Topics, topic)
	}
	if len(refused) > 0 || count == 0 {
		c.add(topic, refused)
	}
}

// Refuse answers the commit with an error for all that the group was asked for.
func (c *Commit) Refuse(code kafka.ErrorCode) *kmsg.OffsetCommitResponse {
	return c.answer(func(*kmsg.OffsetCommitRequestTopicPartition) kafka.ErrorCode { return code })
}

// Write decides on the commit: what is to be written, and the answer. Either this or
// Refuse is called, once.
func (c *Commit) Write(settings Settings, wall kafka.Timestamp,
	d *decision.Decision) *kmsg.OffsetCommitResponse {
	expires := kafka.NoTimestamp
	if c.retentionMillis != -1 {
		expires = wall + kafka.Timestamp(c.retentionMillis)
	}
	for i := range c.Topics {
		t := &c.Topics[i]
		for j := range t.Partitions {
			p := &t.Partitions[j]
			if tooLong(p.Metadata, settings) {
				continue
			}
			value := &record.OffsetCommitValue{
				Offset: kafka.Offset(p.Offset), LeaderEpoch: kafka.LeaderEpoch(p.LeaderEpoch),
				CommitTimestamp: wall, ExpireTimestamp: expires, TopicID: t.ID,
			}
			if p.Metadata != nil {
				value.Metadata = *p.Metadata
			}
			d.Write(&record.OffsetCommit{Group: c.group, Topic: t.Name,
				Partition: kafka.Partition(p.Partition), Value: value})
		}
	}
	return c.answer(func(p *kmsg.OffsetCommitRequestTopicPartition) kafka.ErrorCode {
		if tooLong(p.Metadata, settings) {
			return kafka.ErrOffsetMetadataTooLarge
		}
		return kafka.None
	})
}

// answer puts together what was refused and what code says of the rest. Kafka's order is
// that of the refused topics, then of the others; a topic that is named twice is answered
// once if anything was refused, and else twice.
func (c *Commit) answer(
	code func(*kmsg.OffsetCommitRequestTopicPartition) kafka.ErrorCode) *kmsg.OffsetCommitResponse {
	apart := len(c.answered) == 0
	for i := range c.Topics {
		t := &c.Topics[i]
		var partitions []kmsg.OffsetCommitResponseTopicPartition
		for j := range t.Partitions {
			p := &t.Partitions[j]
			partitions = append(partitions, committed(p.Partition, code(p)))
		}
		if apart {
			clear(c.at)
		}
		c.add(*t, partitions)
	}
	answer := kmsg.NewPtrOffsetCommitResponse()
	answer.Version, answer.Topics = c.version, c.answered
	return answer
}

func committed(partition int32, code kafka.ErrorCode) kmsg.OffsetCommitResponseTopicPartition {
	answer := kmsg.NewOffsetCommitResponseTopicPartition()
	answer.Partition, answer.ErrorCode = partition, int16(code)
	return answer
}

// add adds partitions to the answer.
func (c *Commit) add(topic CommitTopic, partitions []kmsg.OffsetCommitResponseTopicPartition) {
	key := topicKey{name: topic.Name}
	if c.version >= 10 {
		key = topicKey{id: topic.ID}
	}
	i, ok := c.at[key]
	if !ok {
		i = len(c.answered)
		c.at[key] = i
		answer := kmsg.NewOffsetCommitResponseTopic()
		answer.Topic, answer.TopicID = topic.Name, topic.ID
		c.answered = append(c.answered, answer)
	}
	c.answered[i].Partitions = append(c.answered[i].Partitions, partitions...)
}

// tooLong reports whether metadata is over the limit. Java counts characters of 16 bits;
// a string of so many bytes has no more of them. What a record cannot hold is too long
// whatever the setting says.
func tooLong(metadata *string, settings Settings) bool {
	limit := int(settings.OffsetMetadataMaxBytes)
	if metadata == nil || len(*metadata) <= min(limit, record.StringBytesMax) {
		return false
	}
	if len(*metadata) > record.StringBytesMax {
		return true
	}
	length := 0
	for _, r := range *metadata {
		if length++; r > 0xffff {
			length++
		}
	}
	return length > limit
}
