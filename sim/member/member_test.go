package member_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"odradek/core/env"
	"odradek/core/group"
	"odradek/core/group/decision"
	"odradek/core/group/record"
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/jepsen/check"
	"odradek/jepsen/check/groups"
	"odradek/sim"
	"odradek/sim/chance"
	"odradek/sim/client"
	"odradek/sim/fault"
	"odradek/sim/member"
)

const (
	// logEnd is how many records each partition has.
	logEnd = 400
	// sessionTimeout and heartbeatInterval are those of all members.
	sessionTimeout    = 500 * time.Millisecond
	heartbeatInterval = 100 * time.Millisecond
)

// scene is a group of clients and a broker that coordinates, in a world.
type scene struct {
	world   *sim.World
	cluster *cluster
	broker  *sim.Node
	record  *member.Record
	events  int64
	ids     int
	calm    bool
	seed    uint64
	clients []*consumer
}

// consumer is a client: one member after another.
type consumer struct {
	*scene
	name     string
	process  int
	instance groups.InstanceID
	protocol member.Protocol
	world    *env.World
	member   *member.Member
	// refreshed is the member that has begun to do everything right.
	refreshed *member.Member
	steps     uint64
}

func newScene(seed uint64, protocol member.Protocol, clients int, faults fault.Set) *scene {
	s := &scene{seed: seed, cluster: &cluster{settings: group.DefaultSettings(), topic: "orders",
		id: kafka.TopicID{1}, partitions: 3}}
	s.cluster.settings.Classic.GroupMinSessionTimeoutMs = 1
	s.cluster.settings.Classic.GroupInitialRebalanceDelayMs = 0
	s.cluster.settings.Consumer.SessionTimeout = sessionTimeout
	s.cluster.settings.Consumer.MinSessionTimeout = 1
	s.cluster.settings.Consumer.HeartbeatInterval = heartbeatInterval
	s.cluster.settings.Consumer.MinHeartbeatInterval = 1
	s.cluster.settings.Consumer.AssignmentInterval = time.Duration(seed%3) * 50 * time.Millisecond
	s.world = sim.New(sim.Config{Seed: seed, Faults: faults, Swarm: true})
	s.record = &member.Record{
		Operation: func(process int, called int64) check.Operation {
			s.ids++
			return check.Operation{ID: s.ids, Process: process, Call: check.Event(called),
				Return: check.Never}
		},
		Event: func() check.Event { return check.Event(s.stamp()) },
		Now:   func() time.Duration { return s.world.Now().Since(0) },
	}
	s.record.Names = map[kafka.TopicID]string{s.cluster.id: s.cluster.topic}
	s.broker = s.world.AddNode("broker", 1, s.cluster.boot)
	for i := range clients {
		c := &consumer{scene: s, name: fmt.Sprintf("client-%d", i+1), process: i + 1, protocol: protocol}
		if i == 0 {
			c.instance = "static"
		}
		s.clients = append(s.clients, c)
		s.world.AddClient(c.name, func(w *env.World) {
			c.world = w
			w.Loop.Spawn(c.name, c.live)
		})
	}
	return s
}

func (s *scene) stamp() int64 {
	s.events++
	return s.events
}

func (c *consumer) complain(format string, args ...any) {
	c.scene.world.Fail(c.name, fmt.Sprintf(format, args...))
}

func (c *consumer) dial(t *task.Task) (*client.Conn, bool) {
	conn, err := client.Dial(t, client.Options{World: c.world, ClientID: c.name, Stamp: c.stamp,
		Complain: func(sentence string) { c.complain("%s", sentence) }}, "broker:9092",
		t.Now().Plus(time.Second))
	if err != nil {
		t.Sleep(10 * time.Millisecond)
		return nil, false
	}
	return conn, c.calm
}

