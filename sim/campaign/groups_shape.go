package campaign

import (
	"fmt"
	"slices"
	"time"

	"odradek/controller/config"
	"odradek/sim/chance"
	"odradek/sim/member"
)

// groupShape is a consumer group of a run.
type groupShape struct {
	name     string
	protocol member.Protocol
	// migrates: each life of a client draws anew whether it speaks the group's protocol, which
	// is a classic one, or the consumer protocol.
	migrates bool
	// topics are the indices of those of the run that it reads.
	topics []int
	// instances are the group.instance.id of its members; "" for a dynamic one.
	instances                     []string
	session, rebalance, heartbeat time.Duration
}

// groupsShape is what a run has of groups, if it has any.
type groupsShape struct {
	groups []groupShape
	// expires: committed offsets have so short a retention that they expire. The broker's
	// clock then jumps over it every jumps.
	expires bool
	jumps   time.Duration
	// session and heartbeat are those of the consumer protocol, which the broker decides.
	session, heartbeat time.Duration
	settings           []config.Entry
}

// groupsOneIn is how many runs there are for each one with groups. Groups take up most of
// the time of a run that has them.
const groupsOneIn = 3

// drawGroups decides on the groups of a run. It draws from a stream of its own, so that
// runs without groups are what they were before there were any.
//
// A broker that may forget what it acknowledged, or whose bits rot, promises its groups
// nothing that could be held against it.
func (s *shape) drawGroups(draw chance.Stream) {
	if s.rot || s.forgets() || s.losesJournal || !draw.OneIn(groupsOneIn) {
		return
	}
	g := &groupsShape{expires: draw.OneIn(4)}
	g.jumps = draw.Between(100*time.Millisecond, time.Second)
	g.session = 300*time.Millisecond + 8*s.think + draw.Tail(300*time.Millisecond)
	g.heartbeat = g.session / time.Duration(3+draw.Below(4))
	for i := range 1 + draw.Below(3) {
		g.groups = append(g.groups, s.drawGroup(&draw, i, g))
	}
	g.drawSettings(&draw)
	s.groups = g
}

func (s *shape) drawGroup(draw *chance.Stream, index uint64, all *groupsShape) groupShape {
	g := groupShape{name: fmt.Sprintf("group-%d", index+1),
		protocol: member.Protocol(draw.Below(uint64(member.Protocols))),
		session:  300*time.Millisecond + 8*s.think + draw.Tail(300*time.Millisecond)}
	g.heartbeat = g.session / time.Duration(3+draw.Below(4))
	if more := draw.Fork("migrates"); g.protocol != member.Consumer && more.OneIn(3) {
		g.migrates = true
	}
	if g.protocol == member.Consumer || g.migrates {
		g.session, g.heartbeat = all.session, all.heartbeat
	}
	// A member hears of a rebalance by its next heartbeat, and gives up its partitions only
	// then: a group that does not wait for that never comes to rest.
	g.rebalance = 3*(g.heartbeat+2*s.think) + draw.Tail(400*time.Millisecond)
	for topic := range s.topics {
		if topic == 0 || draw.OneIn(2) {
			g.topics = append(g.topics, topic)
		}
	}
	for i := range 1 + draw.Below(3) {
		instance := ""
		if draw.OneIn(3) {
			instance = fmt.Sprintf("%s-instance-%d", g.name, i+1)
		}
		g.instances = append(g.instances, instance)
	}
	return g
}

// retentionMinutesMax is the longest retention that there is, in minutes.
const retentionMinutesMax = "2147483647"

func (g *groupsShape) drawSettings(draw *chance.Stream) {
	millis := func(d time.Duration) string { return fmt.Sprint(d.Milliseconds()) }
	delay := time.Duration(0)
	if draw.OneIn(2) {
		delay = draw.Tail(50 * time.Millisecond)
	}
	interval := time.Duration(0)
	if draw.OneIn(2) {
		interval = draw.Tail(100 * time.Millisecond)
	}
	g.settings = []config.Entry{
		{Name: config.GroupMinSessionTimeoutMs, Value: "1"},
		{Name: config.GroupInitialRebalanceDelayMs, Value: millis(delay)},
		{Name: config.ConsumerMinSessionTimeoutMs, Value: "1"},
		{Name: config.ConsumerMinHeartbeatIntervalMs, Value: "1"},
		{Name: config.ConsumerSessionTimeoutMs, Value: millis(g.session)},
		{Name: config.ConsumerHeartbeatIntervalMs, Value: millis(g.heartbeat)},
		{Name: config.ConsumerAssignmentIntervalMs, Value: millis(interval)},
		{Name: config.ConsumerAssignors,
			Value: []string{"uniform,range", "range,uniform"}[draw.Below(2)]},
		{Name: config.OffsetsTopicNumPartitions, Value: fmt.Sprint(1 + draw.Below(4))},
		{Name: config.OffsetsRetentionMinutes, Value: retentionMinutesMax},
	}
	if compacts := draw.Fork("compacts"); !compacts.OneIn(3) {
		g.drawCompaction(&compacts)
	}
	if g.expires {
		last := len(g.settings) - 1
		g.settings[last].Value = "1"
		g.settings = append(g.settings, config.Entry{Name: config.OffsetsRetentionCheckIntervalMs,
			Value: fmt.Sprint(20 + draw.Below(500))})
	}
}

// drawCompaction has __consumer_offsets compacted all the time, so that a coordinator loads
// what a cleaner has left: the last record of each key, and tombstones of what is not there.
func (g *groupsShape) drawCompaction(draw *chance.Stream) {
	g.settings = append(g.settings,
		config.Entry{Name: "log.roll.ms", Value: fmt.Sprint(50 + draw.Below(1000))},
		config.Entry{Name: config.CleanerBackoffMs, Value: fmt.Sprint(10 + draw.Below(300))},
		config.Entry{Name: "log.cleaner.min.cleanable.ratio",
			Value: []string{"0", "0.01", "0.5"}[draw.Below(3)]},
		config.Entry{Name: "log.cleaner.delete.retention.ms", Value: fmt.Sprint(draw.Below(3000))})
}

// vanishes reports whether a group may be forgotten, and with it its epoch: a group without
// offsets is, and one that nobody is in when a member of the other protocol comes.
func (g *groupsShape) vanishes() bool {
	return g.expires || slices.ContainsFunc(g.groups, func(one groupShape) bool {
		return one.migrates
	})
}

// String tells of the groups, a line each.
func (g *groupsShape) String() string {
	text := ""
	for _, one := range g.groups {
		static := 0
		for _, instance := range one.instances {
			if instance != "" {
				static++
			}
		}
		protocol := one.protocol.String()
		if one.migrates {
			protocol += " or consumer"
		}
		text += fmt.Sprintf("\n%s: %v, %d members, %d of them static, topics %v, session %v, "+
			"rebalance %v", one.name, protocol, len(one.instances), static, one.topics,
			one.session, one.rebalance)
	}
	for _, entry := range g.settings {
		text += "\n" + entry.Name + "=" + entry.Value
	}
	return text
}

// settleBound is how long a group may take in a healed world: those who are gone have to
// be noticed, and those who are there to take part in a few rebalances.
func (g *groupShape) settleBound() time.Duration {
	return 5*time.Second + g.session + 5*g.rebalance
}
