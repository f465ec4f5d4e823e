package log

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"odradek/core/batch"
	"odradek/core/env"
	"odradek/core/journal"
	"odradek/core/kafka"
	"odradek/core/order"
	"odradek/core/task"
)

// Recovered is what Recover found in a log directory.
type Recovered struct {
	// Journal says what the journals held.
	Journal journal.Summary
	// Logs are the partitions, by topic id and partition.
	Logs []*RecoveredLog
	// Leftovers are directories that deletions or creations left unfinished:
	// give them to RemoveLeftover.
	Leftovers []string
	// Strays are directories named like a partition's that could not be told
	// whose they are. They are left alone.
	Strays []string
	// Missing are logs that have records in the journal but no directory. They
	// stay missing in the runs to come: who made them anew would hide the loss.
	Missing []kafka.TopicPartition
	// missing is what is known of them: it is kept from run to run.
	missing []*RecoveredLog
	// Spent is how long it took.
	Spent Spent
}

// Spent is where a recovery's time went.
type Spent struct {
	// Replay went into reading the journals, and putting into the files what
	// they have beyond them.
	Replay time.Duration
	// Logs went into finding the logs, looking at their files and making those
	// durable that need it.
	Logs time.Duration
}

// RecoveredLog is one log, ready to be opened.
type RecoveredLog struct {
	Topic     string
	Partition kafka.TopicPartition
	Dir       string
	// Err is why the log must stay offline, or nil. It wraps ErrCorrupt and
	// says which file and where.
	Err error

	state state
	// stateBytes is how long the State is that Begin wrote.
	stateBytes int
	// known is set when the journal or its base has a State of the log,
	// deleted when the log was deleted after that.
	known   bool
	deleted bool
	// newest is the log's newest entry that did something to its files: it is
	// pending when it is above state.syncedSequence.
	newest journal.Sequence
	// bases are the base offsets of the log's segments, and start is its
	// logStartOffset, when all of the journal is taken into account.
	bases []kafka.Offset
	start kafka.Offset
	// live is the log's state as far as replay has come; chain its files once
	// they had to be opened.
	live  state
	chain *chain
	// touched is set when files were changed or may not be durable.
	touched bool
}

// LogStartOffset is the first offset of the recovered log.
func (r *RecoveredLog) LogStartOffset() kafka.Offset { return r.state.logStartOffset }

// LogEndOffset is the end of the recovered log.
func (r *RecoveredLog) LogEndOffset() kafka.Offset { return r.state.end.offset }

func (r *RecoveredLog) pending() bool { return r.newest > r.state.syncedSequence }

// Find returns a partition's log.
func (r *Recovered) Find(partition kafka.TopicPartition) (*RecoveredLog, bool) {
	i, ok := slices.BinarySearchFunc(r.Logs, partition,
		func(l *RecoveredLog, p kafka.TopicPartition) int { return l.Partition.Compare(p) })
	if !ok {
		return nil, false
	}
	return r.Logs[i], true
}

// Recover makes the log directory whole again after the last run, however it
// ended: it gives the segments what the journals have beyond them, and makes
// everything durable. It is called once at boot, before Begin and before any
// shard opens a log. It changes nothing that a second call would miss, so it may
// itself be cut short.
//
// A corrupted journal, and a log whose files are damaged while the journal has
// records for it that can't be put anywhere, are errors: the node must not
// start, or it would lose what it has acknowledged.
func Recover(t *task.Task, disk env.Disk) (*Recovered, error) {
	r := &recovery{
		disk: disk, task: t, found: &Recovered{},
		logs: order.NewMap[kafka.TopicPartition, *RecoveredLog](kafka.TopicPartition.Compare),
	}
	if err := r.run(); err != nil {
		return nil, fmt.Errorf("recover the log directory: %w", err)
	}
	return r.found, nil
}

// Begin begins the next run of the node's journals with the recovered logs.
func (r *Recovered) Begin(
	t *task.Task, disk env.Disk, salt uint64, shards int,
) (journal.Run, error) {
	return journal.Begin(t, disk, r.Journal, salt, shards, r.states())
}

// states yields a State for each log, also for those that are missing. Entries
// of the run that ended do not count any more, so none is pending.
func (r *Recovered) states() iter.Seq[journal.Entry] {
	return func(yield func(journal.Entry) bool) {
		for _, l := range slices.Concat(r.Logs, r.missing) {
			if l.Err != nil && !l.known {
				continue // there is nothing to say but what the files say
			}
			s := l.state
			s.syncedSequence, s.truncated = 0, false
			e := journal.Entry{Kind: journal.State, Log: l.Partition, Data: s.encode(nil)}
			l.stateBytes = len(e.Data)
			if !yield(e) {
				return
			}
		}
	}
}

