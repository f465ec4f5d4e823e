package campaign

import (
	"fmt"
	"time"

	"odradek/broker"
	"odradek/controller/config"
	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/jepsen/check"
	"odradek/sim"
	"odradek/sim/fault"
	"odradek/sim/member"
	"odradek/sim/trace"
)

const (
	// setupLasts is how long the first topics may take under the faults that the
	// disk and the network draw, which are on from the start; setupPatience is how
	// long after that, in a world that has healed.
	setupLasts    = time.Minute
	setupPatience = 5 * time.Minute
	// searchOperationsMax is how many operations of a run a second opinion is
	// sought on, and searchPatience how long one search may take on the real clock.
	// It takes microseconds for each operation, so the patience is for what has
	// gone wrong.
	searchOperationsMax = 100_000
	searchPatience      = 30 * time.Second
	// calmLasts is how long clients go on in a world that has healed.
	calmLasts = 500 * time.Millisecond
	// recoveryMax is how long a broker may take, once the disk has room again, to
	// open partitions for which it had none: it looks every second at least.
	recoveryMax = 2 * time.Second
	// endPatience is how long what follows may take in a healed world.
	endPatience = 5 * time.Minute
	// restLasts is how long a broker without clients has to put everything away.
	restLasts = 3 * time.Second
	// stopPoll is how often the broker looks whether it is to stop.
	stopPoll = 50 * time.Millisecond
)

// Run is one run in the making.
type Run struct {
	world  *sim.World
	shape  *shape
	broker *sim.Node
	// shard0 is that of the broker's present process.
	shard0 *broker.Shard
	record recorder
	// first is the record of the first life of a run that has two; see life.go.
	first  *recorder
	ledger *ledger
	// groups are the consumer groups, groupRecord what their members write down; phase is
	// what they do, and watch looks after them. All are empty in a run without groups.
	groups      []*group
	groupRecord *member.Record
	phase       phase
	watch       *watcher
	// producerIDs are all that were given away.
	producerIDs []kafka.ProducerID
	actors      []*actor
	scan        *scanner
	// ready: the first topics exist. calm: the faults are over. stopping: no
	// more operations. halt: the broker is to stop in good order.
	ready, calm, stopping, halt bool
	// startsAtCalm is how often the broker had been started when the faults ended.
	startsAtCalm int
	// endRotted is what lossExcused says.
	endRotted bool
	// journalGone is set once somebody has removed the journals.
	journalGone bool
	// healthySince is when everything must work again.
	healthySince check.Event
}

// Result is what a run came to.
type Result struct {
	Report *sim.Report
	// Verdict is that of the history and of the run as a whole.
	Verdict check.Result
	// Open says what keeps an undecided run from a pass.
	Open []string
	// Shape says what the run was made of.
	Shape string
	// Operations is how many operations the history has.
	Operations int
	// Searched is how much of the history had a second opinion.
	Searched check.Searched
}

// Do makes the run of a config. The same config gives the same result.
func Do(c sim.Config) *Result {
	s, err := drawShape(c.Seed)
	if err != nil {
		return &Result{Verdict: check.Fail, Report: &sim.Report{Seed: c.Seed,
			Failure: &sim.Failure{Who: "campaign", Reason: err.Error()}}}
	}
	c.Faults = s.faults(c.Faults)
	r := &Run{world: sim.New(c), shape: s, ledger: newLedger()}
	r.broker = r.world.AddNode(brokerName, s.shards, r.boot)
	r.broker.Disk().Spare = unguarded
	r.addActors()
	return r.live()
}

// Runner is Do for sim.Shrink and sim.RunTwice: an undecided run counts as
// failed.
func Runner(c sim.Config) *sim.Report {
	result := Do(c)
	if result.Verdict == check.Undecided && result.Report.Failure == nil {
		result.Report.Failure = &sim.Failure{Who: "check", Reason: "undecided: " + result.Open[0]}
	}
	return result.Report
}

