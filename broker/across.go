package broker

import (
	"odradek/core/kafka"
	"odradek/core/task"
)

// errand is a function that runs as a task on another shard and comes back when
// it has ended. What the function touches belongs to the shard it runs on until
// then: the sender waits.
type errand struct {
	name   string
	origin int
	run    func(t *task.Task, s *Shard)
	done   task.Future[struct{}]
}

// errandDone brings an errand home.
type errandDone struct{ errand *errand }

// on runs fn as a task on a shard and waits for its end. On the own shard it is
// a plain call.
func (s *Shard) on(t *task.Task, shard int, name string, fn func(*task.Task, *Shard)) {
	if shard == s.index() {
		fn(t, s)
		return
	}
	e := s.send(shard, name, fn)
	_, _ = e.done.Await(t, kafka.Never, "shard work: "+name) // an errand has no error of its own
}

// onEach runs fn on several shards at the same time and waits for all.
func (s *Shard) onEach(t *task.Task, shards []int, name string, fn func(*task.Task, *Shard)) {
	var away []*errand
	here := false
	for _, shard := range shards {
		if shard == s.index() {
			here = true
			continue
		}
		away = append(away, s.send(shard, name, fn))
	}
	if here {
		fn(t, s)
	}
	for _, e := range away {
		_, _ = e.done.Await(t, kafka.Never, "shard work: "+name) // as in on
	}
}

// everywhere lists all shards of the node.
func (s *Shard) everywhere() []int {
	shards := make([]int, s.world.Shards.Count())
	for i := range shards {
		shards[i] = i
	}
	return shards
}

func (s *Shard) send(shard int, name string, fn func(*task.Task, *Shard)) *errand {
	e := &errand{name: name, origin: s.index(), run: fn}
	s.world.Shards.Send(shard, e)
	return e
}

// runErrand does another shard's errand here.
func (s *Shard) runErrand(e *errand) {
	s.world.Loop.Spawn(e.name, func(t *task.Task) {
		e.run(t, s)
		s.world.Shards.Send(e.origin, errandDone{e})
	})
}
