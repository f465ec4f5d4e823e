package group

import (
	"odradek/core/kafka"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// consumerGroupDescribe decides on a ConsumerGroupDescribe (KIP-848). A group of another
// kind is not found: tools then ask by DescribeGroups.
func (c *Coordinator) consumerGroupDescribe(s *Step, q *kmsg.ConsumerGroupDescribeRequest) {
	answer := kmsg.NewPtrConsumerGroupDescribeResponse()
	answer.Version = q.Version
	for _, id := range q.Groups {
		group := kmsg.NewConsumerGroupDescribeResponseGroup()
		group.Group = id
		g, ok := c.consumer(id)
		switch {
		case id == "":
			group.ErrorCode = int16(kafka.ErrInvalidGroupID)
		case !ok:
			group.ErrorCode = int16(kafka.ErrGroupIDNotFound)
			message := c.notConsumer(id, kafka.LeaveEpoch)
			group.ErrorMessage = &message
		default:
			group = g.Describe(s.consumer(id))
			if q.IncludeAuthorizedOperations {
				group.AuthorizedOperations = groupOperations
			}
		}
		answer.Groups = append(answer.Groups, group)
	}
	s.answer(answer)
}