// recovery is a Recover under way.
type recovery struct {
	disk  env.Disk
	task  *task.Task
	found *Recovered
	logs  *order.Map[kafka.TopicPartition, *RecoveredLog]
	// recoveryPoints and starts are Kafka's own checkpoints, for logs that the
	// journal knows nothing of.
	recoveryPoints []PartitionOffset
	starts         []PartitionOffset
	cleaned        []PartitionOffset
}

func (r *recovery) run() (err error) {
	began := r.now()
	past, err := journal.Find(r.task, r.disk)
	if err != nil {
		return err
	}
	defer past.Close()
	if r.found.Journal, err = past.Survey(r.task, r.survey); err != nil {
		return err
	}
	surveyed := r.now()
	if err := r.findLogs(); err != nil {
		return err
	}
	found := r.now()
	again, err := past.Visit(r.task, r.apply)
	if err != nil {
		return err
	}
	if !slices.Equal(again.Shards, r.found.Journal.Shards) {
		return fmt.Errorf("%w: it was read twice, and was not the same", journal.ErrCorrupt)
	}
	applied := r.now()
	for partition, l := range r.logs.Entries() {
		if l.Dir != "" {
			r.found.Logs = append(r.found.Logs, l)
		} else if l.known && !l.deleted {
			r.found.Missing = append(r.found.Missing, partition)
			r.found.missing = append(r.found.missing, l)
		}
	}
	if err := r.finishAll(); err != nil {
		return err
	}
	r.found.Spent = Spent{
		Replay: surveyed.Since(began) + applied.Since(found),
		Logs:   found.Since(surveyed) + r.now().Since(applied),
	}
	return removeIfThere(r.disk, shutdownName)
}

// now is the time at the beginning of another turn: within one, it stands still.
func (r *recovery) now() kafka.Instant {
	r.task.Yield()
	return r.task.Now()
}

// findLogs finds out which logs there are, and what Kafka's checkpoints say.
func (r *recovery) findLogs() (err error) {
	if r.recoveryPoints, err = r.readOffsets(recoveryName); err != nil {
		return err
	}
	if r.starts, err = r.readOffsets(startName); err != nil {
		return err
	}
	if r.cleaned, err = r.readOffsets(cleanedToName); err != nil {
		return err
	}
	if err := r.readDirectories(); err != nil {
		return err
	}
	return r.finishSwaps()
}

// finishedAtATime is how many logs are made durable at the same time: each waits
// for a few syncs, and the file system does many of them together.
const finishedAtATime = 128

