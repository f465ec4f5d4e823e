package consumer_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"odradek/core/group/consumer"
	"odradek/core/group/record"
	"odradek/core/kafka"
)

// client is a member as a client is one: it takes what it is told to have, and gives up
// the rest when it comes to it. What it was told may be lost on the way.
type client struct {
	id, instance string
	names        []string
	regex        string
	epoch        int32
	// owned is what it reads from, shall what it was last told to have.
	owned, shall map[place]bool
	// full is set when an answer was lost: it says everything with its next heartbeat.
	full bool
}

type place struct {
	topic     kafka.TopicID
	partition int32
}

// join makes it begin anew.
func (c *client) join() {
	c.epoch, c.owned, c.shall, c.full = 0, map[place]bool{}, map[place]bool{}, true
}

// request is its next heartbeat.
func (c *client) request() *kmsg.ConsumerGroupHeartbeatRequest {
	q := kmsg.NewPtrConsumerGroupHeartbeatRequest()
	q.Version, q.Group, q.MemberID, q.MemberEpoch = 1, "g", c.id, c.epoch
	if c.instance != "" {
		q.InstanceID = &c.instance
	}
	if c.full {
		q.RebalanceTimeoutMillis = 30_000
		q.SubscribedTopicNames = append([]string{}, c.names...)
		regex := c.regex
		q.SubscribedTopicRegex = &regex
	}
	q.Topics = []kmsg.ConsumerGroupHeartbeatRequestTopic{}
	for at := range c.owned {
		topic := kmsg.NewConsumerGroupHeartbeatRequestTopic()
		topic.TopicID, topic.Partitions = at.topic, []int32{at.partition}
		q.Topics = append(q.Topics, topic)
	}
	return q
}

// hear takes an answer in.
func (c *client) hear(a *kmsg.ConsumerGroupHeartbeatResponse) {
	switch kafka.ErrorCode(a.ErrorCode) {
	case kafka.None:
	case kafka.ErrUnreleasedInstanceID:
		return
	default:
		c.join()
		return
	}
	c.epoch, c.full = a.MemberEpoch, false
	if a.Assignment == nil {
		return
	}
	c.shall = map[place]bool{}
	for _, t := range a.Assignment.Topics {
		for _, p := range t.Partitions {
			c.shall[place{t.TopicID, p}] = true
		}
	}
	c.move()
}

// move gives up what it shall not have, and takes what it shall.
func (c *client) move() {
	c.owned = map[place]bool{}
	for at := range c.shall {
		c.owned[at] = true
	}
}

// beat sends a heartbeat and hears the answer, unless it is lost.
func (w *world) beat(c *client, lost bool) {
	d := w.send(c.request())
	if lost {
		// It neither takes nor gives up anything, and will say all that it knows.
		c.full = true
		return
	}
	c.hear(d.Answers[0].Response.(*kmsg.ConsumerGroupHeartbeatResponse))
}

// holders are who has each partition as the group knows it, assigned or to be revoked, and
// at which epochs.
func holders(w *world) map[place][]string {
	held := map[place][]string{}
	members := map[string]*record.ConsumerGroupCurrentMemberAssignmentValue{}
	for _, r := range compacted(w.log, false) {
		if r, ok := r.(*record.ConsumerGroupCurrentMemberAssignment); ok {
			members[r.MemberID] = r.Value
		}
	}
	for id, value := range members {
		for _, topics := range [][]record.AssignedPartitions{
			value.AssignedPartitions, value.PartitionsPendingRevocation} {
			for _, t := range topics {
				for _, p := range t.Partitions {
					at := place{t.TopicID, int32(p)}
					held[at] = append(held[at], id)
				}
			}
		}
	}
	return held
}

// checkSingleOwner is G-SingleOwner: nobody has what another one has, as the group knows
// it, and as clients do who are at the epoch the group knows of them.
func checkSingleOwner(t *rapid.T, w *world, clients []*client) {
	t.Helper()
	held := holders(w)
	for at, ids := range held {
		if len(ids) > 1 {
			t.Fatalf("%v is held by %v", at, ids)
		}
	}
	epochs := map[string]int32{}
	for _, m := range w.group.Describe(w.call()).Members {
		epochs[m.MemberID] = m.MemberEpoch
	}
	owners := map[place]string{}
	for _, c := range clients {
		if epoch, member := epochs[c.id]; !member || epoch != c.epoch {
			continue
		}
		for at := range c.owned {
			if other, taken := owners[at]; taken {
				t.Fatalf("%v is read from by %s and %s at current epochs", at, other, c.id)
			}
			owners[at] = c.id
		}
	}
}

// state is all that a log says of a group, in words.
func state(w *world, g *consumer.Group) string {
	var out strings.Builder
	described := g.Describe(w.call())
	fmt.Fprintln(&out, g.Exists(), g.State(), g.Empty(), g.Size(), described.Epoch,
		described.AssignmentEpoch, described.AssignorName)
	for _, m := range described.Members {
		fmt.Fprintln(&out, m)
	}
	for _, name := range []string{"a", "ab", "b", "none"} {
		fmt.Fprint(&out, g.Subscribed(name), " ")
	}
	fmt.Fprintln(&out, g.Internals())
	return out.String()
}

// checkLoaded holds that a group which is read from its log is the one that is live, also
// when the log was compacted.
func checkLoaded(t *rapid.T, w *world) {
	t.Helper()
	live := state(w, w.group)
	for _, log := range [][]record.Record{
		w.log, compacted(w.log, true), compacted(w.log, false)} {
		if diff := cmp.Diff(live, state(w, loaded(log))); diff != "" {
			t.Fatal(diff)
		}
	}
}

