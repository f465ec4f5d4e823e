package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"odradek/cmd/conformance/history"
)

const (
	// memberSession is the shortest that brokers let members have: what a member that
	// was killed owned is without an owner for that long.
	memberSession = 6 * time.Second
	// memberHeartbeat is how soon members learn of a rebalance.
	memberHeartbeat = 500 * time.Millisecond
	// memberRebalance is how long they may take to come back in one, on a machine that
	// is busy starting others.
	memberRebalance = 30 * time.Second
	// memberEnd is how long a member may take to commit and leave when it is told to.
	memberEnd = 30 * time.Second
	// memberNotes is how many lines that are no events are kept of a member, for a report.
	memberNotes = 20
)

// The protocols of groups, as group.protocol names them.
const (
	classicProtocol  = "classic"
	consumerProtocol = "consumer"
)

// memberProgram is a client that can be a member of a group.
type memberProgram struct {
	name string
	// protocols are those that it speaks.
	protocols []string
	// silent: it does not say what it is assigned.
	silent bool
	// drops: told to end, it commits one record more than it prints, and so it is
	// killed instead as long as there are records.
	drops bool
	// command is what to run to be a member with a protocol.
	command func(topic, group, protocol string) []string
	// translate reads a line that it prints. It may be several events.
	translate func(line string, topic string) []history.Event
}

// chatter is what clients print that tells nothing: empty lines, kcat's ends of
// partitions, what the verifiable consumer says beside events, its advertisement.
var chatter = regexp.MustCompile(`^\s*$|^% Reached end|^{"timestamp"|KIP-848`)

// member is a process that is in a group.
type member struct {
	program *memberProgram
	name    string
	process *exec.Cmd
	done    chan struct{} // closed when the process has ended and all it said was read
	end     error         // how the process ended; after done

	lock  sync.Mutex
	told  history.Member
	notes []string // the last lines that are no events
}

// startMember runs a client.
func startMember(p *memberProgram, name, topic, group, protocol string) (*member, error) {
	arguments := p.command(topic, group, protocol)
	m := &member{program: p, name: name, done: make(chan struct{}),
		process: exec.Command(arguments[0], arguments[1:]...),
		told:    history.Member{Name: name, Silent: p.silent, Started: millis(time.Now())}}
	// One pipe for both, so that kcat's lines stay in order.
	in, out, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	m.process.Stdout, m.process.Stderr = out, out
	err = m.process.Start()
	if closed := out.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", name, err), in.Close())
	}
	go m.follow(in, topic)
	return m, nil
}

// follow reads what the member says until it ends.
func (m *member) follow(in io.ReadCloser, topic string) {
	defer close(m.done)
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		events := m.program.translate(lines.Text(), topic)
		m.lock.Lock()
		m.told.Events = append(m.told.Events, events...)
		if len(events) == 0 && !chatter.MatchString(lines.Text()) {
			m.notes = append(m.notes, lines.Text())
			m.notes = m.notes[max(0, len(m.notes)-memberNotes):]
		}
		m.lock.Unlock()
	}
	_ = in.Close() // it was read to its end
	m.end = m.process.Wait()
}

// kill ends the member as kill -9 does.
func (m *member) kill() {
	_ = m.process.Process.Kill() // an error means that it has ended already
	<-m.done
}

// stop tells the member to commit and leave.
func (m *member) stop() error {
	if m.ended() {
		return fmt.Errorf("%s had ended before (%w); it said: %s", m.name, m.end, m.said())
	}
	if err := m.process.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop %s: %w", m.name, err)
	}
	select {
	case <-m.done:
		return nil
	case <-time.After(memberEnd):
		m.kill()
		return fmt.Errorf("%s was told to end, and did not; it said: %s", m.name, m.said())
	}
}

func (m *member) ended() bool {
	select {
	case <-m.done:
		return true
	default:
		return false
	}
}

// said is the end of what it printed beside events.
func (m *member) said() string {
	m.lock.Lock()
	defer m.lock.Unlock()
	return excerpt(strings.Join(m.notes, "\n"))
}

// history is a copy of what it told so far.
func (m *member) history() history.Member {
	m.lock.Lock()
	defer m.lock.Unlock()
	told := m.told
	told.Events = append([]history.Event(nil), m.told.Events...)
	return told
}

// consumed is how many records it has consumed so far.
func (m *member) consumed() int {
	m.lock.Lock()
	defer m.lock.Unlock()
	count := 0
	for _, e := range m.told.Events {
		if e.Kind == history.Consumed {
			count++
		}
	}
	return count
}

// waitFor asks again and again until something holds, and tells what was missing if
// it does not in time.
func waitFor(ctx context.Context, patience time.Duration, holds func() error) error {
	end := time.Now().Add(patience)
	for {
		err := holds()
		if err == nil {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("after %v: %w", patience, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