// finishAll finishes every log that was found.
func (r *recovery) finishAll() error {
	errs := make([]error, len(r.found.Logs))
	task.Each(r.task, "recover a log", len(errs), finishedAtATime, func(t *task.Task, i int) {
		own := *r
		own.task = t
		errs[i] = own.finish(r.found.Logs[i])
	})
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// survey is the first pass over the journals: it learns each log's last State.
func (r *recovery) survey(e journal.Entry) error {
	if e.Kind == journal.Nothing {
		return nil
	}
	l, _ := r.logs.Get(e.Log)
	if l == nil {
		l = &RecoveredLog{Partition: e.Log}
		r.logs.Put(e.Log, l)
	}
	if e.Kind == journal.Delete {
		// A live log has its newest State in the journal or the base, so one that
		// has none is the one that was deleted.
		l.deleted = l.deleted || !l.known || uint64(e.Base) == l.state.incarnation
		return nil
	}
	switch e.Kind {
	case journal.State:
		s, err := decodeState(e.Data)
		if err != nil {
			return fmt.Errorf("%w: log %v: %w", journal.ErrCorrupt, e.Log, err)
		}
		if s.incarnation != l.state.incarnation {
			l.start = 0
		}
		l.state, l.known, l.deleted = s, true, false
		if s.truncated {
			l.newest = e.Sequence
		}
		l.start, l.bases = max(l.start, s.logStartOffset), l.bases[:0]
		for _, known := range s.segments {
			if len(l.bases) == 1 && known.base <= l.start {
				l.bases = l.bases[:0] // the one before is wholly below the start
			}
			l.bases = append(l.bases, known.base)
		}
	case journal.Data:
		l.newest = e.Sequence
		if n := len(l.bases); n == 0 || l.bases[n-1] < e.Base {
			l.bases = append(l.bases, e.Base)
		}
	case journal.LogStart:
		l.newest = e.Sequence
		l.start = max(l.start, e.Base)
		first := kafka.Offset(e.Position)
		l.bases = slices.DeleteFunc(l.bases, func(b kafka.Offset) bool { return b < first })
		if len(l.bases) == 0 {
			l.bases = append(l.bases, first)
		}
	}
	return nil
}

// apply is the second pass: it brings each log's state up to date and gives its
// files what they lack.
func (r *recovery) apply(e journal.Entry) error {
	if e.Kind == journal.Nothing {
		return nil
	}
	l, _ := r.logs.Get(e.Log)
	if l.Dir == "" || l.deleted || l.Err != nil {
		return nil
	}
	pending := e.Sequence > l.state.syncedSequence
	switch e.Kind {
	case journal.State:
		s, err := decodeState(e.Data)
		if err != nil {
			return fmt.Errorf("%w: log %v: %w", journal.ErrCorrupt, e.Log, err)
		}
		if s.incarnation == l.live.incarnation {
			s.logStartOffset = max(s.logStartOffset, l.live.logStartOffset)
		}
		s.swapping = nil // finishSwaps has seen to the newest
		l.live = s
		if pending && s.truncated && s.policy == Durable {
			l.Err = r.applyTruncate(l, s.end)
		}
	case journal.LogStart:
		l.live.logStartOffset = max(l.live.logStartOffset, e.Base)
	case journal.Data:
		b := batch.Batch(e.Data)
		if err := b.Check(); err != nil {
			return fmt.Errorf("%w: %s: %w", journal.ErrCorrupt, l.Dir, err)
		}
		l.live.producers.apply(b)
		l.live.epochs = assignEpoch(l.live.epochs, b)
		if pending && e.Base >= l.bases[0] {
			l.Err = r.applyData(l, b, place{e.Base, int64(e.Position), b.BaseOffset()})
		}
		l.live.end = place{e.Base, int64(e.Position) + int64(len(b)), b.NextOffset()}
	}
	if l.Err != nil && isDisk(l.Err) {
		return l.Err
	}
	return nil
}

func assignEpoch(entries []epochStart, b batch.Batch) []epochStart {
	e := epochs{entries: entries}
	e.assign(b.LeaderEpoch(), b.BaseOffset())
	return e.entries
}

// applyData puts a batch where it was.
func (r *recovery) applyData(l *RecoveredLog, b batch.Batch, at place) error {
	c, err := r.open(l)
	if err != nil {
		return err
	}
	s := c.active()
	if at.base > s.base && at.position == 0 && at.base >= s.next {
		if s, err = c.add(at.base); err != nil {
			return err
		}
		s.created = b.MaxTimestamp()
	}
	if at.base != s.base || at.position != s.size || at.offset < s.next {
		return fmt.Errorf("%w: %s: the journal has offset %d at %d of segment %d, "+
			"but the files end at %d of segment %d with offset %d", ErrCorrupt, l.Dir,
			at.offset, at.position, at.base, s.size, s.base, s.next)
	}
	l.touched = true
	return s.append(b, DefaultConfig().IndexIntervalBytes, nil)
}

func (r *recovery) applyTruncate(l *RecoveredLog, to place) error {
	c, err := r.open(l)
	if err != nil {
		return err
	}
	l.touched = true
	if first := l.bases[0]; to.base < first {
		// Where it was cut to has gone since: what was appended after the cut
		// begins with the first segment there is.
		to = place{base: first, offset: first}
	}
	return c.truncate(r.task, to.offset, to.base, to.position)
}

// open opens the files of a log where they are durable.
func (r *recovery) open(l *RecoveredLog) (*chain, error) {
	if l.chain != nil {
		return l.chain, nil
	}
	c := newChain(r.disk, l.Dir)
	at := l.state.durable
	for _, known := range l.state.segments {
		if known.base > at.base || known.base < l.bases[0] {
			continue // it has all its batches in the journal, or has gone
		}
		s := newSegment(r.disk, l.Dir, known.base)
		if known.base == at.base {
			known = at.segment
		}
		s.restore(known)
		c.segments = append(c.segments, s)
		if err := r.openSegment(s, at.recount && known.base == at.base); err != nil {
			return nil, errors.Join(err, c.close())
		}
	}
	if at.base < l.bases[0] {
		// What was durable has gone since.
		if err := r.openFirst(l, &c); err != nil {
			return nil, err
		}
	}
	if len(c.segments) == 0 {
		return nil, fmt.Errorf("%w: %s: segment %d is not in the log's state",
			ErrCorrupt, l.Dir, at.base)
	}
	l.chain = &c
	return l.chain, nil
}

// openFirst begins a log's chain with the first segment that has not gone. Under
// Durable all of it is in the journal; under Background it is what the file says.
func (r *recovery) openFirst(l *RecoveredLog, c *chain) error {
	first := l.bases[0]
	if l.state.policy == Durable {
		_, err := c.add(first)
		return err
	}
	if err := r.producersAt(l, first); err != nil {
		return err
	}
	s := newSegment(r.disk, l.Dir, first)
	_, err := r.openForScan(s)
	if errors.Is(err, env.ErrNotExist) {
		_, err = c.add(first)
		return err
	}
	c.segments = append(c.segments, s)
	return err
}

// producersAt makes a log's producers what they were when the segment with that
// base was begun: the batches before it have gone, and were not journaled.
// Without a snapshot nothing is known of them, which is better than something
// old: a producer that is not known may begin anywhere.
func (r *recovery) producersAt(l *RecoveredLog, base kafka.Offset) error {
	l.live.producers.clear()
	name := fileName(l.Dir, base, snapshotSuffix)
	bytes, err := readWhole(r.task, r.disk, name, snapshotBytesMax)
	if errors.Is(err, env.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := l.live.producers.decodeSnapshot(bytes); err != nil {
		l.live.producers.clear()
	}
	return nil
}

// finish makes a log's files durable and its state final.
func (r *recovery) finish(l *RecoveredLog) error {
	if l.Err == nil {
		l.Err = r.complete(l)
	}
	if l.Err == nil {
		return nil
	}
	if l.chain != nil {
		_ = l.chain.close() // what was written to it does not count
	}
	if isDisk(l.Err) {
		return l.Err
	}
	if l.pending() {
		return fmt.Errorf("%w; the journal has acknowledged records for it, which can't be put "+
			"anywhere: mend the directory, or move it away to give the partition up", l.Err)
	}
	if l.known {
		l.state.logStartOffset = max(l.state.logStartOffset, l.live.logStartOffset)
	}
	return nil
}

// complete ends the recovery of a log that is well so far.
func (r *recovery) complete(l *RecoveredLog) error {
	if !l.known {
		return r.scanUnknown(l)
	}
	files, err := r.listFiles(l.Dir)
	if err != nil {
		return err
	}
	background := l.state.policy == Background
	unsure := background &&
		(files.beyond(l.state.durable) || l.state.durable.offset != l.state.end.offset)
	if l.pending() || unsure || files.needRepair(l) {
		if _, err := r.open(l); err != nil {
			return err
		}
		l.touched = true
	}
	if background && l.chain != nil {
		if err := r.scanBeyond(l, files); err != nil {
			return err
		}
	}
	if l.chain == nil {
		if err := r.removeOthers(l, files); err != nil {
			return err
		}
		l.state = l.live
		l.state.cutEpochs()
		l.state.durable = endPoint(&l.live)
		return nil
	}
	if l.chain.end() != l.live.end.offset {
		return fmt.Errorf("%w: %s ends at offset %d, the journal says %d",
			ErrCorrupt, l.Dir, l.chain.end(), l.live.end.offset)
	}
	if err := r.removeOthers(l, files); err != nil {
		return err
	}
	return r.settle(l)
}

// settle makes an open log durable and writes down where it ends.
func (r *recovery) settle(l *RecoveredLog) error {
	c := l.chain
	for _, s := range c.segments {
		if s.file.Size() > s.size {
			if err := s.file.Truncate(s.size); err != nil {
				return err
			}
			s.synced = -1
		}
		if l.touched && s.base >= l.state.durable.base {
			s.synced = -1 // written by the last run, perhaps not synced
		}
	}
	// Under Durable every segment that the chain has is one whose name was durable
	// before a State spoke of it, or was made just now. Otherwise it is what was
	// found.
	c.dirChanged = c.dirChanged || !l.known || l.state.policy == Background
	if err := c.sync(r.task); err != nil {
		return err
	}
	l.state = l.live
	l.state.cutEpochs()
	l.state.segments = nil
	for _, s := range c.segments {
		if err := s.forgetUnstored(r.task); err != nil {
			return err
		}
		l.state.segments = append(l.state.segments, s.state())
	}
	active := c.active()
	l.state.end = place{active.base, active.size, active.next}
	l.state.durable = endPoint(&l.state)
	err := c.close()
	l.chain = nil
	return err
}

// cutEpochs forgets the epochs of records that are gone.
func (s *state) cutEpochs() {
	e := epochs{entries: s.epochs}
	e.cutStart(s.logStartOffset)
	s.epochs = e.entries
}

// endPoint is the end of a state whose files are all durable.
func endPoint(s *state) point {
	return point{place: s.end, segment: s.segments[len(s.segments)-1]}
}
