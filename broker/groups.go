package broker

import (
	"slices"
	"strings"
	"unicode/utf16"

	"odradek/core/group"
	"odradek/core/group/decision"
	"odradek/core/kafka"
	"odradek/core/task"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// groupPartition is the partition of __consumer_offsets that keeps a group: Java's hash of
// the name, so that the topic can move to Kafka and back.
func groupPartition(name string, partitions int) kafka.Partition {
	hash := int32(0)
	for _, unit := range utf16.Encode([]rune(name)) {
		hash = 31*hash + int32(unit)
	}
	switch {
	case hash == -1<<31:
		hash = 0 // it has no absolute value
	case hash < 0:
		hash = -hash
	}
	return kafka.Partition(hash % int32(partitions))
}

// groupHome is where a group is kept.
type groupHome struct {
	partition kafka.Partition
	// shard owns the partition.
	shard int
}

// homeOfGroup finds where a group is kept. ok is false before anybody has asked for a
// coordinator.
func (s *Shard) homeOfGroup(name string) (home groupHome, ok bool) {
	route := s.routes.byName[kafka.ConsumerOffsetsTopic]
	if route == nil || len(route.partitions) == 0 {
		return groupHome{}, false
	}
	p := groupPartition(name, len(route.partitions))
	return groupHome{p, route.partitions[p].shard}, true
}

// client is how the coordinator knows who asks.
func (q *request) client() decision.Client {
	host := string(q.session.conn.Remote())
	if colon := strings.LastIndexByte(host, ':'); colon >= 0 {
		host = host[:colon]
	}
	return decision.Client{ID: string(q.header.ClientID), Host: "/" + strings.Trim(host, "[]")}
}

// askCoordinator has the coordinator of a group answer a request about that group. It may
// wait for other members of the group.
func (s *Shard) askCoordinator(t *task.Task, q *request, name string) (response kmsg.Response) {
	home, ok := s.homeOfGroup(name)
	if !ok {
		return group.Refuse(q.body, kafka.ErrNotCoordinator)
	}
	from := q.client()
	s.on(t, home.shard, kmsg.NameForKey(q.header.Key)+" at the coordinator",
		func(t *task.Task, owner *Shard) {
			response = owner.coordinate(t, home.partition, from, q.body)
		})
	return response
}

// coordinate answers on the shard that owns the offsets partition.
func (s *Shard) coordinate(t *task.Task, p kafka.Partition, from decision.Client, q kmsg.Request,
) kmsg.Response {
	c := s.coordinators[p]
	if c == nil {
		return group.Refuse(q, kafka.ErrNotCoordinator)
	}
	response, err := c.call(t, from, q)
	if err != nil {
		return group.Refuse(q, group.WriteError(q, errorCode(err)))
	}
	return response
}

// errorCode is the code in an error of a call to the coordinator. A wait that ended because
// the node stops has none.
func errorCode(err error) kafka.ErrorCode {
	if code, ok := err.(kafka.ErrorCode); ok {
		return code
	}
	return kafka.ErrNotCoordinator
}

// groupPart is the part of a request of several groups that concerns one partition.
type groupPart struct {
	home groupHome
	// places are where its groups stand in the request.
	places   []int
	request  kmsg.Request
	response kmsg.Response
}

// askCoordinators divides a request of several groups among their coordinators, which answer
// at the same time. part makes the request of those at some places; taken is given each
// answer with the places of its groups. Before there is a coordinator, every part is refused.
func (s *Shard) askCoordinators(t *task.Task, q *request, names []string,
	part func(places []int) kmsg.Request, taken func(response kmsg.Response, places []int)) {
	var parts []*groupPart
	var shards []int
	for place, name := range names {
		home, ok := s.homeOfGroup(name)
		if !ok {
			places := []int{place}
			taken(group.Refuse(part(places), kafka.ErrNotCoordinator), places)
			continue
		}
		i := slices.IndexFunc(parts, func(p *groupPart) bool { return p.home == home })
		if i < 0 {
			i = len(parts)
			parts = append(parts, &groupPart{home: home})
		}
		parts[i].places = append(parts[i].places, place)
		if !slices.Contains(shards, home.shard) {
			shards = append(shards, home.shard)
		}
	}
	for _, p := range parts {
		p.request = part(p.places)
	}
	from := q.client()
	s.onEach(t, shards, kmsg.NameForKey(q.header.Key)+" at the coordinators",
		func(t *task.Task, owner *Shard) {
			for _, p := range parts {
				if p.home.shard == owner.index() {
					p.response = owner.coordinate(t, p.home.partition, from, p.request)
				}
			}
		})
	for _, p := range parts {
		taken(p.response, p.places)
	}
}

// at picks the elements at some places.
func at[T any](all []T, places []int) []T {
	picked := make([]T, len(places))
	for i, place := range places {
		picked[i] = all[place]
	}
	return picked
}
