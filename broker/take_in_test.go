package broker

import (
	"testing"

	"odradek/controller/config"
	"odradek/controller/image"
	"odradek/controller/metadata"
	"odradek/core/env"
	"odradek/core/kafka"
)

// limitedNetwork remembers how many connections it was told to take.
type limitedNetwork struct {
	env.Network
	limits env.ConnectionLimits
}

func (n *limitedNetwork) LimitConnections(limits env.ConnectionLimits) { n.limits = limits }

// firstShard is shard 0 of one.
type firstShard struct{ env.Shards }

func (firstShard) Self() int  { return 0 }
func (firstShard) Count() int { return 1 }

// What is set for all brokers while a node runs holds for it at once.
func TestChangedSettingsOfTheNodeAreTakenIn(t *testing.T) {
	static, _, err := config.Load(config.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	node, err := config.StaticLayers(static).Node()
	if err != nil {
		t.Fatal(err)
	}
	network := &limitedNetwork{}
	s := &Shard{node: &node, static: static, image: image.Empty(),
		world: &env.World{Network: network, Shards: firstShard{}}}
	delta := s.image.Begin()
	for _, setting := range []config.Entry{{Name: config.ProducerIDExpirationMs, Value: "4711"},
		{Name: config.MaxConnections, Value: "12"}, {Name: config.MaxConnectionsPerIP, Value: "3"}} {
		err = delta.Apply(&metadata.ConfigRecord{ResourceType: metadata.BrokerResource,
			Name: setting.Name, Value: &setting.Value})
		if err != nil {
			t.Fatal(err)
		}
	}
	next, changes, err := delta.Finish(image.Provenance{})
	if err != nil {
		t.Fatal(err)
	}
	s.takeIn(nil, next, changes)
	if got := s.node.ProducerIDExpirationMs; got != 4711 {
		t.Errorf("%s is %d", config.ProducerIDExpirationMs, got)
	}
	if want := (env.ConnectionLimits{Max: 12, PerHostMax: 3}); network.limits != want {
		t.Errorf("the network was told %+v", network.limits)
	}
}

// A topic that one change deletes and makes again is not found by its old id.
func TestAReplacedTopicIsForgotten(t *testing.T) {
	s := &Shard{node: &config.Node{NodeID: 1}, static: &config.Static{}, image: image.Empty(),
		world:  &env.World{Network: &limitedNetwork{}, Shards: firstShard{}},
		routes: routes{byName: map[string]*topicRoute{}, byID: map[kafka.TopicID]*topicRoute{}}}
	old, renewed := kafka.TopicID{1}, kafka.TopicID{2}
	for _, records := range [][]metadata.Record{
		{&metadata.TopicRecord{Name: "orders", TopicID: old}},
		{&metadata.RemoveTopicRecord{TopicID: old},
			&metadata.TopicRecord{Name: "orders", TopicID: renewed}},
	} {
		delta := s.image.Begin()
		for _, record := range records {
			if err := delta.Apply(record); err != nil {
				t.Fatal(err)
			}
		}
		next, changes, err := delta.Finish(image.Provenance{})
		if err != nil {
			t.Fatal(err)
		}
		s.takeIn(nil, next, changes)
	}
	if s.routes.byID[old] != nil || s.routes.byName["orders"] != s.routes.byID[renewed] {
		t.Errorf("routes are %v and %v", s.routes.byName, s.routes.byID)
	}
}

// What is not here is offline, unless its topic is on its way out: then the client shall
// look for its leader again, and finds out.
func TestWhatIsAbsent(t *testing.T) {
	h := newHall(t, 1)
	there := kafka.TopicPartition{Topic: h.topic}
	if got := h.shard.absentCode(there); got != kafka.ErrKafkaStorageError {
		t.Errorf("a partition of a topic that is there: %v", got)
	}
	h.shard.leaving = []kafka.TopicID{h.topic}
	if got := h.shard.absentCode(there); got != kafka.ErrNotLeaderOrFollower {
		t.Errorf("a partition of a topic that is leaving: %v", got)
	}
	gone := kafka.TopicPartition{Topic: kafka.TopicID{9}}
	if got := h.shard.absentCode(gone); got != kafka.ErrNotLeaderOrFollower {
		t.Errorf("a partition of a topic that is gone: %v", got)
	}
}
