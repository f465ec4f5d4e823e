package campaign

import (
	"fmt"
	"slices"
	"time"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/jepsen/check"
	"odradek/jepsen/check/groups"
	"odradek/sim/chance"
	"odradek/sim/member"
)

// In a healed world every group has to come to rest, and to read everything. It has to do
// so twice: when the faults are over, and, with some of its members gone, when the broker
// has been started for the last time. In between, its members leave, or just go.

// watcher looks after the groups in a healed world.
type watcher struct {
	*actor
	// job is what it is to do; nil when it is done.
	job   func(t *task.Task)
	looks uint32
}

// settlePoll is how often the watcher looks whether a group has come to rest.
const settlePoll = 20 * time.Millisecond

func newWatcher(r *Run) *watcher {
	w := &watcher{actor: &actor{run: r, name: "watcher", process: len(r.actors) + 2}}
	w.node = r.world.AddClient(w.name, func(world *env.World) {
		w.world = world
		world.Loop.Spawn(w.name, func(t *task.Task) {
			for {
				for w.job == nil {
					t.Sleep(scanPoll)
				}
				w.job(t)
				if w.conn != nil {
					w.conn.Close()
				}
				w.job = nil
			}
		})
	})
	return w
}

// do has the watcher do a job.
func (r *Run) do(what string, job func(t *task.Task)) {
	r.watch.job = job
	r.await(what, endPatience, func() bool { return r.watch.job == nil })
}

func (w *watcher) next() chance.Stream {
	w.looks++
	return chance.New(uint64(w.looks), "look")
}

// observer is somebody who asks about a group, and is not in it.
func (w *watcher) observer(g *group) *member.Member {
	return member.New(member.Options{World: w.world, Process: w.process, Protocol: g.shape.protocol,
		Group: groups.Group(g.shape.name), All: w.run.groupTopics(g), Record: w.run.groupRecord,
		Dial: w.dialCoordinator, Patience: coordinatorPatience, Complain: w.complain,
		Trace: w.world.Trace})
}

// settleGroups waits until every group has come to rest.
func (r *Run) settleGroups() {
	if r.shape.groups == nil || r.world.Failure() != nil {
		return
	}
	r.do("the groups are watched", r.watch.settle)
}

// retention is offsets.retention.minutes of groups whose offsets expire: the least there is.
const retention = time.Minute

// agePeriodically has the broker's clock jump over the retention of committed offsets, again
// and again until all faults are over: what keeps an offset then is that it is in use.
func (r *Run) agePeriodically() {
	if r.shape.groups == nil || !r.shape.groups.expires {
		return
	}
	r.world.RunAt(r.world.Now().Plus(r.shape.groups.jumps), func() {
		if !r.calm {
			r.broker.JumpClock(retention + time.Second)
			r.agePeriodically()
		}
	})
}

// restGroups has all members go.
func (r *Run) restGroups() {
	if r.shape.groups == nil {
		return
	}
	r.phase = phaseRest
	r.await("the members of groups are gone", endPatience, func() bool {
		return r.everyGroupClient(func(c *groupClient) bool { return c.member == nil })
	})
	r.do("what groups leave behind is tidied up", r.watch.tidyUp)
}

// tidyUp deletes some offsets, and some groups, as an admin does who finds nobody in them.
// Some members are still expected back, so not everything that is asked for happens.
func (w *watcher) tidyUp(t *task.Task) {
	for _, g := range w.run.groups {
		op := w.next()
		observer := w.observer(g)
		partitions := w.count(t, &op, observer)
		switch kind := op.Below(6); {
		case len(partitions) == 0:
		case kind < 2:
			observer.DeleteOffset(t, &op, partitions[op.Below(uint64(len(partitions)))])
		case kind < 3:
			observer.DeleteGroup(t, &op, partitions)
		}
		observer.Drop()
	}
}

