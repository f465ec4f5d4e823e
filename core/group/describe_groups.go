package group

import (
	"odradek/core/group/classic"
	"odradek/core/kafka"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// groupOperations is what may be done to a group where nobody is forbidden anything:
// read, delete, describe, describe and alter its configs, as bits (KIP-430).
const groupOperations = 1<<3 | 1<<6 | 1<<8 | 1<<10 | 1<<11

// describeGroups decides on a DescribeGroups: groups of the classic protocol, and those
// that are not there as dead ones. Since version 6 that is an error (KIP-1043), by which
// a tool knows that it may be a group of another kind.
func (c *Coordinator) describeGroups(s *Step, q *kmsg.DescribeGroupsRequest) {
	answer := kmsg.NewPtrDescribeGroupsResponse()
	answer.Version = q.Version
	for _, id := range q.Groups {
		group := kmsg.NewDescribeGroupsResponseGroup()
		group.Group = id
		if g := c.classic(id); g != nil {
			g.Describe(&group)
		} else {
			group.State = classic.Dead.String()
			if q.Version >= 6 {
				group.ErrorCode = int16(kafka.ErrGroupIDNotFound)
				message := c.notClassic(id)
				group.ErrorMessage = &message
			}
		}
		if q.Version >= 3 && q.IncludeAuthorizedOperations && group.ErrorCode == 0 {
			group.AuthorizedOperations = groupOperations
		}
		answer.Groups = append(answer.Groups, group)
	}
	s.answer(answer)
}

// notClassic says, as Kafka does, why there is no such group.
func (c *Coordinator) notClassic(id string) string {
	if c.group(id) == nil {
		return "Group " + id + " not found."
	}
	return "Group " + id + " is not a classic group."
}