func (c *consumer) begin() {
	c.member = member.New(member.Options{World: c.world, Process: c.process, Protocol: c.protocol,
		Group: "g", Instance: c.instance, Name: c.name,
		All:     []member.Topic{{Name: c.cluster.topic, ID: c.cluster.id}},
		Session: sessionTimeout, Rebalance: 600 * time.Millisecond,
		Heartbeat: heartbeatInterval, Record: c.record, Dial: c.dial,
		Patience: func(sound bool) time.Duration {
			if sound {
				return 20 * time.Second
			}
			return time.Second
		},
		Complain: c.complain, Trace: c.world.Trace})
}

// live consumes, and as long as not all is calm does what no client should.
func (c *consumer) live(t *task.Task) {
	for {
		c.steps++
		op := chance.New(c.seed<<32|uint64(c.process)<<24|c.steps, "step")
		if c.member == nil || c.member.Dead() {
			c.begin()
		}
		if c.calm && c.refreshed != c.member {
			c.member.Refresh()
			c.refreshed = c.member
		}
		switch kind := op.Below(200); {
		case c.calm || kind > 14:
			c.poll(t, &op)
		case kind == 0:
			c.member.Drop()
		case kind == 1:
			c.member.Leave(t, &op)
		case kind < 4:
			t.Sleep(op.Between(400*time.Millisecond, 900*time.Millisecond))
			c.member.CommitAll(t, &op)
		case kind < 6:
			c.member.CommitTwice(t, &op)
		case kind < 8:
			c.member.CommitPast(t, &op)
		case kind < 9: // it comes back, and the one before is not gone
			old := c.member
			c.begin()
			c.poll(t, &op)
			old.CommitAll(t, &op)
			old.Drop()
		case kind < 10:
			c.member.CommitStale(t, &op)
		case kind < 11:
			c.member.Deafen(1 + int(op.Below(3)))
		case kind < 12:
			c.member.Dawdle(10 + int(op.Below(60)))
		case kind < 13:
			c.member.DeleteOffset(t, &op, kafka.TopicPartition{Topic: c.cluster.id,
				Partition: kafka.Partition(op.Below(3))})
		default:
			c.member.Describe(t, &op)
		}
		t.Sleep(5 * time.Millisecond)
	}
}

// poll reads on: there are always a few records more, up to the end of the log.
func (c *consumer) poll(t *task.Task, op *chance.Stream) {
	m := c.member
	m.Poll(t, op)
	m.Begin(t, op)
	for _, claim := range m.Claims() {
		if claim.Started {
			m.Take(claim, min(logEnd, claim.Offset+kafka.Offset(op.Below(8))), false)
		}
	}
	if op.OneIn(4) {
		m.CommitAll(t, op)
	}
}

// settled reports whether every partition is with one member, and read to its end.
func (s *scene) settled() bool {
	owners := map[kafka.Partition]int{}
	for _, c := range s.clients {
		if c.member == nil || !c.member.AtRest() {
			return false
		}
		for _, claim := range c.member.Claims() {
			if owners[claim.Partition]++; claim.Offset != logEnd || owners[claim.Partition] > 1 {
				return false
			}
		}
	}
	return len(owners) == int(s.cluster.partitions)
}

// run has the clients work under faults, and then come to rest.
func (s *scene) run(t *testing.T) (check.Verdict, *sim.Report) {
	s.world.Unleash(s.broker)
	s.world.RunFor(6 * time.Second)
	s.world.Calm()
	s.calm = true
	healed := s.record.Now()
	settlement := groups.Settlement{Group: "g", Healed: healed, Settled: -1, Finished: -1,
		Bound: 15 * time.Second, Story: "its clients are not at rest"}
	if s.world.RunWhile(s.world.Now().Plus(settlement.Bound), func() bool { return !s.settled() }) {
		settlement.Settled, settlement.Finished = s.record.Now(), s.record.Now()
	}
	for _, c := range s.clients {
		settlement.Story += fmt.Sprintf("; %s is %s", c.name, c.member.Story())
	}
	for p := range s.cluster.partitions {
		settlement.Ends = append(settlement.Ends, groups.End{Partition: kafka.TopicPartition{
			Topic: s.cluster.id, Partition: kafka.Partition(p)}, End: logEnd})
	}
	s.record.Settlements = append(s.record.Settlements, settlement)
	report := s.world.Close()
	if report.Failure != nil {
		t.Fatalf("seed %d: %s", s.seed, report)
	}
	verdict, _ := groups.RunSearched(&s.record.History, check.Search{})
	return verdict, report
}

