package member

import (
	"fmt"
	"time"

	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/jepsen/check/groups"
	"odradek/sim/chance"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// consumer is the state of a member of the consumer protocol (KIP-848).
type consumer struct {
	// full: the next heartbeat says everything, as after one without an answer.
	full bool
	// unsure: an answer may have got lost that takes a partition away.
	unsure bool
	// target is what it was told to have and has not taken up yet; nil if there is none.
	target []kafka.TopicPartition
	told   bool
	// acknowledge: it has what it was told to have, and has to say so.
	acknowledge bool
}

// Epochs by which a member leaves: for good, and for now, if it is static.
const (
	leaves       = -1
	leavesForNow = -2
)

// slowToReconcile is how often, one poll in so many, a member is not done yet with giving
// up what it must.
const slowToReconcile = 3

// pollConsumer takes up what the member was told to, and sends a heartbeat that is due.
func (m *Member) pollConsumer(t *task.Task, op *chance.Stream, busy bool) {
	if m.consumer.told && !busy && !op.OneIn(slowToReconcile) {
		m.reconcile(t, op)
	}
	if m.dead || !m.joining && !m.consumer.acknowledge && t.Now() < m.next {
		return
	}
	m.beatConsumer(t, op)
}

// reconcile gives up what the member is no longer to have, with a commit before, and takes
// up what is new.
func (m *Member) reconcile(t *task.Task, op *chance.Stream) {
	wanted := map[kafka.TopicPartition]bool{}
	for _, p := range m.consumer.target {
		wanted[p] = true
	}
	var leaving []*Claim
	for _, c := range m.claims {
		if !wanted[c.partition()] {
			leaving = append(leaving, c)
		}
	}
	if len(leaving) > 0 {
		m.commit(t, op, leaving)
		if m.dead || m.epoch == 0 {
			return
		}
	}
	for _, c := range leaving {
		m.give(c)
	}
	for _, p := range m.consumer.target {
		if m.claimed(p) == nil {
			topic, _ := m.topicWith(p.Topic)
			m.claim(topic, p.Partition)
		}
	}
	m.consumer.told, m.consumer.acknowledge = false, true
}

// beatConsumer sends a ConsumerGroupHeartbeat: to join, or to go on.
func (m *Member) beatConsumer(t *task.Task, op *chance.Stream) {
	request := kmsg.NewPtrConsumerGroupHeartbeatRequest()
	request.SetVersion(between(op, 0, 1))
	if m.id == "" && (request.Version == 1 || op.OneIn(2)) {
		m.Record.ids++
		m.id = groups.MemberID(fmt.Sprintf("%s-%d", m.Name, m.Record.ids))
	}
	request.Group, request.MemberID, request.InstanceID = string(m.Group), string(m.id), m.instance()
	kind, full := groups.Beats, m.consumer.full || m.joining
	if m.joining {
		kind = groups.Joins
	} else {
		request.MemberEpoch = int32(m.epoch)
	}
	if full {
		request.RebalanceTimeoutMillis = int32(m.Rebalance.Milliseconds())
		request.SubscribedTopicNames = []string{}
		for _, topic := range m.subscribed {
			request.SubscribedTopicNames = append(request.SubscribedTopicNames, topic.Name)
		}
	}
	if full || m.consumer.acknowledge {
		request.Topics = m.owned()
	}
	m.next = t.Now().Plus(m.Heartbeat)
	index, response := m.ask(t, op, kind, groups.Epoch(request.MemberEpoch), request)
	answer, ok := response.(*kmsg.ConsumerGroupHeartbeatResponse)
	if !ok {
		m.consumer.full = true
		m.consumer.unsure = m.consumer.unsure || index >= 0
		return
	}
	m.heard(t, index, full, answer)
}

// owned are the partitions that a member has, as heartbeats say it.
func (m *Member) owned() []kmsg.ConsumerGroupHeartbeatRequestTopic {
	all := []kmsg.ConsumerGroupHeartbeatRequestTopic{}
	for _, topic := range m.All {
		one := kmsg.NewConsumerGroupHeartbeatRequestTopic()
		one.TopicID = topic.ID
		for _, c := range m.claims {
			if c.Topic == topic {
				one.Partitions = append(one.Partitions, int32(c.Partition))
			}
		}
		if len(one.Partitions) > 0 {
			all = append(all, one)
		}
	}
	return all
}

// heard takes in the answer to a heartbeat.
func (m *Member) heard(t *task.Task, index int, full bool,
	answer *kmsg.ConsumerGroupHeartbeatResponse) {
	code := kafka.ErrorCode(answer.ErrorCode)
	if code == kafka.None && answer.MemberID != nil && m.id == "" {
		m.id = groups.MemberID(*answer.MemberID)
	}
	m.answered(index, m.id, code, groups.Epoch(answer.MemberEpoch))
	switch code {
	case kafka.None:
	case kafka.ErrUnreleasedInstanceID, kafka.ErrGroupMaxSizeReached:
		t.Sleep(retryPause)
		return
	default:
		if doubtful(code) {
			m.consumer.unsure = true
		}
		if !m.refused(t, code) {
			m.Complain("ConsumerGroupHeartbeat is answered with %v", code)
		}
		return
	}
	m.joining = false
	m.setEpoch(groups.Epoch(answer.MemberEpoch))
	m.consumer.full, m.consumer.acknowledge = false, false
	if told := time.Duration(answer.HeartbeatIntervalMillis) * time.Millisecond; told > 0 {
		m.next = t.Now().Plus(min(told, m.Heartbeat))
	}
	if answer.Assignment != nil {
		m.consumer.target, m.consumer.told = m.assigned(answer.Assignment), true
		m.consumer.unsure = m.consumer.unsure && !full
	}
	m.Record.Asks[index].Owes = m.owes()
}

// owes reports whether the member may have something to give up.
func (m *Member) owes() bool {
	if m.consumer.unsure {
		return true
	}
	if !m.consumer.told {
		return false
	}
	wanted := map[kafka.TopicPartition]bool{}
	for _, p := range m.consumer.target {
		wanted[p] = true
	}
	for _, c := range m.claims {
		if !wanted[c.partition()] {
			return true
		}
	}
	return false
}

func (m *Member) assigned(a *kmsg.ConsumerGroupHeartbeatResponseAssignment) []kafka.TopicPartition {
	var all []kafka.TopicPartition
	for _, topic := range a.Topics {
		if _, known := m.topicWith(topic.TopicID); !known {
			m.Complain("ConsumerGroupHeartbeat gives a topic to which nobody subscribes")
			return nil
		}
		for _, partition := range topic.Partitions {
			all = append(all, kafka.TopicPartition{Topic: topic.TopicID,
				Partition: kafka.Partition(partition)})
		}
	}
	return all
}

// leaveConsumer leaves the group: a static member for now.
func (m *Member) leaveConsumer(t *task.Task, op *chance.Stream) {
	request := kmsg.NewPtrConsumerGroupHeartbeatRequest()
	request.SetVersion(between(op, 0, 1))
	request.Group, request.MemberID, request.InstanceID = string(m.Group), string(m.id), m.instance()
	request.MemberEpoch = leaves
	if m.Instance != "" && op.OneIn(2) {
		request.MemberEpoch = leavesForNow
	}
	index, response := m.ask(t, op, groups.Leaves, groups.Epoch(request.MemberEpoch), request)
	answer, ok := response.(*kmsg.ConsumerGroupHeartbeatResponse)
	if !ok {
		return
	}
	code := kafka.ErrorCode(answer.ErrorCode)
	m.answered(index, m.id, code, groups.Epoch(answer.MemberEpoch))
	if code != kafka.None && !m.refused(t, code) {
		m.Complain("leaving by ConsumerGroupHeartbeat is answered with %v", code)
	}
}
