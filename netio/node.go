package netio

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"odradek/core/env"
	"odradek/core/task"
)

// shardsMax bounds the shards of a node; mailboxes cost memory for each pair.
const shardsMax = 256

// Disk is a log directory as one shard sees it, which the shard closes when it
// ends, after its last task.
type Disk interface {
	env.Disk
	Close()
}

// Config says what node to start.
type Config struct {
	// Shards is how many threads serve it, 1 or more.
	Shards int
	// OpenDisk opens the shard's handle of the log directory. It is called on
	// the shard's thread before Boot. Nil: worlds without a disk.
	OpenDisk func(s *Shard) (Disk, error)
	// Boot builds the shard's logic: it spawns tasks, listens, sets who gets
	// mail. It is called on the shard's thread; the shards boot at the same
	// time, and mail between them waits until its receiver called Receive.
	Boot func(w *env.World)
}

// Node is a running set of shards. Its methods may be called by any thread.
type Node struct {
	count     int
	start     time.Time
	seed      *random
	openDisk  func(s *Shard) (Disk, error)
	shards    []*Shard
	listeners listeners
	running   sync.WaitGroup

	mutex sync.Mutex
	cause error
}

// Start boots a node. It returns when its threads run; what goes wrong later,
// opening the disk included, is returned by Wait.
func Start(c Config) (*Node, error) {
	if c.Shards < 1 || c.Shards > shardsMax {
		return nil, fmt.Errorf("%d shards: a node has 1 to %d", c.Shards, shardsMax)
	}
	if c.Boot == nil {
		return nil, errors.New("a node needs something to boot")
	}
	// A shard's thread may hold its P while it waits in the kernel for a moment;
	// the collector, the disk's workers and signals need one beside them.
	if runtime.GOMAXPROCS(0) < c.Shards+1 {
		runtime.GOMAXPROCS(c.Shards + 1)
	}
	n := &Node{
		count: c.Shards, start: time.Now(), seed: newRandom(freshSeed()), openDisk: c.OpenDisk,
	}
	for i := range c.Shards {
		s, err := newShard(n, i)
		if err != nil {
			for _, made := range n.shards {
				made.release()
			}
			return nil, fmt.Errorf("start shard %d: %w", i, err)
		}
		n.shards = append(n.shards, s)
	}
	n.running.Add(c.Shards)
	for _, s := range n.shards {
		go s.run(c.Boot) // ends with Stop, Halt or a failure; Wait joins it
	}
	return n, nil
}

// Shard returns a shard, for its Post: signals, and what a starter wants of the
// logic, have to get onto its thread.
func (n *Node) Shard(index int) *Shard { return n.shards[index] }

// Stop ends the node: every connection's door is told ErrClosed, the tasks are
// cancelled. It returns at once; Wait returns when it is done.
func (n *Node) Stop() { n.stopAll() }

// Wait returns when all threads of the node have ended: nil after Stop, *Halted
// after World.Halt, *Failure after a panic, or the error of opening the disk.
func (n *Node) Wait() error {
	n.running.Wait()
	return n.failure()
}

func (n *Node) stopAll() {
	for _, s := range n.shards {
		s.stop.Store(true)
		s.waker.wake()
	}
}

// fail keeps the first failure: the others follow from it.
func (n *Node) fail(err error) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if n.cause == nil {
		n.cause = err
	}
}

func (n *Node) failure() error {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	return n.cause
}

// Halted is why a node ended that gave itself up.
type Halted struct {
	// Reason is what World.Halt was called with.
	Reason error
}

// Error gives the node's last words.
func (h *Halted) Error() string { return fmt.Sprintf("the node gave up: %v", h.Reason) }

// Unwrap gives the reason.
func (h *Halted) Unwrap() error { return h.Reason }

// Failure is why a node ended on whose thread something panicked.
type Failure struct {
	// Shard is whose thread it was.
	Shard int
	// Value is what it panicked with; *task.Failure when a task did.
	Value any
	// Stack is the thread's stack; a task's own is in Value.
	Stack []byte
	// Stories are the tasks of the shard at that moment, oldest first.
	Stories []string
}

// Error tells what happened, where, and what else the shard was doing.
func (f *Failure) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "shard %d failed: %v\n", f.Shard, f.Value)
	var failed *task.Failure
	if err, ok := f.Value.(error); !ok || !errors.As(err, &failed) {
		text.Write(f.Stack)
	}
	const storiesMax = 50 // enough to see what is going on, not a screenful of fetches
	for i, story := range f.Stories {
		if i == storiesMax {
			fmt.Fprintf(&text, "... and %d more tasks\n", len(f.Stories)-i)
			break
		}
		fmt.Fprintf(&text, "  %s\n", story)
	}
	return text.String()
}

// Unwrap gives the panic's value when it was an error.
func (f *Failure) Unwrap() error {
	err, _ := f.Value.(error)
	return err
}