// returnGroups has groups go on after the broker's last start: the coordinator has to load
// them, and to notice who is gone.
func (r *Run) returnGroups() {
	if r.shape.groups == nil || r.world.Failure() != nil {
		return
	}
	began := r.groupRecord.Now()
	for _, g := range r.groups {
		r.do(g.shape.name+" is loaded", func(t *task.Task) { r.watch.load(t, g, began) })
	}
	r.phase = phaseReturn
	r.settleGroups()
}

// endGroups ends the clients of groups.
func (r *Run) endGroups() {
	r.phase = phaseOver
	r.await("the members of groups end", endPatience, func() bool {
		return r.everyGroupClient(func(c *groupClient) bool { return c.done })
	})
}

func (r *Run) everyGroupClient(holds func(c *groupClient) bool) bool {
	for _, g := range r.groups {
		for _, c := range g.clients {
			if !holds(c) {
				return false
			}
		}
	}
	return true
}

// load asks for committed offsets until the coordinator tells them.
func (w *watcher) load(t *task.Task, g *group, began time.Duration) {
	record := w.run.groupRecord
	l := groups.Load{Group: groups.Group(g.shape.name), Began: began, Answered: -1,
		Bound: g.shape.settleBound()}
	observer := w.observer(g)
	defer observer.Drop()
	for l.Answered < 0 && record.Now() <= began+l.Bound {
		op := w.next()
		counts := w.count(t, &op, observer)
		values, code := observer.Committed(t, &op, counts)
		if len(counts) > 0 && values != nil {
			l.Answered = record.Now()
			break
		}
		l.Code = code
		t.Sleep(settlePoll)
	}
	record.Loads = append(record.Loads, l)
}

// count lists the partitions of a group's topics; none if the broker does not say.
func (w *watcher) count(t *task.Task, op *chance.Stream,
	observer *member.Member) []kafka.TopicPartition {
	var all []kafka.TopicPartition
	for _, topic := range observer.CountPartitions(t, op) {
		known := w.run.ledger.named(topic.Topic)
		for partition := range topic.Count {
			all = append(all, known.partition(partition))
		}
	}
	return all
}

// settling is a group that is watched until it is at rest and has read everything.
type settling struct {
	groups.Settlement
	group    *group
	observer *member.Member
}

// settle watches all groups, one look at each after the other.
func (w *watcher) settle(t *task.Task) {
	record := w.run.groupRecord
	healed := record.Now()
	var all []*settling
	for _, g := range w.run.groups {
		all = append(all, &settling{group: g, observer: w.observer(g), Settlement: groups.Settlement{
			Group: groups.Group(g.shape.name), Healed: healed, Settled: -1, Finished: -1,
			Bound: g.shape.settleBound()}})
	}
	for left := all; len(left) > 0; t.Sleep(settlePoll) {
		left = slices.DeleteFunc(slices.Clone(left), func(s *settling) bool {
			w.look(t, s)
			return s.Finished >= 0 || record.Now() > healed+s.Bound
		})
	}
	for _, s := range all {
		s.observer.Drop()
		record.Settlements = append(record.Settlements, s.Settlement)
	}
}

// look looks at a group once.
func (w *watcher) look(t *task.Task, s *settling) {
	op := w.next()
	partitions := w.count(t, &op, s.observer)
	if s.Settled < 0 {
		s.Story = w.unrest(s.observer.Describe(t, &op), s.group, partitions)
		if s.Story == "" && len(partitions) > 0 {
			s.Settled = w.run.groupRecord.Now()
		}
	}
	if s.Settled >= 0 {
		s.Story = w.unread(t, &op, s.observer, partitions)
		if s.Story == "" {
			s.Finished = w.run.groupRecord.Now()
		}
	}
}

