package broker

import (
	"odradek/core/group"
	"odradek/core/kafka"
	"odradek/core/task"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// ConsumerGroupDescribe (key 69) tells the state, the epochs and the members of groups of
// the consumer protocol, with what each has and is to have (KIP-848).
//
// Versions: 1 says of each member which protocol it speaks (KIP-1099).
func (s *Shard) consumerGroupDescribe(t *task.Task, q *request,
	body *kmsg.ConsumerGroupDescribeRequest) kmsg.Response {
	if !s.node.Groups.ConsumerProtocol {
		return group.Refuse(body, kafka.ErrUnsupportedVersion)
	}
	response := kmsg.NewPtrConsumerGroupDescribeResponse()
	response.Groups = make([]kmsg.ConsumerGroupDescribeResponseGroup, len(body.Groups))
	s.askCoordinators(t, q, body.Groups, func(places []int) kmsg.Request {
		part := *body
		part.Groups = at(body.Groups, places)
		return &part
	}, func(answer kmsg.Response, places []int) {
		for i, place := range places {
			response.Groups[place] = answer.(*kmsg.ConsumerGroupDescribeResponse).Groups[i]
		}
	})
	return response
}
