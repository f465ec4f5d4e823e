package consumer

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/core/group/decision"
	"odradek/core/kafka"
)

// Leave makes members leave by a LeaveGroup: classic ones, or any whom an administrator
// names. It returns a code for each. Errors: UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID.
func (g *Group) Leave(c *Call, leaving []kmsg.LeaveGroupRequestMember) ([]kafka.ErrorCode,
	decision.Decision, *Downgrade) {
	codes := make([]kafka.ErrorCode, len(leaving))
	var gone []*member
	for i, who := range leaving {
		m, f := g.find(who.MemberID)
		if who.InstanceID != nil {
			m = g.staticMember(*who.InstanceID)
			id := who.MemberID
			// An administrator names the instance alone.
			if id == "" && m != nil {
				id = m.id
			}
			f = m.checkInstance(id, *who.InstanceID)
		}
		if f != nil {
			codes[i] = f.code
			continue
		}
		gone = append(gone, m)
	}
	if len(gone) == 0 {
		return codes, decision.Decision{}, nil
	}
	d, downgrade := g.fence(c, distinct(gone))
	return codes, d, downgrade
}