// boot is the broker's program.
func (r *Run) boot(w *env.World) {
	if w.Shards.Self() == 0 {
		r.recoveryBegins()
	}
	shard := broker.Boot(w, broker.Config{Static: r.shape.static, Journal: r.shape.journal,
		Ready: func(_ []config.Listener, report broker.Report) {
			for _, err := range report.Offline {
				w.Trace.Event("is offline", err.Error(), 0, 0)
			}
		}})
	if shard == nil || w.Shards.Self() != 0 {
		return
	}
	r.shard0 = shard
	w.Loop.Spawn("wait for the order to stop", func(t *task.Task) {
		for !r.halt {
			t.Sleep(stopPoll)
		}
		shard.Stop(func(bool) {
			r.halt = false
			w.Halt(nil)
		})
	})
}

func (r *Run) addActors() {
	add := func(count int, name string, make func(a *actor) role) {
		for i := range count {
			r.addActor(fmt.Sprintf("%s-%d", name, i+1), make)
		}
	}
	add(r.shape.admins, "admin", newAdmin)
	add(r.shape.idempotent, "idempotent", newIdempotent)
	add(r.shape.plain, "plain", newPlain)
	add(r.shape.consumers, "consumer", newConsumer)
	add(r.shape.pests, "pest", newPest)
	r.addGroups()
	r.scan = newScanner(r)
	if r.shape.groups != nil {
		r.watch = newWatcher(r)
	}
}

// live is the whole of a run, from the first topic to the verdict.
func (r *Run) live() *Result {
	w := r.world
	r.setup()
	if !r.calm {
		w.Unleash(r.broker)
		r.agePeriodically()
		w.RunFor(r.shape.lasts)
		r.heal()
	}
	w.RunFor(calmLasts)
	if r.shape.forgets() {
		// Partitions have recovered by then, and there are writes to be lost.
		w.RunFor(recoveryMax)
	}
	r.stopping, r.phase = true, phaseSettle
	r.await("the clients end", endPatience, r.allDone)
	r.settleGroups()
	r.restGroups()
	if !r.shape.forgets() {
		w.RunFor(recoveryMax)
	}
	r.healthySince = check.Event(r.record.stamp())
	r.lookOnce()
	if !r.shape.forgets() { // a broker that rests has nothing left to lose
		w.RunFor(restLasts)
		r.checkRest()
	}
	r.endBy(r.shape.ending)
	if r.shape.forgets() && r.world.Failure() == nil {
		r.liveAgain()
	}
	r.returnGroups()
	r.lookOnce()
	if r.groups != nil {
		r.endGroups()
	}
	if r.refused() {
		r.allGone()
	} else if r.journalGone && r.shape.ending != endsWithStop {
		w.Fail(brokerName, "it starts without the journals that it needs")
	}
	return r.conclude()
}

// setup has the first topics made. A fault may keep them from it for as long as the
// world has not healed, such as a page of the journal that cannot be read: then it
// heals before anything else has happened.
func (r *Run) setup() {
	ready := func() bool { return r.ready }
	r.world.RunWhile(r.world.Now().Plus(setupLasts), func() bool { return !r.ready })
	if !r.ready {
		r.heal()
	}
	r.await("the first topics are made", setupPatience, ready)
}

// heal ends the faults.
func (r *Run) heal() {
	r.world.Calm()
	r.startsAtCalm = r.broker.Incarnations()
	r.calm = true
}

// conclude judges what the clients saw.
func (r *Run) conclude() *Result {
	w, s := r.world, r.shape
	result := &Result{Shape: s.String(), Operations: r.record.operations}
	if w.Failure() == nil {
		search := check.Search{Seed: s.seed, OperationsMax: searchOperationsMax,
			Patience: searchPatience}
		verdict, searched := r.record.judge(r.ledger, search, s.tombstonesStay)
		if r.first != nil {
			first, more := r.first.judge(r.ledger, search, s.tombstonesStay)
			verdict.Add(first)
			searched.Add(more)
		}
		if r.groups != nil {
			judged, more := r.judgeGroups(search)
			verdict.Add(judged)
			searched.Add(more)
		}
		result.Searched = searched
		if r.lossExcused() {
			verdict = excuse(verdict)
		}
		result.Verdict, result.Open = verdict.Result, verdict.Open
		if verdict.Result == check.Fail {
			w.Fail("check", verdict.String())
		}
	}
	waits := r.stories()
	result.Report = w.Close()
	if f := result.Report.Failure; f != nil {
		f.Detail = s.String() + waits + "\n" + f.Detail
		result.Verdict = check.Fail
	}
	return result
}

