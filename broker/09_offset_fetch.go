package broker

import (
	"odradek/core/task"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// OffsetFetch (key 9) tells how far groups have read. What it tells is durable.
//
// Versions: 2 null asks for all topics; 3 throttling; 5 leader epochs (KIP-320); 7 may ask
// for stable offsets only (KIP-447); 8 several groups (KIP-709); 9 member and epoch
// (KIP-848); 10 topic ids.
func (s *Shard) offsetFetch(t *task.Task, q *request, body *kmsg.OffsetFetchRequest) kmsg.Response {
	if body.Version < 8 {
		return s.askCoordinator(t, q, body.Group)
	}
	names := make([]string, len(body.Groups))
	for i := range body.Groups {
		names[i] = body.Groups[i].Group
	}
	response := kmsg.NewPtrOffsetFetchResponse()
	response.Groups = make([]kmsg.OffsetFetchResponseGroup, len(body.Groups))
	s.askCoordinators(t, q, names, func(places []int) kmsg.Request {
		part := *body
		part.Groups = at(body.Groups, places)
		return &part
	}, func(answer kmsg.Response, places []int) {
		for i, place := range places {
			response.Groups[place] = answer.(*kmsg.OffsetFetchResponse).Groups[i]
		}
	})
	return response
}