// unrest says why a group is not at rest, or "".
func (w *watcher) unrest(d *groups.Description, g *group,
	partitions []kafka.TopicPartition) string {
	if d == nil {
		return "nobody describes it"
	}
	if d.State != "Stable" {
		return fmt.Sprintf("it is %s: %+v", d.State, d.Members)
	}
	owners := map[kafka.TopicPartition]groups.MemberID{}
	for i := range d.Members {
		for _, p := range d.Members[i].Assigned {
			owners[p] = d.Members[i].Member
		}
	}
	living := 0
	for _, c := range g.clients {
		if w.run.phase == phaseReturn && !c.returns {
			continue
		}
		living++
		if c.member == nil || !c.member.AtRest() {
			return c.name + " is not at rest"
		}
		if !slices.ContainsFunc(d.Members, func(m groups.Described) bool {
			return m.Member == c.member.ID()
		}) {
			return fmt.Sprintf("%s, as %s, is none of %+v", c.name, c.member.ID(), d.Members)
		}
		for _, claim := range c.member.Claims() {
			p := kafka.TopicPartition{Topic: claim.Topic.ID, Partition: claim.Partition}
			if owners[p] != c.member.ID() {
				return fmt.Sprintf("%s claims partition %d of %s, and the coordinator gives it to %q",
					c.name, claim.Partition, claim.Topic.Name, owners[p])
			}
			delete(owners, p)
			partitions = slices.DeleteFunc(slices.Clone(partitions),
				func(other kafka.TopicPartition) bool { return other == p })
		}
	}
	switch {
	case living != len(d.Members):
		return fmt.Sprintf("%d members are alive, and it has %+v", living, d.Members)
	case len(owners) > 0 || len(partitions) > 0:
		return fmt.Sprintf("nobody claims %v and %v", owners, partitions)
	}
	return ""
}

// unread says what of a group's partitions was not read and committed, or "".
func (w *watcher) unread(t *task.Task, op *chance.Stream, observer *member.Member,
	partitions []kafka.TopicPartition) string {
	values, code := observer.Committed(t, op, partitions)
	if values == nil || len(partitions) == 0 {
		return fmt.Sprintf("nobody tells what is committed: %v", code)
	}
	for i, p := range partitions {
		topic := w.run.ledger.byID[p.Topic]
		end := w.listOne(t, &cursor{topic: topic, partition: int32(p.Partition)},
			kafka.LatestTimestamp, 1)
		if end == nil || max(0, values[i].Offset) != kafka.Offset(end.Offset) {
			return fmt.Sprintf("%s-%d: %d is committed, and the end is %+v", topic.name, p.Partition,
				values[i].Offset, end)
		}
	}
	return ""
}

// judgeGroups holds what members wrote down against every invariant.
func (r *Run) judgeGroups(search check.Search) (check.Verdict, check.Searched) {
	r.seeGroups()
	h := &r.groupRecord.History
	h.Names = r.record.kept.Names
	for _, shape := range r.shape.topics {
		h.Topics = append(h.Topics, groups.Topic{ID: r.ledger.named(shape.name).id,
			Partitions: shape.partitions})
	}
	final := map[kafka.TopicPartition]check.Scan{}
	for _, s := range slices.Concat(r.record.kept.Scans, r.record.retained.Scans) {
		final[s.Partition] = s // the last one stays
	}
	for i := range h.Settlements {
		s := &h.Settlements[i]
		if i < len(h.Settlements)/2 {
			continue // more may have been written since
		}
		for _, g := range r.groups {
			if groups.Group(g.shape.name) == s.Group {
				s.Ends = r.endsOf(g, final)
			}
		}
	}
	return groups.RunSearched(h, search)
}

// endsOf is what there was to read for a group in the end.
func (r *Run) endsOf(g *group, final map[kafka.TopicPartition]check.Scan) []groups.End {
	var all []groups.End
	for _, topic := range r.groupTopics(g) {
		for partition := range r.ledger.byID[topic.ID].partitionsMax {
			s, scanned := final[r.ledger.byID[topic.ID].partition(partition)]
			if scanned {
				all = append(all, groups.End{Partition: s.Partition, LogStart: s.LogStart, End: s.End})
			}
		}
	}
	return all
}
