package broker

import (
	"odradek/core/task"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// DeleteGroups (key 42) removes groups that have no members, with their offsets. A group
// that is named twice is deleted, and answered, once.
//
// Versions: 3 error message (KIP-1331).
func (s *Shard) deleteGroups(t *task.Task, q *request, body *kmsg.DeleteGroupsRequest,
) kmsg.Response {
	var names []string
	named := map[string]bool{}
	for _, name := range body.Groups {
		if !named[name] {
			named[name] = true
			names = append(names, name)
		}
	}
	response := kmsg.NewPtrDeleteGroupsResponse()
	response.Groups = make([]kmsg.DeleteGroupsResponseGroup, len(names))
	s.askCoordinators(t, q, names, func(places []int) kmsg.Request {
		part := *body
		part.Groups = at(names, places)
		return &part
	}, func(answer kmsg.Response, places []int) {
		for i, place := range places {
			response.Groups[place] = answer.(*kmsg.DeleteGroupsResponse).Groups[i]
		}
	})
	return response
}
