package member

import (
	"fmt"

	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/jepsen/check"
	"odradek/jepsen/check/groups"
	"odradek/sim/chance"
	"odradek/sim/client"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Versions of OffsetCommit and OffsetFetch.
const (
	commitMin       = 2
	commitInstances = 7
	commitEpochs    = 9
	commitIDs       = 10
	fetchMin        = 1
	fetchGroups     = 8
	fetchIDs        = 10
)

// CommitAll commits where the member is in every claim that it has begun to read.
func (m *Member) CommitAll(t *task.Task, op *chance.Stream) {
	m.commit(t, op, m.claims)
}

// CommitTwice commits all claims over one connection, does not wait, and commits them
// again over another: the first commit may arrive last.
func (m *Member) CommitTwice(t *task.Task, op *chance.Stream) {
	if m.dead || m.epoch == 0 || !m.connect(t, op) {
		return
	}
	if first := m.sendCommit(op, m.epoch, m.positions(m.claims)); first != nil {
		old := m.conn
		m.conn = nil
		m.CommitAll(t, op)
		response, err := first.call.Await(t, t.Now().Plus(m.Patience(false)))
		old.Close()
		if err == nil {
			m.settle(t, first, response)
		}
	}
}

// CommitPast commits a partition that was the member's own once.
func (m *Member) CommitPast(t *task.Task, op *chance.Stream) {
	if len(m.past) == 0 {
		return
	}
	one := m.past[op.Below(uint64(len(m.past)))]
	if m.claimed(one.partition()) != nil {
		return
	}
	m.commit(t, op, []*Claim{&one})
}

// CommitStale commits at the epoch before the present one, as a thread does that had begun
// before a rebalance. What it is told is of no concern to the member.
func (m *Member) CommitStale(t *task.Task, op *chance.Stream) {
	positions := m.positions(m.claims)
	if m.dead || m.before == 0 || len(positions) == 0 || !m.connect(t, op) {
		return
	}
	c := m.sendCommit(op, m.before, positions)
	response, err := c.call.Await(t, t.Now().Plus(m.Patience(m.sound)))
	if err != nil {
		m.hangUp()
		return
	}
	m.committed(c, response.(*kmsg.OffsetCommitResponse))
}

// commit commits where the member is in some claims, and waits.
func (m *Member) commit(t *task.Task, op *chance.Stream, claims []*Claim) {
	positions := m.positions(claims)
	if len(positions) == 0 || m.dead || m.epoch == 0 || !m.connect(t, op) {
		return
	}
	c := m.sendCommit(op, m.epoch, positions)
	response, err := c.call.Await(t, t.Now().Plus(m.Patience(m.sound)))
	if err == task.ErrDeadline && m.sound {
		m.Complain("a healed broker does not answer OffsetCommit")
	}
	if err != nil {
		m.hangUp()
		return
	}
	m.settle(t, c, response)
}

// positions are the claims that have one.
func (m *Member) positions(claims []*Claim) []*Claim {
	var all []*Claim
	for _, c := range claims {
		if c.Started {
			all = append(all, c)
		}
	}
	return all
}

// committing is an OffsetCommit under way.
type committing struct {
	call    *client.Call
	claims  []*Claim
	indices []int // of the record's Commits
}

// sendCommit sends a commit and writes it down: from now on it may take effect.
func (m *Member) sendCommit(op *chance.Stream, epoch groups.Epoch,
	positions []*Claim) *committing {
	if len(positions) == 0 {
		return nil
	}
	low := int16(commitMin)
	if m.Instance != "" {
		low = commitInstances
	}
	if m.Protocol == Consumer {
		low = commitEpochs
	}
	request := kmsg.NewPtrOffsetCommitRequest()
	request.SetVersion(between(op, low, commitIDs))
	request.Group, request.MemberID, request.InstanceID = string(m.Group), string(m.id), m.instance()
	request.Generation = int32(epoch)
	c := &committing{claims: positions}
	for _, claim := range positions {
		m.Record.marks++
		mark := fmt.Sprint(m.Process, "-", m.Record.marks)
		addCommit(request, claim, mark)
		c.indices = append(c.indices, len(m.Record.Commits))
		m.Record.Commits = append(m.Record.Commits, groups.Commit{Group: m.Group, Member: m.id,
			Instance: m.Instance, Consumer: m.Protocol == Consumer, Epoch: epoch,
			Partition: claim.partition(), Value: groups.Value{Offset: claim.Offset, Metadata: mark}})
	}
	c.call = m.conn.Send(request, true)
	for _, index := range c.indices {
		m.Record.Commits[index].Operation = m.Record.Operation(m.Process, c.call.Called)
	}
	return c
}

func addCommit(request *kmsg.OffsetCommitRequest, claim *Claim, mark string) {
	one := kmsg.NewOffsetCommitRequestTopicPartition()
	one.Partition, one.Offset = int32(claim.Partition), int64(claim.Offset)
	one.Metadata = &mark
	for i := range request.Topics {
		if request.Topics[i].TopicID == claim.Topic.ID {
			request.Topics[i].Partitions = append(request.Topics[i].Partitions, one)
			return
		}
	}
	topic := kmsg.NewOffsetCommitRequestTopic()
	topic.Topic, topic.TopicID = claim.Topic.Name, claim.Topic.ID
	topic.Partitions = append(topic.Partitions, one)
	request.Topics = append(request.Topics, topic)
}

// settle takes in the answer to a commit, and does what it asks for.
func (m *Member) settle(t *task.Task, c *committing, response kmsg.Response) {
	answer := response.(*kmsg.OffsetCommitResponse)
	switch worst := m.committed(c, answer); worst {
	case kafka.None:
	case kafka.ErrStaleMemberEpoch:
		m.next = 0 // a heartbeat tells the present one
	case kafka.ErrUnknownTopicOrPartition, kafka.ErrUnknownTopicID:
		// A partition may be so new that its coordinator has not heard of it.
	default:
		if !m.refused(t, worst) {
			m.Complain("OffsetCommit v%d is answered with %v", answer.Version, worst)
		}
	}
}

// committed writes the answer to a commit down, and returns an error in it, if there is one.
func (m *Member) committed(c *committing, answer *kmsg.OffsetCommitResponse) kafka.ErrorCode {
	worst := kafka.None
	for i, claim := range c.claims {
		code, found := committedCode(answer, claim)
		if !found {
			m.Complain("the answer to OffsetCommit leaves out partition %d of %s", claim.Partition,
				claim.Topic.Name)
			return kafka.None
		}
		one := &m.Record.Commits[c.indices[i]]
		one.Code = code
		switch {
		case code == kafka.None:
			one.Outcome, one.Return = check.OK, check.Event(c.call.Returned)
			m.Trace.Event("committed", claim.Topic.Name, int64(claim.Partition), int64(one.Value.Offset))
		case !doubtful(code):
			one.Outcome, one.Return = check.Failed, check.Event(c.call.Returned)
		}
		if code != kafka.None {
			worst = code
		}
	}
	if worst != kafka.None {
		m.Trace.Event("commit is refused", worst.String(), int64(m.epoch), 0)
	}
	return worst
}

// committedCode finds a partition's part of an answer.
func committedCode(answer *kmsg.OffsetCommitResponse, claim *Claim) (kafka.ErrorCode, bool) {
	for i := range answer.Topics {
		topic := &answer.Topics[i]
		if answer.Version >= commitIDs && kafka.TopicID(topic.TopicID) != claim.Topic.ID ||
			answer.Version < commitIDs && topic.Topic != claim.Topic.Name {
			continue
		}
		for _, one := range topic.Partitions {
			if one.Partition == int32(claim.Partition) {
				return kafka.ErrorCode(one.ErrorCode), true
			}
		}
	}
	return 0, false
}

// Begin finds where to read the claims that have not started.
func (m *Member) Begin(t *task.Task, op *chance.Stream) {
	var waiting []*Claim
	var wanted []kafka.TopicPartition
	for _, c := range m.claims {
		if !c.Started {
			waiting, wanted = append(waiting, c), append(wanted, c.partition())
		}
	}
	if len(waiting) == 0 || m.dead {
		return
	}
	values, _ := m.Committed(t, op, wanted)
	for i, c := range waiting {
		if values == nil || m.claimed(c.partition()) != c {
			return
		}
		c.Started, c.Offset = true, max(0, values[i].Offset)
		o := m.Record.Operation(m.Process, 0)
		m.Record.Starts = append(m.Record.Starts, groups.Start{ID: o.ID, Group: m.Group, Member: m.id,
			Partition: c.partition(), At: m.Record.Event(), Offset: c.Offset})
	}
}

// Committed asks for committed offsets, and writes down what it is told. Values are nil
// if the coordinator did not say; code tells why, or is None if it did not answer at all.
func (m *Member) Committed(t *task.Task, op *chance.Stream,
	wanted []kafka.TopicPartition) (values []groups.Value, code kafka.ErrorCode) {
	if !m.connect(t, op) {
		return nil, kafka.None
	}
	request := m.offsetFetch(op, wanted)
	call, response := m.send(t, request, 0)
	answer, ok := response.(*kmsg.OffsetFetchResponse)
	if !ok {
		return nil, kafka.None
	}
	for _, p := range wanted {
		value, code, found := m.committedValue(answer, p)
		if !found {
			m.Complain("the answer to OffsetFetch v%d leaves out a partition", request.Version)
			return nil, kafka.None
		}
		switch code {
		case kafka.None:
			values = append(values, value)
			continue
		case kafka.ErrStaleMemberEpoch:
			m.next = 0
		default:
			if !m.refused(t, code) {
				m.Complain("OffsetFetch v%d is answered with %v", request.Version, code)
			}
		}
		return nil, code
	}
	for i, p := range wanted {
		o := m.Record.Operation(m.Process, call.Called)
		o.Return, o.Outcome = check.Event(call.Returned), check.OK
		m.Record.Reads = append(m.Record.Reads, groups.Read{Operation: o, Group: m.Group,
			Partition: p, Value: values[i]})
	}
	return values, kafka.None
}

// offsetFetch makes a request for some partitions.
func (m *Member) offsetFetch(op *chance.Stream,
	wanted []kafka.TopicPartition) *kmsg.OffsetFetchRequest {
	request := kmsg.NewPtrOffsetFetchRequest()
	request.SetVersion(between(op, fetchMin, fetchIDs))
	request.RequireStable = op.OneIn(2)
	request.Group = string(m.Group)
	group := kmsg.NewOffsetFetchRequestGroup()
	group.Group, group.MemberEpoch = string(m.Group), -1
	if m.Protocol == Consumer && m.epoch > 0 && op.OneIn(2) {
		group.MemberID, group.MemberEpoch = kmsg.StringPtr(string(m.id)), int32(m.epoch)
	}
	for _, topic := range m.All {
		var partitions []int32
		for _, p := range wanted {
			if p.Topic == topic.ID {
				partitions = append(partitions, int32(p.Partition))
			}
		}
		if len(partitions) == 0 {
			continue
		}
		old := kmsg.NewOffsetFetchRequestTopic()
		old.Topic, old.Partitions = topic.Name, partitions
		request.Topics = append(request.Topics, old)
		one := kmsg.NewOffsetFetchRequestGroupTopic()
		one.Topic, one.TopicID, one.Partitions = topic.Name, topic.ID, partitions
		group.Topics = append(group.Topics, one)
	}
	request.Groups = append(request.Groups, group)
	return request
}

// committedValue finds a partition's part of an answer.
func (m *Member) committedValue(answer *kmsg.OffsetFetchResponse,
	p kafka.TopicPartition) (groups.Value, kafka.ErrorCode, bool) {
	topic, _ := m.topicWith(p.Topic)
	value := func(offset int64, metadata *string) groups.Value {
		v := groups.Value{Offset: kafka.Offset(offset)}
		if metadata != nil {
			v.Metadata = *metadata
		}
		return v
	}
	if answer.Version < fetchGroups {
		if answer.ErrorCode != 0 {
			return groups.Value{}, kafka.ErrorCode(answer.ErrorCode), true
		}
		for i := range answer.Topics {
			for _, one := range answer.Topics[i].Partitions {
				if answer.Topics[i].Topic == topic.Name && one.Partition == int32(p.Partition) {
					return value(one.Offset, one.Metadata), kafka.ErrorCode(one.ErrorCode), true
				}
			}
		}
		return groups.Value{}, 0, false
	}
	if len(answer.Groups) != 1 {
		return groups.Value{}, 0, false
	}
	group := &answer.Groups[0]
	if group.ErrorCode != 0 {
		return groups.Value{}, kafka.ErrorCode(group.ErrorCode), true
	}
	for i := range group.Topics {
		named := answer.Version < fetchIDs && group.Topics[i].Topic == topic.Name ||
			answer.Version >= fetchIDs && kafka.TopicID(group.Topics[i].TopicID) == topic.ID
		for _, one := range group.Topics[i].Partitions {
			if named && one.Partition == int32(p.Partition) {
				return value(one.Offset, one.Metadata), kafka.ErrorCode(one.ErrorCode), true
			}
		}
	}
	return groups.Value{}, 0, false
}
