package campaign

import (
	"fmt"

	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/jepsen/check"
	"odradek/sim/chance"
	"odradek/sim/client"

	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	// endingTopicsMax is how many topics that are made and deleted there may be
	// at a time.
	endingTopicsMax = 4
	// partitionsMax is how many partitions a topic grows to.
	partitionsMax = 8
	// adminTimeoutMillis is how long the broker itself may take to answer.
	adminTimeoutMillis = 1000
)

// admin is the one client that changes metadata. Since it does one thing after
// another, the ledger follows from its answers.
type admin struct {
	*actor
	names int
}

func newAdmin(a *actor) role { return &admin{actor: a} }

func (d *admin) finish(*task.Task) {}

// setup makes the first topics; it goes on until they are there.
func (d *admin) setup(t *task.Task) {
	for _, shape := range d.run.shape.topics {
		var made *topic
		for made == nil || made.id.IsZero() {
			if made == nil {
				made = d.run.ledger.ask(shape.name, shape.partitions, check.Event(d.run.record.stamp()))
				made.retention, made.compacted = shape.retention, shape.compacted
				for _, entry := range shape.settings {
					s := made.setting(entry.Name)
					s.value, s.since = entry.Value, check.Never
				}
			}
			d.count++
			op := chance.New(uint64(d.count), "setup")
			d.create(t, &op, made)
			if made.id.IsZero() {
				d.describeTopics(t, &op)
			}
		}
	}
	d.run.ready = true
}

// step does one thing.
func (d *admin) step(t *task.Task, op *chance.Stream) {
	switch kind := op.Below(32); {
	case kind < 3:
		d.createTopic(t, op)
	case kind < 5:
		d.deleteTopic(t, op)
	case kind < 7:
		d.createPartitions(t, op)
	case kind < 11:
		d.alterConfigs(t, op)
	case kind < 15:
		d.deleteRecords(t, op)
	case kind < 20:
		d.describeTopics(t, op)
	case kind < 24:
		d.describeConfigs(t, op)
	default:
		d.ask(t, op)
	}
}

// createTopic makes a topic that will end, maybe under a name that was used
// before.
func (d *admin) createTopic(t *task.Task, op *chance.Stream) {
	living := 0
	for _, other := range d.run.ledger.topics {
		if other.mayEnd && other.ended == check.Never && !other.refused {
			living++
		}
	}
	if living >= endingTopicsMax {
		return
	}
	name := fmt.Sprintf("brief-%d", op.Below(uint64(d.names)+1))
	if old := d.run.ledger.named(name); old != nil && old.ended == check.Never {
		d.names++
		name = fmt.Sprintf("brief-%d", d.names)
	}
	made := d.run.ledger.ask(name, 1+int32(op.Below(3)), check.Event(d.run.record.stamp()))
	made.mayEnd = true
	for _, entry := range drawSegments(op) {
		made.setting(entry.Name).value = entry.Value
		made.setting(entry.Name).since = check.Never
	}
	d.create(t, op, made)
}

// create asks for a topic and enters the answer.
func (d *admin) create(t *task.Task, op *chance.Stream, made *topic) {
	request := kmsg.NewPtrCreateTopicsRequest()
	request.SetVersion(7)
	request.TimeoutMillis = adminTimeoutMillis
	one := kmsg.NewCreateTopicsRequestTopic()
	one.Topic, one.NumPartitions, one.ReplicationFactor = made.name, made.partitions, 1
	for _, s := range made.settings {
		config := kmsg.NewCreateTopicsRequestTopicConfig()
		config.Name, config.Value = s.name, kmsg.StringPtr(s.value)
		one.Configs = append(one.Configs, config)
	}
	request.Topics = append(request.Topics, one)
	call, response := d.call(t, request)
	answer, ok := response.(*kmsg.CreateTopicsResponse)
	if !ok || len(answer.Topics) != 1 {
		return
	}
	switch code := kafka.ErrorCode(answer.Topics[0].ErrorCode); {
	case code == kafka.None:
		d.created(made, answer.Topics[0].TopicID, check.Event(call.Returned))
	case code == kafka.ErrTopicAlreadyExists && !made.mayEnd:
		// An earlier attempt, of the setup, had its effect.
	case refusesChange(code):
		d.complainOfLoss("topic %s is refused with %v", made.name, code)
	}
}

func (d *admin) created(made *topic, id kafka.TopicID, now check.Event) {
	if wrong := d.run.ledger.exists(made, id, now); wrong != "" {
		d.complainOfLoss("%s", wrong)
	}
	for _, s := range made.settings {
		s.since = min(s.since, now)
	}
	made.partitionsSince, made.settled = now, now
}

