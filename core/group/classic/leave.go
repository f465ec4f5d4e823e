package classic

import (
	"odradek/core/kafka"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Leave handles the members of a LeaveGroup and returns one code for each. A member is
// named by its id, or, by an administrator who removes a static member, by its instance
// id alone.
func (g *Group) Leave(s *Step, members []kmsg.LeaveGroupRequestMember) []kafka.ErrorCode {
	codes := make([]kafka.ErrorCode, len(members))
	left := false
	for i := range members {
		codes[i] = g.leave(s, &members[i])
		left = left || codes[i] == kafka.None
	}
	if !left {
		return codes
	}
	s.Decision.Volatile = true
	switch g.state {
	case Stable, CompletingRebalance:
		g.rebalance(s)
	case PreparingRebalance:
		g.maybeCompleteJoin(s)
	}
	return codes
}

func (g *Group) leave(s *Step, q *kmsg.LeaveGroupRequestMember) kafka.ErrorCode {
	if q.MemberID == "" {
		if q.InstanceID == nil || g.static[*q.InstanceID] == "" {
			return kafka.ErrUnknownMemberID
		}
		g.remove(s, g.static[*q.InstanceID])
		return kafka.None
	}
	if !g.pending.Has(q.MemberID) {
		if code := g.validate(q.MemberID, q.InstanceID); code != kafka.None {
			return code
		}
	}
	g.remove(s, q.MemberID)
	return kafka.None
}
