package journal

import (
	"errors"
	"fmt"
	"hash/crc32"
	"slices"

	"odradek/core/assert"
	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// Errors of Ready.
var (
	// ErrCongested: too much waits to be committed, or the files are full and
	// none has been given up yet. Wait with AwaitReady.
	ErrCongested = errors.New("the journal is congested")
	// ErrTooLarge: the entry is larger than the journal takes; see Options.
	ErrTooLarge = errors.New("the entry is too large for the journal")
)

// ErrCorrupt: the journal is not what was written. Nothing is repaired.
var ErrCorrupt = errors.New("corrupt journal")

// Journal is the one durable order of events of a shard. All of its methods
// are called on the shard's loop.
type Journal struct {
	disk    env.Disk
	loop    *task.Loop
	options Options
	shard   uint32
	table   *crc32.Table

	// filling takes entries; full waits for the committer, oldest first; idle
	// frames are kept for ever, as their buffers can't be freed.
	filling *frame
	full    []*frame
	idle    []*frame
	frames  uint64
	// mark is the frame without entries that ends a file.
	mark *frame
	// stagedBytes is the size of what waits or is being written, padded.
	stagedBytes int64

	// appended and committed are the last sequences staged and durable:
	// committed <= appended.
	appended  Sequence
	committed Sequence
	failed    error
	// unsealed is set when the last commit holds events: no frame behind it says
	// that it was whole.
	unsealed bool

	current *journalFile
	// used files are full and still needed, oldest first; ready ones are free.
	used       []*journalFile
	ready      []*journalFile
	generation uint64
	named      int
	// noSpace is set when a file could not be made; it is tried again after
	// the next recycling.
	noSpace bool
	// queue are the tickets of those who wait for room, oldest first. granted is the
	// size of the entry that the last of them to leave is about to stage: it does not
	// wait for those behind it.
	queue   []uint64
	tickets uint64
	granted int64
	// refused is the size of the largest entry that was refused for want of
	// room since a file was given up: room is made for it.
	refused int64
	// givingUp is set while the janitor waits for a commit in order to give a
	// file up.
	givingUp bool

	writers writers
	wanted  []*Writer

	unique uint64

	onCommit  []func()
	onFailure []func(error)

	// work wakes the committer, changed those who await a commit, janitor the
	// background task, files those who wait for a file or for room.
	work    task.Signal
	changed task.Signal
	janitor task.Signal
	files   task.Signal
	tasks   []task.Handle
}

// Options size a journal. Zero values mean the defaults.
type Options struct {
	// Run is what Begin returned: every journal of a node's run has the same.
	Run Run
	// FileBytes is the size of a journal file, a multiple of env.BlockSize. No
	// entry may be larger than half of it.
	FileBytes int64
	// FilesMax is how many files a shard may have, unless the States of its logs
	// need more: see room.go. Beyond it, or when the disk is full, appends are
	// refused until a file is given up.
	FilesMax int
	// CommitBytes is the size of a staging buffer, and so of a usual commit.
	CommitBytes int
	// StagedBytesMax bounds what waits to be committed.
	StagedBytesMax int64
}

const (
	// defaultFileBytes holds a few hundred commits under load, so that giving
	// up a file (a sync of each log that wrote) is a rare event.
	defaultFileBytes = 64 << 20
	// defaultFilesMax lets half a gigabyte be journaled before the segments
	// must have followed.
	defaultFilesMax = 8
	// defaultCommitBytes: the device is saturated by writes of this size.
	defaultCommitBytes = 4 << 20
	// defaultStagedBytesMax is a few commits more than the disk is busy with.
	defaultStagedBytesMax = 64 << 20
	// filesMin are made at Open: one to fill, one to go on in.
	filesMin = 2
	// filesSpare is how many files more than are needed are kept, so that a need
	// that comes and goes does not make and remove files all the time.
	filesSpare = 2
)

func (o Options) withDefaults() Options {
	if o.FileBytes == 0 {
		o.FileBytes = defaultFileBytes
	}
	if o.FilesMax == 0 {
		o.FilesMax = defaultFilesMax
	}
	if o.CommitBytes == 0 {
		o.CommitBytes = int(min(defaultCommitBytes, o.FileBytes/4))
	}
	if o.StagedBytesMax == 0 {
		o.StagedBytesMax = max(min(defaultStagedBytesMax, o.FileBytes), int64(2*o.CommitBytes))
	}
	return o
}

// check finds options that cannot work; they are the broker's, so it asserts.
func (o Options) check() {
	assert.That(o.FileBytes%env.BlockSize == 0 && o.FileBytes >= 8*env.BlockSize,
		"a journal file is at least 8 whole blocks")
	assert.That(o.CommitBytes%env.BlockSize == 0 && o.CommitBytes > 0,
		"a staging buffer is whole blocks")
	assert.That(int64(o.CommitBytes) <= o.FileBytes/2, "a commit takes at most half a file")
	assert.That(o.FilesMax > filesMin, "one file fills, one is full, one is given up")
}

// Open makes a shard's journal ready for a run that Begin has begun. It takes
// over what files the shard had, makes more, and starts the journal's tasks.
func Open(
	t *task.Task, disk env.Disk, loop *task.Loop, shard int, options Options,
) (*Journal, error) {
	options = options.withDefaults()
	options.check()
	assert.That(options.Run.Number > 0, "a journal is opened in a run that was begun")
	j := &Journal{
		disk: disk, loop: loop, options: options, shard: uint32(shard), table: castagnoli(),
	}
	if err := j.openFiles(t); err != nil {
		return nil, fmt.Errorf("open the journal of shard %d: %w", shard, err)
	}
	for range 2 {
		j.idle = append(j.idle, &frame{bytes: disk.Buffer(options.CommitBytes)})
	}
	j.mark = &frame{bytes: disk.Buffer(env.BlockSize)}
	j.filling = j.takeFrame(0)
	j.tasks = append(j.tasks,
		loop.Spawn(fmt.Sprintf("journal %d: commit", shard), j.commitLoop),
		loop.Spawn(fmt.Sprintf("journal %d: files", shard), j.janitorLoop))
	return j, nil
}

// Append stages an entry that belongs to no Writer: for events that somebody
// else keeps a copy of, since nobody is asked before its file is given up.
func (j *Journal) Append(e Entry) Sequence {
	if j.failed != nil {
		return never
	}
	return j.stage(&e)
}

// Ready reports whether an entry with so much data may be staged now: nil,
// ErrCongested, ErrTooLarge, or the error the journal has failed with. Those who
// wait for room come first.
func (j *Journal) Ready(dataBytes int) error {
	size := sizeOf(dataBytes)
	if len(j.queue) > 0 && size > j.granted && j.failed == nil {
		return ErrCongested
	}
	return j.roomFor(size)
}

// sizeOf is what an entry with so much data takes of a file, in a commit of its own.
func sizeOf(dataBytes int) int64 {
	return int64(padded(frameHeaderSize + entryHeaderSize + dataBytes))
}

// roomFor is Ready for who is first in the queue.
func (j *Journal) roomFor(size int64) error {
	if j.failed != nil {
		return j.failed
	}
	if size > j.options.FileBytes/2 {
		return ErrTooLarge
	}
	if j.stagedBytes+size > j.options.StagedBytesMax {
		return ErrCongested
	}
	if j.room(size) < j.stagedBytes+size+j.reserve() {
		j.refused = max(j.refused, size)
		j.janitor.Broadcast()
		return ErrCongested
	}
	return nil
}

// AwaitReady waits until Ready is not ErrCongested; task.ErrDeadline if the
// deadline passes first. Nobody who comes later is given room before: small entries
// would else take it, bit by bit, from under a large one. The entry must be staged
// before the task waits again.
func (j *Journal) AwaitReady(t *task.Task, dataBytes int, deadline kafka.Instant) error {
	if err := j.Ready(dataBytes); !errors.Is(err, ErrCongested) {
		return err
	}
	j.tickets++
	ticket := j.tickets
	j.queue = append(j.queue, ticket)
	defer j.leaveQueue(ticket)
	for {
		if err := j.files.Wait(t, deadline, "room in the journal"); err != nil {
			return err
		}
		if j.queue[0] != ticket && j.failed == nil {
			continue
		}
		if err := j.roomFor(sizeOf(dataBytes)); !errors.Is(err, ErrCongested) {
			j.granted = sizeOf(dataBytes)
			return err
		}
	}
}

// leaveQueue lets the next one who waits for room have a look.
func (j *Journal) leaveQueue(ticket uint64) {
	j.queue = slices.DeleteFunc(j.queue, func(t uint64) bool { return t == ticket })
	j.files.Broadcast()
}

// Unique returns a number that no other call returns, on any shard, in any run
// of the log directory: the run in the upper 24 bits, then 10 of the shard and
// 30 of a counter. It does not lean on randomness, which a simulated node may
// have again after a restart.
func (j *Journal) Unique() uint64 {
	j.unique++
	assert.That(j.unique < 1<<30 && j.shard < 1<<10, "unique numbers have not run out")
	return j.options.Run.Number<<40 | uint64(j.shard)<<30 | j.unique
}

// Appended is the last sequence staged.
func (j *Journal) Appended() Sequence { return j.appended }

// Committed is the last sequence that is durable.
func (j *Journal) Committed() Sequence { return j.committed }

// Await waits until sequence is durable. It returns the error the journal has
// failed with, or task.ErrDeadline.
func (j *Journal) Await(t *task.Task, sequence Sequence, deadline kafka.Instant) error {
	for j.committed < sequence {
		if j.failed != nil {
			return j.failed
		}
		if err := j.changed.Wait(t, deadline, "a journal commit"); err != nil {
			return err
		}
	}
	return nil
}

// OnCommit registers a function to be called after each group commit, on the
// loop, after the logs were told. It must not wait.
func (j *Journal) OnCommit(fn func()) { j.onCommit = append(j.onCommit, fn) }

// OnFailure registers a function to be called once when the journal fails.
func (j *Journal) OnFailure(fn func(error)) { j.onFailure = append(j.onFailure, fn) }

// Failed is why the journal has stopped for good, or nil. It wraps env.ErrIO
// unless the disk gave another reason.
func (j *Journal) Failed() error { return j.failed }

// Fail stops the journal for good: nothing is committed any more, so nothing
// is acknowledged. A log calls it when a sync of its own has failed: what the
// pages held is unknown from then on, and trying again would succeed without
// having written them. The first reason stays.
func (j *Journal) Fail(reason error) {
	if j.failed != nil {
		return
	}
	if !errors.Is(reason, env.ErrIO) {
		reason = fmt.Errorf("%w: %w", env.ErrIO, reason)
	}
	j.failed = reason
	j.changed.Broadcast()
	j.files.Broadcast()
	j.work.Broadcast()
	j.janitor.Broadcast()
	for _, fn := range j.onFailure {
		fn(reason)
	}
}

// Close waits until everything staged is durable and sealed, then ends the
// journal's tasks. Logs are closed before it.
func (j *Journal) Close(t *task.Task) error {
	err := j.Await(t, j.appended, kafka.Never)
	if err == nil && j.unsealed {
		err = j.Await(t, j.stage(&Entry{Kind: Nothing}), kafka.Never)
	}
	for _, handle := range j.tasks {
		handle.Cancel()
	}
	j.closeFiles()
	return err
}

// stage puts an entry into the filling frame, beginning another when full.
func (j *Journal) stage(e *Entry) Sequence {
	j.granted = 0
	if !j.filling.fits(len(e.Data)) {
		if j.filling.entries > 0 {
			j.full = append(j.full, j.filling)
		} else {
			j.idle = append(j.idle, j.filling)
		}
		j.filling = j.takeFrame(len(e.Data))
	}
	before := padded(j.filling.used)
	if j.filling.entries == 0 {
		before = 0
		j.work.Notify()
	}
	j.filling.add(e, j.table)
	j.stagedBytes += int64(padded(j.filling.used) - before)
	j.appended++
	return j.appended
}

// takeFrame finds an idle frame that holds so much data, or makes one.
func (j *Journal) takeFrame(dataBytes int) *frame {
	need := padded(frameHeaderSize + entryHeaderSize + dataBytes)
	j.frames++
	for i := len(j.idle) - 1; i >= 0; i-- {
		f := j.idle[i]
		if len(f.bytes) >= need {
			j.idle = append(j.idle[:i], j.idle[i+1:]...)
			f.begin(j.frames, j.appended+1)
			return f
		}
	}
	f := &frame{bytes: j.disk.Buffer(max(need, j.options.CommitBytes))}
	f.begin(j.frames, j.appended+1)
	return f
}