// await lets the world run until something holds. A failure of the disk is the
// broker's to recover from, so what is awaited must come.
func (r *Run) await(what string, limit time.Duration, holds func() bool) {
	until := r.world.Now().Plus(limit)
	r.world.RunWhile(until, func() bool {
		return !holds() && !r.refused() && !r.startsInVain()
	})
	if r.startsInVain() && r.world.Failure() == nil {
		r.world.Fail(brokerName, fmt.Sprintf("it starts again and again: %v", r.broker.LastWord()))
	}
	if r.refused() {
		r.broker.KeepDown()
	}
	if r.world.Failure() != nil || holds() || r.refused() {
		return
	}
	r.world.Fail("world", fmt.Sprintf("after %v it is still not so that %s", limit, what))
}

// startsMax is how often a broker may start in a healed world: what a disk did
// before may end a few processes yet, and a cut fault is no reason to loop.
const startsMax = 100

// startsInVain reports whether the broker has started so often, in a world that
// has healed, that it never will.
func (r *Run) startsInVain() bool {
	return r.calm && r.broker.Incarnations() > r.startsAtCalm+startsMax &&
		!(r.shape.rot && tellsOfRot(r.broker.LastWord()))
}

// stories tells what every task of the broker waits for.
func (r *Run) stories() string {
	text := "\nwhat the broker's tasks wait for:"
	if last := r.broker.LastWord(); last != nil {
		text += "\n  the last word of an earlier process: " + last.Error()
	}
	for _, story := range r.broker.Stories() {
		text += "\n  " + story
	}
	return text
}

// allDone reports whether every client has ended but for those in groups, which have
// something left to do as long as there may be something to read.
func (r *Run) allDone() bool {
	for _, a := range r.actors {
		if _, grouped := a.role.(*groupClient); !a.done && !grouped {
			return false
		}
	}
	return true
}

// lookOnce has the scanner read everything there is.
func (r *Run) lookOnce() {
	r.scan.begin()
	r.await("everything was read once", endPatience, func() bool { return !r.scan.wanted })
}

// checkRest looks for what a broker without clients still holds.
func (r *Run) checkRest() {
	if r.world.Failure() != nil {
		return
	}
	if r.broker.Connections() > 0 {
		return // to clients that are gone without a word; what they sent is half a frame
	}
	if held := r.broker.Buffered(); held != 0 {
		r.world.Fail(brokerName, fmt.Sprintf("%d bytes of requests were never released", held))
	}
}

// endBy ends the broker and has it come back.
func (r *Run) endBy(how ending) {
	if r.world.Failure() != nil {
		return
	}
	before := r.broker.Incarnations()
	if r.shape.rotAtRest > 0 && r.first == nil {
		r.broker.Disk().Rot(r.shape.rotAtRest)
	}
	r.world.Trace().Alarm(trace.Note{At: r.world.Now(), Who: brokerName, Kind: "ends by",
		Subject: how.String()})
	switch how {
	case endsWithKill:
		r.broker.Kill()
	case endsWithPowerLoss:
		// The disk has healed, and yet its cache does not outlive the power.
		r.world.Plan().During(r.broker.PowerLoss)
	case endsWithStop:
		r.halt = true
		if r.shape.cutsAfterStop {
			r.await("the broker stops", endPatience, func() bool { return !r.broker.Up() })
			r.world.Plan().During(r.broker.Disk().PowerLoss)
			r.scan.world.Trace.Sometimes(cutAfterStop, true)
		}
	}
	if r.shape.losesJournal {
		r.await("the broker stops", endPatience, func() bool { return !r.broker.Up() })
		r.journalGone = r.broker.Disk().RemoveAll("journal")
	}
	r.await("the broker starts again", endPatience,
		func() bool { return r.broker.Incarnations() > before })
}

// Everything are the faults of a usual run.
func Everything() fault.Set { return fault.Everything() }
