package member

import (
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/jepsen/check/groups"
	"odradek/sim/chance"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// classic is the state of a member of the classic protocol.
type classic struct {
	// protocol is what the last JoinGroup chose.
	protocol string
	// leader: it divides the partitions, by the counts that it divided then.
	leader bool
	// latest: it speaks the latest version of JoinGroup, which alone tells a static member
	// that comes back as the leader that it is (KIP-814).
	latest bool
	counts []PartitionCount
	beats  int
}

// Protocols of assignment that a member offers, and the type of group.
const (
	protocolType        = "consumer"
	protocolRange       = "range"
	protocolRoundRobin  = "roundrobin"
	protocolCooperative = "cooperative-sticky"
)

// leaderLooks is how often, in heartbeats, a leader looks for new partitions.
const leaderLooks = 8

// join gives up what must be, and takes part in a rebalance.
func (m *Member) join(t *task.Task, op *chance.Stream) {
	if m.Protocol == Eager && len(m.claims) > 0 {
		m.CommitAll(t, op)
		m.lose()
	}
	if m.dead || !m.connect(t, op) {
		return
	}
	low := int16(0)
	switch {
	case m.classic.latest:
		low = 9
	case m.Instance != "":
		low = 5
	}
	request := kmsg.NewPtrJoinGroupRequest()
	request.SetVersion(between(op, low, 9))
	request.Group, request.MemberID, request.InstanceID = string(m.Group), string(m.id), m.instance()
	request.SessionTimeoutMillis = int32(m.Session.Milliseconds())
	request.RebalanceTimeoutMillis = int32(m.Rebalance.Milliseconds())
	request.ProtocolType = protocolType
	for _, name := range m.offers(op) {
		one := kmsg.NewJoinGroupRequestProtocol()
		one.Name, one.Metadata = name, m.subscription()
		request.Protocols = append(request.Protocols, one)
	}
	index, response := m.ask(t, op, groups.Joins, m.epoch, request)
	answer, ok := response.(*kmsg.JoinGroupResponse)
	if !ok {
		return
	}
	code := kafka.ErrorCode(answer.ErrorCode)
	id := m.id
	if code == kafka.None || code == kafka.ErrMemberIDRequired {
		id = groups.MemberID(answer.MemberID)
	}
	m.answered(index, id, code, groups.Epoch(answer.Generation))
	switch {
	case code == kafka.None:
		m.id = id
		m.sync(t, op, answer)
	case code == kafka.ErrMemberIDRequired && m.id == "":
		m.id = id
	case code == kafka.ErrGroupMaxSizeReached:
		t.Sleep(retryPause)
	case !m.refused(t, code):
		m.Complain("JoinGroup v%d is answered with %v", request.Version, code)
	}
}

// Refresh has a member of the classic protocol join once more. A static member may leave
// behind what nobody mends: back under its instance id over an older version of JoinGroup, a
// leader does not know that it is the leader, and looks for no new partitions; and back after
// it had given up a partition, without a word, it leaves the partition to nobody.
func (m *Member) Refresh() {
	m.classic.latest = true
	if m.Protocol != Consumer && m.epoch > 0 {
		m.joining = true
	}
}

// offers are the names of the assignors that a member offers, the dearest first.
func (m *Member) offers(op *chance.Stream) []string {
	switch {
	case m.Protocol == Cooperative:
		return []string{protocolCooperative}
	case op.OneIn(2):
		return []string{protocolRange, protocolRoundRobin}
	}
	return []string{protocolRoundRobin, protocolRange}
}

// subscription is what a member tells the leader.
func (m *Member) subscription() []byte {
	metadata := kmsg.NewConsumerMemberMetadata()
	metadata.Version = 3
	metadata.Generation = int32(m.epoch)
	for _, topic := range m.subscribed {
		metadata.Topics = append(metadata.Topics, topic.Name)
		owned := kmsg.NewConsumerMemberMetadataOwnedPartition()
		owned.Topic = topic.Name
		for _, c := range m.claims {
			if c.Topic == topic {
				owned.Partitions = append(owned.Partitions, int32(c.Partition))
			}
		}
		if len(owned.Partitions) > 0 {
			metadata.OwnedPartitions = append(metadata.OwnedPartitions, owned)
		}
	}
	return metadata.AppendTo(nil)
}

// sync ends the rebalance that a member has joined.
func (m *Member) sync(t *task.Task, op *chance.Stream, joined *kmsg.JoinGroupResponse) {
	low := int16(0)
	if m.Instance != "" {
		low = 3
	}
	request := kmsg.NewPtrSyncGroupRequest()
	request.SetVersion(between(op, low, 5))
	request.Group, request.MemberID = string(m.Group), joined.MemberID
	request.InstanceID, request.Generation = m.instance(), joined.Generation
	m.classic.protocol = ""
	if joined.Protocol != nil {
		m.classic.protocol = *joined.Protocol
	}
	request.ProtocolType, request.Protocol = kmsg.StringPtr(protocolType), &m.classic.protocol
	m.classic.leader = joined.LeaderID == joined.MemberID
	if m.classic.leader && !joined.SkipAssignment {
		m.classic.counts = m.CountPartitions(t, op)
		request.GroupAssignment = m.divide(joined)
	}
	m.setEpoch(groups.Epoch(joined.Generation))
	index, response := m.ask(t, op, groups.Syncs, m.epoch, request)
	answer, ok := response.(*kmsg.SyncGroupResponse)
	if !ok {
		m.lose() // the others may have been given what it has
		return
	}
	code := kafka.ErrorCode(answer.ErrorCode)
	m.answered(index, m.id, code, m.epoch)
	if code == kafka.None {
		m.joining = false
		m.next = t.Now().Plus(m.Heartbeat)
		m.adopt(t, op, answer.MemberAssignment)
		return
	}
	m.lose()
	// A group that has changed its kind since takes the member's first protocol for chosen.
	changed := code == kafka.ErrInconsistentGroupProtocol && m.Migrates
	if !changed && !m.refused(t, code) {
		m.Complain("SyncGroup v%d is answered with %v", request.Version, code)
	}
}

// adopt takes up what a member was given in a new generation.
func (m *Member) adopt(t *task.Task, op *chance.Stream, assignment []byte) {
	given, err := parseAssignment(assignment)
	if err != nil {
		m.Complain("SyncGroup gives an assignment that cannot be read: %v", err)
		return
	}
	wanted := map[kafka.TopicPartition]bool{}
	var fresh []*Claim
	for _, one := range given {
		topic, known := m.topicNamed(one.topic)
		if !known {
			m.Complain("SyncGroup gives a partition of %s, to which nobody subscribes", one.topic)
			return
		}
		p := kafka.TopicPartition{Topic: topic.ID, Partition: one.partition}
		wanted[p] = true
		if m.claimed(p) == nil {
			fresh = append(fresh, &Claim{Topic: topic, Partition: one.partition})
		}
	}
	var leaving []*Claim
	for _, c := range m.claims {
		m.end(c)
		if wanted[c.partition()] {
			m.begin(c)
		} else {
			leaving = append(leaving, c)
		}
	}
	if len(leaving) > 0 {
		m.commit(t, op, leaving)
		if m.dead || m.epoch == 0 {
			return // it was told that it has nothing at all any more
		}
		for _, c := range leaving {
			m.forget(c)
		}
		m.joining = true // so that the others may have them
	}
	for _, c := range fresh {
		m.claim(c.Topic, c.Partition)
	}
}

// forget takes a claim whose tenure is over off the list.
func (m *Member) forget(c *Claim) {
	end := m.Record.Tenures[c.tenure].End
	m.give(c)
	m.Record.Tenures[c.tenure].End = end
}

// beat sends a heartbeat.
func (m *Member) beat(t *task.Task, op *chance.Stream) {
	m.next = t.Now().Plus(m.Heartbeat)
	m.classic.beats++
	if m.classic.leader && m.classic.beats%leaderLooks == 0 {
		if counts := m.CountPartitions(t, op); len(counts) > 0 && !sameCounts(counts, m.classic.counts) {
			m.joining = true
			return
		}
	}
	low := int16(0)
	if m.Instance != "" {
		low = 3
	}
	request := kmsg.NewPtrHeartbeatRequest()
	request.SetVersion(between(op, low, 4))
	request.Group, request.MemberID, request.InstanceID = string(m.Group), string(m.id), m.instance()
	request.Generation = int32(m.epoch)
	index, response := m.ask(t, op, groups.Beats, m.epoch, request)
	answer, ok := response.(*kmsg.HeartbeatResponse)
	if !ok {
		return
	}
	code := kafka.ErrorCode(answer.ErrorCode)
	m.answered(index, m.id, code, m.epoch)
	if code != kafka.None && !m.refused(t, code) {
		m.Complain("Heartbeat v%d is answered with %v", request.Version, code)
	}
}

// leaveClassic leaves the group. A static member of a real client would not: that is
// Drop.
func (m *Member) leaveClassic(t *task.Task, op *chance.Stream) {
	low := int16(0)
	if m.Instance != "" {
		low = 3
	}
	request := kmsg.NewPtrLeaveGroupRequest()
	request.SetVersion(between(op, low, 5))
	request.Group, request.MemberID = string(m.Group), string(m.id)
	one := kmsg.NewLeaveGroupRequestMember()
	one.MemberID, one.InstanceID = string(m.id), m.instance()
	request.Members = append(request.Members, one)
	index, response := m.ask(t, op, groups.Leaves, m.epoch, request)
	answer, ok := response.(*kmsg.LeaveGroupResponse)
	if !ok {
		return
	}
	code := kafka.ErrorCode(answer.ErrorCode)
	if code == kafka.None && request.Version >= 3 {
		if len(answer.Members) != 1 {
			m.Complain("LeaveGroup of one member is answered for %d", len(answer.Members))
			return
		}
		code = kafka.ErrorCode(answer.Members[0].ErrorCode)
	}
	m.answered(index, m.id, code, m.epoch)
	if code != kafka.None && !m.refused(t, code) {
		m.Complain("LeaveGroup v%d is answered with %v", request.Version, code)
	}
}