// settle lets all clients beat until nothing changes any more.
func settle(t *rapid.T, w *world, clients []*client) {
	for range 60 {
		w.pass(w.now.Plus(11*time.Second), nil)
		for _, c := range clients {
			w.beat(c, false)
		}
	}
	if got := w.group.State(); got != consumer.GroupStable && len(clients) > 0 {
		t.Fatalf("the group is %s after all have done what they are told", got)
	}
}

// checkSettled holds that every partition that somebody wants is read from by one client
// who wants it.
func checkSettled(t *rapid.T, w *world, clients []*client) {
	for name, size := range w.topics.sizes {
		wanted := 0
		for _, c := range clients {
			if c.wants(name) {
				wanted++
			}
		}
		for p := range size {
			owners := 0
			for _, c := range clients {
				if c.owned[place{w.topics.ids[name], p}] {
					owners++
					if !c.wants(name) {
						t.Fatalf("%s reads %s, which it does not want", c.id, name)
					}
				}
			}
			if owners != min(wanted, 1) {
				t.Fatalf("%s-%d has %d owners, %d want it", name, p, owners, wanted)
			}
		}
	}
}

func (c *client) wants(name string) bool {
	return slices.Contains(c.names, name) || c.regex == "a.*" && strings.HasPrefix(name, "a") ||
		c.regex == "b|ab" && (name == "b" || name == "ab")
}

// drawWants gives a client another subscription.
func (c *client) drawWants(t *rapid.T) {
	c.names = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "ab", "b", "none"}), 0, 3,
		rapid.ID[string]).Draw(t, "names")
	c.regex = rapid.SampledFrom([]string{"", "", "a.*", "b|ab"}).Draw(t, "regex")
	c.full = true
}

// cast is the clients of a story.
type cast struct {
	w       *world
	clients []*client
	joined  int
}

func (s *cast) pick(t *rapid.T) *client {
	if len(s.clients) == 0 {
		t.Skip("nobody is there")
	}
	return s.clients[rapid.IntRange(0, len(s.clients)-1).Draw(t, "who")]
}

func (s *cast) drop(c *client) {
	s.clients = slices.DeleteFunc(s.clients, func(o *client) bool { return o == c })
}

func (s *cast) join(t *rapid.T) {
	s.joined++
	c := &client{id: fmt.Sprintf("m%d", s.joined)}
	if rapid.IntRange(0, 3).Draw(t, "static") == 0 {
		c.instance = rapid.SampledFrom([]string{"one", "two"}).Draw(t, "instance")
	}
	c.drawWants(t)
	c.join()
	s.w.beat(c, rapid.IntRange(0, 9).Draw(t, "lost") == 0)
	s.clients = append(s.clients, c)
}

func (s *cast) leave(t *rapid.T) {
	c := s.pick(t)
	q := c.request()
	q.MemberEpoch = -1
	if c.instance != "" && rapid.Bool().Draw(t, "comes back") {
		q.MemberEpoch = -2
	}
	s.w.send(q)
	s.drop(c)
}

func (s *cast) changeTopics(t *rapid.T) {
	name := rapid.SampledFrom([]string{"a", "ab", "b"}).Draw(t, "topic")
	size := s.w.topics.sizes[name] + 1
	if rapid.IntRange(0, 2).Draw(t, "gone") == 0 {
		size = 0
	}
	s.w.topics = s.w.topics.with(map[string]int32{name: size})
}

func (s *cast) reload(t *rapid.T) {
	s.w.log = compacted(s.w.log, rapid.Bool().Draw(t, "tombstones"))
	s.w.group = loaded(s.w.log)
	s.w.group.Loaded(s.w.call())
}

// onePerInstance drops all clients of an instance id but the first.
func (s *cast) onePerInstance() {
	seen := map[string]bool{}
	s.clients = slices.DeleteFunc(s.clients, func(c *client) bool {
		taken := c.instance != "" && seen[c.instance]
		seen[c.instance] = true
		return taken
	})
}

// The laws hold after every step of any story: members come, go, are lost, want other
// things, come back under their instance ids, answers are lost, topics come and go, the
// broker starts anew. And when all members do what they are told, the group settles.
func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		w.topics = w.topics.with(map[string]int32{"a": 3, "ab": 2, "b": 4})
		if rapid.Bool().Draw(t, "interval") {
			w.settings.AssignmentInterval = time.Second
		}
		w.settings.Assignors = rapid.SampledFrom([][]string{{"uniform", "range"},
			{"range", "uniform"}}).Draw(t, "assignors")
		s := &cast{w: w}
		t.Repeat(map[string]func(*rapid.T){
			"join":        s.join,
			"beat":        func(t *rapid.T) { w.beat(s.pick(t), false) },
			"beat again":  func(t *rapid.T) { w.beat(s.pick(t), false) },
			"beat lost":   func(t *rapid.T) { w.beat(s.pick(t), true) },
			"want others": func(t *rapid.T) { s.pick(t).drawWants(t) },
			"leave":       s.leave,
			"die":         func(t *rapid.T) { s.drop(s.pick(t)) },
			"restart":     func(t *rapid.T) { s.pick(t).join() },
			"wait": func(t *rapid.T) {
				seconds := rapid.SampledFrom([]int{1, 5, 12, 31}).Draw(t, "seconds")
				w.pass(w.now.Plus(time.Duration(seconds)*time.Second), nil)
			},
			"topics": s.changeTopics,
			"reload": s.reload,
			"": func(t *rapid.T) {
				checkSingleOwner(t, w, s.clients)
				checkLoaded(t, w)
			},
		})
		s.onePerInstance()
		w.pass(w.now.Plus(2*time.Minute), nil)
		settle(t, w, s.clients)
		checkSingleOwner(t, w, s.clients)
		checkSettled(t, w, s.clients)
		checkLoaded(t, w)
	})
}
