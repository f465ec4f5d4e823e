package broker

import (
	"odradek/core/task"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// DescribeGroups (key 15) tells the state and the members of classic groups. A group that is
// not there is Dead before version 6, and GROUP_ID_NOT_FOUND from then on (KIP-1043).
//
// Versions: 3 authorized operations (KIP-430); 4 instance ids (KIP-345); 6 error message.
func (s *Shard) describeGroups(t *task.Task, q *request, body *kmsg.DescribeGroupsRequest,
) kmsg.Response {
	response := kmsg.NewPtrDescribeGroupsResponse()
	response.Groups = make([]kmsg.DescribeGroupsResponseGroup, len(body.Groups))
	s.askCoordinators(t, q, body.Groups, func(places []int) kmsg.Request {
		part := *body
		part.Groups = at(body.Groups, places)
		return &part
	}, func(answer kmsg.Response, places []int) {
		for i, place := range places {
			response.Groups[place] = answer.(*kmsg.DescribeGroupsResponse).Groups[i]
		}
	})
	return response
}
