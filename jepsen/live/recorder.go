package live

import (
	"sync"

	"odradek/core/kafka"
	"odradek/jepsen/check"
	"odradek/jepsen/check/groups"
)

// recorder writes the history of a run. Its methods may be called by all
// clients at once.
type recorder struct {
	mutex      sync.Mutex
	events     check.Event
	operations int
	history    check.History
	// consumed is what consumer groups did, and commitsAcknowledged how many of their
	// commits were answered with yes.
	consumed            groups.History
	commitsAcknowledged int
	// acknowledged counts the produces that were answered with yes, failed
	// those of which nobody knows.
	acknowledged, unknown int
	// broken are promises that a client noticed to be broken by itself, such as
	// an idempotent producer that was told of a lost record.
	broken []string
}

// now numbers a call or a return.
func (r *recorder) now() check.Event {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.events++
	return r.events
}

// operation is one that was called then and is answered now. The mutex is held.
func (r *recorder) operation(process int, call check.Event) check.Operation {
	r.events++
	r.operations++
	return check.Operation{ID: r.operations, Process: process, Call: call, Return: r.events,
		Outcome: check.OK}
}

// produced records the outcome of one record.
func (r *recorder) produced(process int, call check.Event, p check.Produce, err error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	p.Operation = r.operation(process, call)
	r.acknowledged++
	if err != nil {
		// It may have been written, or be written yet.
		p.Outcome, p.Return, p.Base = check.Unknown, check.Never, kafka.NoOffset
		r.acknowledged--
		r.unknown++
	}
	r.history.Produces = append(r.history.Produces, p)
}

func (r *recorder) fetched(process int, call check.Event, f check.Fetch) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	f.Operation = r.operation(process, call)
	r.history.Fetches = append(r.history.Fetches, f)
}

func (r *recorder) listed(process int, call check.Event, l check.ListOffsets) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	l.Operation = r.operation(process, call)
	r.history.Lists = append(r.history.Lists, l)
}

func (r *recorder) scanned(process int, call check.Event, s check.Scan) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	s.Operation = r.operation(process, call)
	r.history.Scans = append(r.history.Scans, s)
}

// breaks records what a client found to be broken.
func (r *recorder) breaks(sentence string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.broken = append(r.broken, sentence)
}

// counts are how many produces were acknowledged, and of how many nobody knows.
func (r *recorder) counts() (acknowledged, unknown int) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.acknowledged, r.unknown
}

// judge holds the history against every check. All clients have ended.
func (r *recorder) judge() check.Verdict {
	verdict := check.Run(&r.history)
	verdict.Add(r.judgeGroups())
	for _, sentence := range r.broken {
		verdict.Result = check.Fail
		verdict.Violations = append(verdict.Violations,
			check.Violation{Check: "client", Sentence: sentence})
	}
	return verdict
}
