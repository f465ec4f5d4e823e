package broker

import (
	"encoding/binary"

	"odradek/controller"
	"odradek/controller/image"
	"odradek/core/kafka"
	"odradek/core/task"
)

// routes find the shard of a partition on the hot path: by topic name for older
// clients, by topic id for newer ones. Each shard has its own.
type routes struct {
	byName map[string]*topicRoute
	byID   map[kafka.TopicID]*topicRoute
}

// topicRoute is a topic as one shard sees it.
type topicRoute struct {
	name      string
	nameBytes []byte
	id        kafka.TopicID
	// internal topics are the broker's own: clients read them and do not write.
	internal bool
	// partitions holds partition p at index p.
	partitions []partitionRoute
	// replaced is set when the topic was deleted or got another route.
	replaced bool
}

// partitionRoute says which shard owns a partition; host is set on that shard
// only.
type partitionRoute struct {
	shard int
	host  *partition
}

// findName finds a topic by name, or returns nil. Most connections name the
// topic they named before: known remembers it for one of them.
func (r *routes) findName(known **topicRoute, name []byte) *topicRoute {
	if k := *known; k != nil && !k.replaced && k.name == string(name) {
		return k
	}
	route := r.byName[string(name)]
	*known = route
	return route
}

// findID is findName by topic id.
func (r *routes) findID(known **topicRoute, id kafka.TopicID) *topicRoute {
	if k := *known; k != nil && !k.replaced && k.id == id {
		return k
	}
	route := r.byID[id]
	*known = route
	return route
}

func (r *topicRoute) partition(p kafka.Partition) *partitionRoute {
	if p < 0 || int(p) >= len(r.partitions) {
		return nil
	}
	return &r.partitions[p]
}

// ownerOf spreads partitions over shards: those of one topic one after the
// other, different topics from different beginnings.
func ownerOf(id kafka.TopicPartition, shards int) int {
	begin := binary.BigEndian.Uint32(id.Topic[12:])
	return int((uint64(begin) + uint64(id.Partition)) % uint64(shards))
}

// setRoute gives a topic its route, from the image and the shard's own hosts.
func (s *Shard) setRoute(topic *image.Topic) {
	r := &topicRoute{name: topic.Name, nameBytes: []byte(topic.Name), id: topic.ID,
		internal:   controller.IsInternal(topic.Name),
		partitions: make([]partitionRoute, topic.PartitionCount())}
	for i := range r.partitions {
		id := kafka.TopicPartition{Topic: topic.ID, Partition: kafka.Partition(i)}
		r.partitions[i] = partitionRoute{shard: ownerOf(id, s.world.Shards.Count()), host: s.hosts[id]}
	}
	s.routes.retire(s.routes.byName[topic.Name])
	s.routes.retire(s.routes.byID[topic.ID])
	s.routes.byName[topic.Name] = r
	s.routes.byID[topic.ID] = r
}

// retire has those who remember a route, if there is one, look again. What it
// leads to is not kept alive by connections that are silent.
func (r *routes) retire(route *topicRoute) {
	if route != nil {
		route.replaced, route.partitions = true, nil
	}
}

func (s *Shard) dropRoute(topic *image.Topic) {
	s.routes.retire(s.routes.byID[topic.ID])
	if r := s.routes.byName[topic.Name]; r != nil && r.id == topic.ID {
		delete(s.routes.byName, topic.Name)
	}
	delete(s.routes.byID, topic.ID)
}

// atPartitions runs fn for each of the ids on the shard that owns it, all shards
// at the same time, and waits for them. The index says which id it is: fn may
// write to places of its own by it and to nothing else that is shared. The host
// is nil when the partition is not (or no longer) there.
func (s *Shard) atPartitions(t *task.Task, name string, ids []kafka.TopicPartition,
	fn func(t *task.Task, host *partition, index int)) {
	count := s.world.Shards.Count()
	concerned := make([]bool, count)
	for _, id := range ids {
		concerned[ownerOf(id, count)] = true
	}
	var shards []int
	for shard, is := range concerned {
		if is {
			shards = append(shards, shard)
		}
	}
	s.onEach(t, shards, name, func(t *task.Task, owner *Shard) {
		for i, id := range ids {
			if ownerOf(id, count) != owner.index() {
				continue
			}
			host := owner.hosts[id]
			if host != nil && host.retired {
				host = nil
			}
			fn(t, host, i)
		}
	})
}
