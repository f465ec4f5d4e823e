package broker

import (
	"odradek/core/kafka"
	"odradek/core/task"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// ListGroups (key 16) lists the groups of this broker. If some are still being loaded, the
// list has the others and COORDINATOR_LOAD_IN_PROGRESS.
//
// Versions: 4 by state (KIP-518); 5 by type (KIP-848).
func (s *Shard) listGroups(t *task.Task, q *request, body *kmsg.ListGroupsRequest) kmsg.Response {
	from := q.client()
	answers := make([]*kmsg.ListGroupsResponse, s.world.Shards.Count())
	s.onEach(t, s.everywhere(), "ListGroups at the coordinators", func(t *task.Task, owner *Shard) {
		all := kmsg.NewPtrListGroupsResponse()
		for _, c := range owner.coordinatorsInOrder() {
			response, err := c.call(t, from, body)
			if err != nil {
				if code := errorCode(err); code != kafka.ErrNotCoordinator {
					all.ErrorCode = int16(code)
				}
				continue
			}
			one := response.(*kmsg.ListGroupsResponse)
			if one.ErrorCode != int16(kafka.None) {
				all.ErrorCode = one.ErrorCode
			}
			all.Groups = append(all.Groups, one.Groups...)
		}
		answers[owner.index()] = all
	})
	response := kmsg.NewPtrListGroupsResponse()
	for _, one := range answers {
		if one.ErrorCode != int16(kafka.None) {
			response.ErrorCode = one.ErrorCode
		}
		response.Groups = append(response.Groups, one.Groups...)
	}
	return response
}
