package campaign

import (
	"errors"

	"odradek/core/batch"
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/jepsen/check"
	"odradek/sim/chance"
	"odradek/sim/client"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Versions of Fetch, and of what consumers need beside it.
const (
	fetchMin      = 4
	fetchSessions = 7
	fetchWithID   = 13
	fetchMax      = 18
)

// consumer reads: it follows some partitions, seeks, and asks where they begin
// and end.
type consumer struct {
	*actor
	cursors []*cursor
	session session
}

// cursor is where a consumer reads a partition.
type cursor struct {
	topic     *topic
	partition int32
	offset    kafka.Offset
	// overtaken: records that were to be read are deleted.
	overtaken bool
	// told is the offset that the session was told last, if member.
	told   kafka.Offset
	member bool
}

func newConsumer(a *actor) role { return &consumer{actor: a} }

func (c *consumer) finish(*task.Task) {}

// step does one operation.
func (c *consumer) step(t *task.Task, op *chance.Stream) {
	if len(c.cursors) == 0 || len(c.cursors) < 8 && op.OneIn(10) {
		c.follow(op)
	}
	if len(c.cursors) == 0 {
		return
	}
	switch kind := op.Below(20); {
	case kind < 2:
		c.list(t, op, c.draw(op))
	case kind < 3:
		c.askEpoch(t, op, c.draw(op))
	case kind < 4:
		c.seek(op, c.draw(op))
	case kind < 10:
		c.fetch(t, op, c.some(op))
	default:
		c.fetchInSession(t, op)
	}
}

// follow takes one more partition on.
func (c *consumer) follow(op *chance.Stream) {
	target, partition := c.drawTarget(op)
	if target == nil {
		return
	}
	for _, k := range c.cursors {
		if k.topic == target && k.partition == partition {
			return
		}
	}
	c.cursors = append(c.cursors, &cursor{topic: target, partition: partition})
}

func (c *consumer) draw(op *chance.Stream) *cursor {
	return c.cursors[op.Below(uint64(len(c.cursors)))]
}

// some draws a few cursors, each once.
func (c *consumer) some(op *chance.Stream) []*cursor {
	from, count := op.Below(uint64(len(c.cursors))), 1+op.Below(uint64(len(c.cursors)))
	var list []*cursor
	for i := range count {
		list = append(list, c.cursors[(from+i)%uint64(len(c.cursors))])
	}
	return list
}

// seek moves a cursor somewhere.
func (c *consumer) seek(op *chance.Stream, k *cursor) {
	switch op.Below(3) {
	case 0:
		k.offset = 0
	case 1:
		k.offset = kafka.Offset(op.Below(uint64(k.offset) + 1))
	default:
		k.offset += kafka.Offset(op.Below(4))
	}
}

// drop leaves a partition whose topic has ended.
func (c *consumer) drop(k *cursor) {
	for i := range c.cursors {
		if c.cursors[i] == k {
			c.cursors = append(c.cursors[:i], c.cursors[i+1:]...)
			c.forgetSession()
			return
		}
	}
}

// fetch reads from some partitions without a session.
func (c *consumer) fetch(t *task.Task, op *chance.Stream, cursors []*cursor) {
	c.fetchWith(t, op, c.drawFetch(op, cursors), cursors)
}

// fetchWith reads from some partitions with a request that was drawn.
func (c *consumer) fetchWith(t *task.Task, op *chance.Stream, request *kmsg.FetchRequest,
	cursors []*cursor) {
	for _, k := range cursors {
		addFetch(request, k, partitionBytes(op))
	}
	call, response := c.call(t, request)
	answer, ok := response.(*kmsg.FetchResponse)
	if !ok {
		return
	}
	if answer.ErrorCode != 0 {
		c.complain("Fetch v%d without a session is answered with %v", request.Version,
			kafka.ErrorCode(answer.ErrorCode))
		return
	}
	for _, k := range cursors {
		part := fetchAnswer(answer, k)
		if part == nil {
			c.complain("the answer to Fetch leaves out %s-%d", k.topic.name, k.partition)
			return
		}
		c.take(t, call, k, part)
	}
}

// drawFetch draws everything of a fetch but its partitions.
func (c *consumer) drawFetch(op *chance.Stream, cursors []*cursor) *kmsg.FetchRequest {
	request := kmsg.NewPtrFetchRequest()
	low := int16(fetchMin)
	for _, k := range cursors {
		if k.topic.mayEnd {
			low = fetchWithID
		}
	}
	request.SetVersion(between(op, low, fetchMax))
	request.MaxWaitMillis = int32(op.Below(300))
	request.MinBytes = int32(op.Below(3)) * int32(op.Below(500))
	request.MaxBytes = 50 << 20
	if op.OneIn(3) {
		request.MaxBytes = int32(op.Below(5000))
	}
	request.IsolationLevel = int8(op.Below(2))
	request.SessionEpoch = -1
	return request
}

func partitionBytes(op *chance.Stream) int32 {
	if op.OneIn(3) {
		return int32(op.Below(3000))
	}
	return 1 << 20
}

func addFetch(request *kmsg.FetchRequest, k *cursor, bytesMax int32) {
	one := kmsg.NewFetchRequestTopicPartition()
	one.Partition, one.FetchOffset, one.PartitionMaxBytes = k.partition, int64(k.offset), bytesMax
	for i := range request.Topics {
		if request.Topics[i].TopicID == k.topic.id {
			request.Topics[i].Partitions = append(request.Topics[i].Partitions, one)
			return
		}
	}
	group := kmsg.NewFetchRequestTopic()
	group.Topic, group.TopicID = k.topic.name, k.topic.id
	group.Partitions = append(group.Partitions, one)
	request.Topics = append(request.Topics, group)
}

// fetchAnswer finds a partition's part of an answer, or nil.
func fetchAnswer(r *kmsg.FetchResponse, k *cursor) *kmsg.FetchResponseTopicPartition {
	for i := range r.Topics {
		group := &r.Topics[i]
		if r.Version >= fetchWithID && kafka.TopicID(group.TopicID) != k.topic.id ||
			r.Version < fetchWithID && group.Topic != k.topic.name {
			continue
		}
		for j := range group.Partitions {
			if group.Partitions[j].Partition == k.partition {
				return &group.Partitions[j]
			}
		}
	}
	return nil
}

// take takes in what a fetch gave of one partition.
func (c *consumer) take(t *task.Task, call *client.Call, k *cursor,
	part *kmsg.FetchResponseTopicPartition) {
	switch code := kafka.ErrorCode(part.ErrorCode); code {
	case kafka.None:
	case kafka.ErrOffsetOutOfRange:
		c.reset(t, k)
		return
	case kafka.ErrUnknownTopicID, kafka.ErrUnknownTopicOrPartition:
		if k.topic.ending == check.Never && k.partition < k.topic.partitions &&
			max(k.topic.settled, k.topic.partitionsSince) < check.Event(call.Called) {
			c.complainOfLoss("%s-%d: Fetch is answered with %v", k.topic.name, k.partition, code)
		}
		c.drop(k)
		return
	case kafka.ErrKafkaStorageError, kafka.ErrNotLeaderOrFollower:
		c.checkStorageError(k.topic, k.partition, call)
		return
	default:
		c.complain("%s-%d: Fetch is answered with %v", k.topic.name, k.partition, code)
		return
	}
	got, fine := c.read(k.topic, k.partition, part.RecordBatches)
	if !fine {
		return
	}
	f := check.Fetch{Operation: c.run.record.done(c.process, call),
		Partition: k.topic.partition(k.partition), Offset: k.offset, Records: records(got.Records),
		HighWatermark: kafka.Offset(part.HighWatermark), LogStart: kafka.Offset(part.LogStartOffset)}
	if call.Request.GetVersion() < 5 {
		f.LogStart = kafka.NoOffset
	}
	h := c.run.record.of(k.topic)
	h.Fetches = append(h.Fetches, f)
	k.offset = max(k.offset, got.Next(k.offset))
}

// read decodes records and looks at what the history has no place for.
func (a *actor) read(on *topic, partition int32, bytes []byte) (got client.Fetched, fine bool) {
	got, err := client.ReadAll(a.codecs, bytes)
	if err != nil {
		if !a.run.shape.rot || !errors.Is(err, batch.ErrCorrupt) {
			a.complain("%s-%d: what a fetch gave cannot be read: %v", on.name, partition, err)
		}
		return got, false
	}
	all := got.Records
	headers, tombstone := false, false
	for i := range all {
		r := &all[i]
		headers, tombstone = headers || len(r.Headers) > 0, tombstone || r.Value == nil
		if !r.LogAppendTime && r.Timestamp != r.Own {
			a.complain("%s-%d: the timestamp of offset %d was %d and is %d", on.name, partition,
				r.Offset, r.Own, r.Timestamp)
			return got, false
		}
	}
	if len(all) > 0 {
		a.world.Trace.Sometimes(headersRead, headers)
		a.world.Trace.Sometimes(tombstonesRead, tombstone)
	}
	a.sawCompaction(on, &got)
	return got, true
}

// checkStorageError sees whether a partition may be unreadable.
func (a *actor) checkStorageError(on *topic, partition int32, call *client.Call) {
	healthy := a.run.healthySince > 0 && check.Event(call.Called) > a.run.healthySince
	if healthy && !a.run.shape.rot && on.ending == check.Never {
		a.complain("%s-%d: %s says that a healed disk does not work", on.name, partition,
			kmsg.NameForKey(call.Request.Key()))
	}
}

// reset finds where a partition begins, or ends, after an offset was out of range.
func (c *consumer) reset(t *task.Task, k *cursor) {
	if k.topic.mayEnd {
		k.offset = 0 // ListOffsets cannot name it for sure
		return
	}
	if l := c.listOne(t, k, kafka.EarliestTimestamp, 1); l != nil {
		overtaken := k.offset < kafka.Offset(l.Offset)
		c.world.Trace.Sometimes(readerOvertaken, overtaken)
		if overtaken {
			k.offset, k.overtaken = kafka.Offset(l.Offset), true
			return
		}
	}
	if l := c.listOne(t, k, kafka.LatestTimestamp, 1); l != nil {
		k.offset = kafka.Offset(l.Offset)
	}
}

// list asks where a partition begins or ends, or for an offset by time.
func (c *consumer) list(t *task.Task, op *chance.Stream, k *cursor) {
	if k.topic.mayEnd {
		return
	}
	at := []kafka.Timestamp{kafka.LatestTimestamp, kafka.EarliestTimestamp, kafka.MaxTimestamp,
		c.world.Clock.Wall() - kafka.Timestamp(op.Below(2000))}[op.Below(4)]
	low := int16(1)
	if at == kafka.MaxTimestamp {
		low = 7
	}
	c.listOne(t, k, at, between(op, low, 11))
}

// listOne asks one question of ListOffsets and enters what it proves.
func (a *actor) listOne(t *task.Task, k *cursor, at kafka.Timestamp,
	version int16) *kmsg.ListOffsetsResponseTopicPartition {
	request := kmsg.NewPtrListOffsetsRequest()
	request.SetVersion(version)
	request.ReplicaID = -1
	group := kmsg.NewListOffsetsRequestTopic()
	group.Topic = k.topic.name
	one := kmsg.NewListOffsetsRequestTopicPartition()
	one.Partition, one.Timestamp = k.partition, int64(at)
	group.Partitions = append(group.Partitions, one)
	request.Topics = append(request.Topics, group)
	call, response := a.call(t, request)
	answer, ok := response.(*kmsg.ListOffsetsResponse)
	if !ok {
		return nil
	}
	if len(answer.Topics) != 1 || len(answer.Topics[0].Partitions) != 1 {
		a.complain("the answer to ListOffsets is about something else")
		return nil
	}
	part := &answer.Topics[0].Partitions[0]
	switch kafka.ErrorCode(part.ErrorCode) {
	case kafka.None:
	case kafka.ErrKafkaStorageError, kafka.ErrNotLeaderOrFollower:
		a.checkStorageError(k.topic, k.partition, call)
		return nil
	default:
		if k.topic.ending == check.Never && k.partition < k.topic.partitions {
			a.complainOfLoss("%s-%d: ListOffsets is answered with %v", k.topic.name, k.partition,
				kafka.ErrorCode(part.ErrorCode))
		}
		return nil
	}
	if at == kafka.LatestTimestamp || at == kafka.EarliestTimestamp {
		h := a.run.record.of(k.topic)
		h.Lists = append(h.Lists, check.ListOffsets{Operation: a.run.record.done(a.process, call),
			Partition: k.topic.partition(k.partition), Earliest: at == kafka.EarliestTimestamp,
			Offset: kafka.Offset(part.Offset)})
	}
	return part
}

// askEpoch asks where a leader epoch ends.
func (c *consumer) askEpoch(t *task.Task, op *chance.Stream, k *cursor) {
	request := kmsg.NewPtrOffsetForLeaderEpochRequest()
	request.SetVersion(between(op, 2, 4))
	request.ReplicaID = -1
	group := kmsg.NewOffsetForLeaderEpochRequestTopic()
	group.Topic = k.topic.name
	one := kmsg.NewOffsetForLeaderEpochRequestTopicPartition()
	one.Partition, one.CurrentLeaderEpoch, one.LeaderEpoch = k.partition, -1, int32(op.Below(5))
	group.Partitions = append(group.Partitions, one)
	request.Topics = append(request.Topics, group)
	c.call(t, request)
}
