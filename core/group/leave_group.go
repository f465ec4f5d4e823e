package group

import (
	"odradek/core/kafka"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// leaveGroup decides on a LeaveGroup. Since version 3 it names several members, each of
// which gets a code of its own, also when the group is not there; before, the one
// member's code is the answer's.
func (c *Coordinator) leaveGroup(s *Step, q *kmsg.LeaveGroupRequest) {
	members := q.Members
	if q.Version < 3 {
		member := kmsg.NewLeaveGroupRequestMember()
		member.MemberID = q.MemberID
		members = []kmsg.LeaveGroupRequestMember{member}
	}
	codes := make([]kafka.ErrorCode, len(members))
	if g, ok := c.consumer(q.Group); ok {
		left, d, down := g.Leave(s.consumer(q.Group), members)
		codes = left
		s.Decision.Add(d)
		c.settle(s, g, down)
	} else if g := c.classic(q.Group); g != nil {
		codes = g.Leave(s.classic(), members)
	} else {
		for i := range codes {
			codes[i] = kafka.ErrUnknownMemberID
		}
	}
	answer := kmsg.NewPtrLeaveGroupResponse()
	answer.Version = q.Version
	if q.Version < 3 {
		answer.ErrorCode = int16(codes[0])
	}
	for i := range members {
		member := kmsg.NewLeaveGroupResponseMember()
		member.MemberID, member.InstanceID = members[i].MemberID, members[i].InstanceID
		member.ErrorCode = int16(codes[i])
		answer.Members = append(answer.Members, member)
	}
	s.answer(answer)
}