// ending draws a topic that may be deleted, or nil.
func (d *admin) ending(op *chance.Stream) *topic {
	var list []*topic
	for _, other := range d.run.ledger.topics {
		if other.mayEnd && other.ended == check.Never && !other.id.IsZero() {
			list = append(list, other)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list[op.Below(uint64(len(list)))]
}

// deleteTopic deletes a topic, by its id.
func (d *admin) deleteTopic(t *task.Task, op *chance.Stream) {
	doomed := d.ending(op)
	if doomed == nil {
		return
	}
	request := kmsg.NewPtrDeleteTopicsRequest()
	request.SetVersion(6)
	request.TimeoutMillis = adminTimeoutMillis
	one := kmsg.NewDeleteTopicsRequestTopic()
	one.TopicID = doomed.id
	request.Topics = append(request.Topics, one)
	doubted := doomed.ending != check.Never
	doomed.ending = min(doomed.ending, check.Event(d.run.record.stamp()))
	call, response := d.call(t, request)
	answer, ok := response.(*kmsg.DeleteTopicsResponse)
	if !ok || len(answer.Topics) != 1 {
		return
	}
	switch code := kafka.ErrorCode(answer.Topics[0].ErrorCode); {
	case code == kafka.None, code == kafka.ErrUnknownTopicID && doubted:
		doomed.ended = check.Event(call.Returned)
	case refusesChange(code):
		d.complainOfLoss("the deletion of topic %s is refused with %v", doomed.name, code)
	}
}

// createPartitions gives a topic more partitions.
func (d *admin) createPartitions(t *task.Task, op *chance.Stream) {
	target, _ := d.drawTarget(op)
	if target == nil || target.partitionsMax >= partitionsMax || target.mayEnd {
		return
	}
	wanted := target.partitionsMax + 1
	request := kmsg.NewPtrCreatePartitionsRequest()
	request.SetVersion(between(op, 0, 3))
	request.TimeoutMillis = adminTimeoutMillis
	one := kmsg.NewCreatePartitionsRequestTopic()
	one.Topic, one.Count = target.name, wanted
	request.Topics = append(request.Topics, one)
	target.partitionsMax = wanted
	call, response := d.call(t, request)
	answer, ok := response.(*kmsg.CreatePartitionsResponse)
	if !ok || len(answer.Topics) != 1 {
		return
	}
	switch code := kafka.ErrorCode(answer.Topics[0].ErrorCode); {
	case code == kafka.None:
		target.partitions, target.partitionsSince = wanted, check.Event(call.Returned)
	case refusesChange(code):
		d.complainOfLoss("%d partitions of %s are refused with %v", wanted, target.name, code)
	}
}

// deleteRecords moves the start of a partition.
func (d *admin) deleteRecords(t *task.Task, op *chance.Stream) {
	target, partition := d.drawTarget(op)
	if target == nil || target.mayEnd {
		return
	}
	before := kafka.NoOffset
	if !op.OneIn(4) {
		k := &cursor{topic: target, partition: partition}
		end := d.listOne(t, k, kafka.LatestTimestamp, 1)
		if end == nil {
			return
		}
		before = kafka.Offset(op.Below(uint64(end.Offset) + 1))
	}
	request := kmsg.NewPtrDeleteRecordsRequest()
	request.SetVersion(between(op, 0, 2))
	request.TimeoutMillis = adminTimeoutMillis
	group := kmsg.NewDeleteRecordsRequestTopic()
	group.Topic = target.name
	one := kmsg.NewDeleteRecordsRequestTopicPartition()
	one.Partition, one.Offset = partition, int64(before)
	group.Partitions = append(group.Partitions, one)
	request.Topics = append(request.Topics, group)
	called := d.run.record.stamp()
	call, response := d.call(t, request)
	o := d.run.record.operation(d.process, called)
	h := d.run.record.of(target)
	answer, ok := response.(*kmsg.DeleteRecordsResponse)
	start := kafka.NoOffset
	if ok && len(answer.Topics) == 1 && len(answer.Topics[0].Partitions) == 1 {
		part := &answer.Topics[0].Partitions[0]
		start = kafka.Offset(part.LowWatermark)
		o.Outcome, o.Return = d.deleteOutcome(target, kafka.ErrorCode(part.ErrorCode), call)
	}
	h.Deletes = append(h.Deletes, check.DeleteRecords{Operation: o,
		Partition: target.partition(partition), Before: before, LogStart: start})
}

func (d *admin) deleteOutcome(target *topic, code kafka.ErrorCode,
	call *client.Call) (check.Outcome, check.Event) {
	switch {
	case code == kafka.None:
		return check.OK, check.Event(call.Returned)
	case code == kafka.ErrPolicyViolation && target.compacted && !target.retention:
		return check.Failed, check.Event(call.Returned) // only compaction removes something there
	case code == kafka.ErrOffsetOutOfRange:
		// Legal: the end may have been told by nobody but a broker that was killed.
		return check.Failed, check.Event(call.Returned)
	case refusesChange(code):
		d.complainOfLoss("DeleteRecords of %s is refused with %v", target.name, code)
	}
	return check.Unknown, check.Never
}
