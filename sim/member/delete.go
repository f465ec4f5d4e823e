package member

import (
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/jepsen/check"
	"odradek/jepsen/check/groups"
	"odradek/sim/chance"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// DeleteOffset has the group's offset of a partition deleted, as an admin does. A group
// that reads the topic keeps it.
func (m *Member) DeleteOffset(t *task.Task, op *chance.Stream, p kafka.TopicPartition) {
	if !m.connect(t, op) {
		return
	}
	request := kmsg.NewPtrOffsetDeleteRequest()
	request.Group = string(m.Group)
	topic, _ := m.topicWith(p.Topic)
	group := kmsg.NewOffsetDeleteRequestTopic()
	group.Topic = topic.Name
	one := kmsg.NewOffsetDeleteRequestTopicPartition()
	one.Partition = int32(p.Partition)
	group.Partitions = append(group.Partitions, one)
	request.Topics = append(request.Topics, group)
	entered := m.deletes([]kafka.TopicPartition{p})
	call, response := m.send(t, request, 0)
	answer, ok := response.(*kmsg.OffsetDeleteResponse)
	if !ok {
		return
	}
	code := kafka.ErrorCode(answer.ErrorCode)
	if code == kafka.None && len(answer.Topics) == 1 && len(answer.Topics[0].Partitions) == 1 {
		code = kafka.ErrorCode(answer.Topics[0].Partitions[0].ErrorCode)
	}
	m.deleted(t, entered, code, call.Returned)
}

// DeleteGroup has the group deleted, with all its offsets, as an admin does. A group that
// has members stays.
func (m *Member) DeleteGroup(t *task.Task, op *chance.Stream, all []kafka.TopicPartition) {
	if !m.connect(t, op) {
		return
	}
	request := kmsg.NewPtrDeleteGroupsRequest()
	request.SetVersion(between(op, 0, 2))
	request.Groups = []string{string(m.Group)}
	m.Record.Rules.Vanishes = true // its epoch begins anew
	entered := m.deletes(all)
	call, response := m.send(t, request, 0)
	answer, ok := response.(*kmsg.DeleteGroupsResponse)
	if !ok || len(answer.Groups) != 1 {
		return
	}
	m.deleted(t, entered, kafka.ErrorCode(answer.Groups[0].ErrorCode), call.Returned)
}

// deletes writes down, before it is sent, what is to be deleted: it may have its effect
// from now on.
func (m *Member) deletes(all []kafka.TopicPartition) (indices []int) {
	for _, p := range all {
		indices = append(indices, len(m.Record.Deletes))
		m.Record.Deletes = append(m.Record.Deletes, groups.Delete{Group: m.Group, Partition: p,
			Operation: m.Record.Operation(m.Process, int64(m.Record.Event()))})
	}
	return indices
}

// deleted enters the answer.
func (m *Member) deleted(t *task.Task, indices []int, code kafka.ErrorCode, returned int64) {
	if doubtful(code) {
		return
	}
	for _, index := range indices {
		d := &m.Record.Deletes[index]
		d.Return, d.Outcome = check.Event(returned), check.OK
		if code != kafka.None {
			d.Outcome = check.Failed
		}
	}
	switch code {
	case kafka.None, kafka.ErrGroupSubscribedToTopic, kafka.ErrNonEmptyGroup, kafka.ErrGroupIDNotFound,
		kafka.ErrUnknownTopicOrPartition:
		m.Trace.Event("deletes", string(m.Group), int64(len(indices)), int64(code))
	case kafka.ErrCoordinatorLoadInProgress:
		t.Sleep(retryPause)
	default:
		m.Complain("a deletion is answered with %v", code)
	}
}