// faults are those of a usual run. The broker of these tests has one shard, always.
func faults() fault.Set { return fault.Everything().Without(fault.NodeReshard) }

// seeds is how many runs of each protocol there are.
const seeds = 40

// Members and a coordinator that keeps its promises: whatever goes wrong around them, no
// invariant is broken.
func TestMembers(t *testing.T) {
	seen := map[kafka.ErrorCode]int{}
	for seed := range uint64(seeds) {
		for protocol := range member.Protocols {
			s := newScene(seed, protocol, 1+int(seed%4), faults())
			if verdict, report := s.run(t); verdict.Result != check.Pass {
				t.Errorf("seed %d, %v: %v\n%s", seed, protocol, verdict, report)
			}
			for _, a := range s.record.Asks {
				seen[a.Code]++
			}
			for _, c := range s.record.Commits {
				seen[c.Code]++
			}
		}
	}
	for _, code := range []kafka.ErrorCode{kafka.ErrMemberIDRequired, kafka.ErrUnknownMemberID,
		kafka.ErrRebalanceInProgress, kafka.ErrFencedInstanceID, kafka.ErrFencedMemberEpoch,
		kafka.ErrUnreleasedInstanceID, kafka.ErrStaleMemberEpoch} {
		if seen[code] == 0 {
			t.Errorf("nobody is ever told %v: the clients have an easy life", code)
		}
	}
}

// A broker that is wrong now and then is found out.
func TestWrongBrokersAreFound(t *testing.T) {
	// now is true once in a while.
	now := func() func() bool {
		count := 0
		return func() bool {
			count++
			return count%40 == 0
		}
	}
	drop := func(d *decision.Decision, kind func(record.Record) bool) {
		d.Records = slices.DeleteFunc(d.Records, kind)
	}
	for name, broken := range map[string]struct {
		invariant string
		spoil     func(often func() bool) func(*decision.Decision)
	}{
		"it forgets a commit": {"G-OffsetStable", func(often func() bool) func(*decision.Decision) {
			return func(d *decision.Decision) {
				drop(d, func(r record.Record) bool {
					_, commit := r.(*record.OffsetCommit)
					return commit && often()
				})
			}
		}},
		"it forgets a generation": {"G-EpochMonotonic", func(func() bool) func(*decision.Decision) {
			return func(d *decision.Decision) {
				for _, r := range d.Records {
					if g, is := r.(*record.GroupMetadata); is && g.Value != nil && g.Value.Generation > 4 {
						g.Value.Generation = 4
					}
				}
			}
		}},
		"it expires offsets": {"G-NoEarlyExpiry", func(often func() bool) func(*decision.Decision) {
			return func(d *decision.Decision) {
				for _, r := range d.Records {
					if c, is := r.(*record.OffsetCommit); is && often() {
						d.Write(&record.OffsetCommit{Group: c.Group, Topic: c.Topic, Partition: c.Partition})
					}
				}
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(seeds) {
				s := newScene(seed, member.Eager, 3, faults())
				s.cluster.spoil = broken.spoil(now())
				verdict, _ := s.run(t)
				if slices.ContainsFunc(verdict.Violations, func(v check.Violation) bool {
					return v.Check == broken.invariant
				}) {
					return
				}
			}
			t.Errorf("%d runs have not shown it", seeds)
		})
	}
}
