package campaign

import (
	"fmt"
	"time"

	"odradek/core/batch"
	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/sim"
	"odradek/sim/chance"
	"odradek/sim/client"
	"odradek/sim/fault"

	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	// dialPatience is how long a client tries to connect before it tries anew.
	dialPatience = time.Second
	// redialPause is how long it waits after that.
	redialPause = 20 * time.Millisecond
	// patience is how long a client waits for an answer while there are faults.
	patience = 2 * time.Second
	// calmPatience is how long a healed broker may take. More is a failure: it
	// never answers.
	calmPatience = 30 * time.Second
)

// role is what an actor does.
type role interface {
	// step does one operation, as op draws it.
	step(t *task.Task, op *chance.Stream)
	// finish ends what is under way, when no more operations come.
	finish(t *task.Task)
}

// actor is a client: a node with one task that does an operation after another.
type actor struct {
	run     *Run
	name    string
	process int
	node    *sim.Node
	world   *env.World
	conn    *client.Conn
	// sound: the connection was made in a healed world. An older one may have
	// gone silent, and nobody is told.
	sound  bool
	codecs *batch.Codecs
	role   role
	done   bool
	// count counts the actor's operations, for what makes records distinct.
	count uint32
}

// addActor adds a client; make gives it its role.
func (r *Run) addActor(name string, make func(a *actor) role) {
	a := &actor{run: r, name: name, process: len(r.actors) + 1, codecs: new(batch.Codecs)}
	if r.scan != nil {
		a.process++ // the scanner has the number after those that were there before it
	}
	a.role = make(a)
	r.actors = append(r.actors, a)
	a.node = r.world.AddClient(name, func(w *env.World) {
		a.world = w
		w.Loop.Spawn(name, a.live)
	})
}

// live is an actor's task. Each operation is a decision of the plan: leaving one
// out of a replay changes no other.
func (a *actor) live(t *task.Task) {
	if d, leads := a.role.(*admin); leads {
		d.setup(t)
	}
	for !a.run.ready {
		t.Sleep(a.run.shape.think)
	}
	if c, grouped := a.role.(*groupClient); grouped {
		a.liveInGroup(t, c)
		a.done = true
		return
	}
	for !a.run.stopping {
		value, wanted := a.run.world.Plan().Draw(fault.Operation, a.node.Index())
		if wanted {
			op := chance.New(value, "operation")
			a.count++
			a.role.step(t, &op)
		}
		t.Sleep(a.run.shape.think)
	}
	a.role.finish(t)
	if a.conn != nil {
		a.conn.Close()
	}
	a.done = true
}

// complain fails the run.
func (a *actor) complain(format string, args ...any) {
	a.run.world.Fail(a.name, fmt.Sprintf(format, args...))
}

// complainOfLoss fails the run for something that is not there any more, unless
// that may be; see Run.lossExcused.
func (a *actor) complainOfLoss(format string, args ...any) {
	if !a.run.lossExcused() {
		a.complain(format, args...)
	}
}

// options are those of the actor's connections.
func (a *actor) options() client.Options {
	return client.Options{World: a.world, ClientID: a.name, Stamp: a.run.record.stamp,
		Complain: func(sentence string) { a.complain("%s", sentence) }}
}

// connect sees to it that there is a connection; it reports whether there is.
func (a *actor) connect(t *task.Task) bool {
	if a.conn != nil && a.conn.Err() == nil {
		return true
	}
	conn, err := client.Dial(t, a.options(), brokerAddress, t.Now().Plus(dialPatience))
	if err != nil {
		a.conn = nil
		t.Sleep(redialPause)
		return false
	}
	a.conn, a.sound = conn, a.run.calm
	return true
}

// deadline is until when an answer is waited for.
func (a *actor) deadline(t *task.Task) kafka.Instant {
	if a.sound {
		return t.Now().Plus(calmPatience)
	}
	return t.Now().Plus(patience)
}

// call asks the broker; a nil response means that nobody knows what became of
// the request.
func (a *actor) call(t *task.Task, request kmsg.Request) (*client.Call, kmsg.Response) {
	if !a.connect(t) {
		return &client.Call{Request: request}, nil
	}
	call, response, err := a.conn.Call(t, request, a.deadline(t))
	if err == task.ErrDeadline {
		a.unanswered(request)
	}
	return call, response
}

// unanswered sees whether a request may stay without an answer.
func (a *actor) unanswered(request kmsg.Request) {
	if a.sound {
		a.complain("a healed broker does not answer %s", kmsg.NameForKey(request.Key()))
	}
}

// note tells the run's story what the actor saw.
func (a *actor) note(kind, subject string, x, y int64) { a.world.Trace.Event(kind, subject, x, y) }

// between draws a version in [low, high].
func between(op *chance.Stream, low, high int16) int16 {
	return low + int16(op.Below(uint64(high-low)+1))
}
