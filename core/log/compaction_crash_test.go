package log_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"odradek/core/batch"
	"odradek/core/env"
	"odradek/core/journal"
	"odradek/core/journal/disktest"
	"odradek/core/kafka"
	"odradek/core/log"
	"odradek/core/task"

	"pgregory.net/rapid"
)

// written is a record as it was appended.
type written struct {
	offset    kafka.Offset
	timestamp kafka.Timestamp
	key       string
	value     string
	tombstone bool
	// at is the wall time of its appending.
	at kafka.Timestamp
	// producer and sequence are those of an idempotent batch, sequence its last.
	producer kafka.ProducerID
	sequence kafka.Sequence
}

func (w written) same(other written) bool {
	other.at, other.producer, other.sequence = w.at, w.producer, w.sequence
	return w == other
}

// compactedModel is all that a compacted log was ever given.
type compactedModel struct {
	records []written
	// cut is what a Truncate under way is cutting off.
	cut []written
	// flushed is what was said to be flushed; highWatermark is what passes were told.
	flushed       kafka.Offset
	highWatermark kafka.Offset
	// touched is the highest highWatermark that a pass began with.
	touched kafka.Offset
	// start and promised are the logStartOffset as asked for and as waited for.
	start, promised kafka.Offset
	// sequences are the next of each producer.
	sequences map[kafka.ProducerID]kafka.Sequence
}

func (m *compactedModel) end() kafka.Offset { return kafka.Offset(len(m.records)) }

type compactionTest struct {
	t       *rapid.T
	config  log.Config
	cleaner log.CleanerConfig
	model   compactedModel
	crashed bool
	keep    bool
	full    int
	// aim crashes at so many-th operation on the disk from the first one of a
	// compaction on; 0: by turns.
	aim  int
	ops  []int
	wall kafka.Timestamp
	// passes counts the passes that ended, over all runs.
	passes int
}

// The law of compaction: crash anywhere, in a pass or in a swap, and every key has its
// newest record, at its offset; nothing is made up, nothing above the highWatermark is
// gone; and everything that is derived from the log agrees with it.
func TestCrashAnywhereInACompaction(t *testing.T) {
	for _, policy := range []log.FlushPolicy{log.Durable, log.Background} {
		for _, keep := range []bool{false, true} {
			t.Run(fmt.Sprintf("policy %d, kill %v", policy, keep), func(t *testing.T) {
				passes := 0
				rapid.Check(t, func(t *rapid.T) { passes += crashInCompaction(t, policy, keep) })
				if passes == 0 {
					t.Error("no pass ever ended")
				}
			})
		}
	}
}

func crashInCompaction(t *rapid.T, policy log.FlushPolicy, keep bool) int {
	c := &compactionTest{t: t, keep: keep, config: compacted(), wall: 1_700_000_000_000}
	c.config.FlushPolicy = policy
	c.config.SegmentBytes = int64(rapid.SampledFrom([]int{2_500, 5_000, 10_000}).Draw(t, "segment"))
	c.config.IndexIntervalBytes = int64(rapid.SampledFrom([]int{0, 300}).Draw(t, "interval"))
	c.config.ProducerExpirationMs = math.MaxInt64
	c.config.DeleteRetentionMs = int64(rapid.SampledFrom([]int{0, 1000}).Draw(t, "retention"))
	c.config.FileDeleteDelayMs = int64(rapid.SampledFrom([]int{0, 5}).Draw(t, "delay"))
	c.config.Delete = rapid.Bool().Draw(t, "delete")
	c.config.RetentionMs = -1
	c.full = rapid.SampledFrom([]int{0, 0, 7, 50}).Draw(t, "full")
	c.cleaner = log.CleanerConfig{LoadFactor: 900_000, ReadBytes: 4096,
		KeyMapBytes: int64(rapid.SampledFrom([]int{100, 1000, 1 << 20}).Draw(t, "map"))}
	c.model.sequences = map[kafka.ProducerID]kafka.Sequence{}
	disk := disktest.New()
	for range rapid.IntRange(1, 4).Draw(t, "rounds") {
		c.ops = rapid.SliceOfN(rapid.IntRange(0, 1<<20), 1, 30).Draw(t, "ops")
		c.aim = max(0, rapid.IntRange(-20, 60).Draw(t, "aim"))
		disk = c.run(disk, rapid.IntRange(1, 600).Draw(t, "turns"))
	}
	c.run(disk, 0)
	return c.passes
}

// run boots, checks what came back, works while a cleaner cleans, and crashes.
func (c *compactionTest) run(disk *disktest.Disk, turns int) *disktest.Disk {
	c.crashed = false
	loop := task.NewLoop(0)
	handle := loop.Spawn("run", func(tt *task.Task) {
		n, err := boot(tt, disk, smallJournal())
		if err != nil {
			c.t.Fatalf("boot: %v", err)
		}
		n.clock.wall = c.wall
		l, err := n.openOne(tt, 0, c.config)
		if err == nil {
			err = c.check(tt, l)
		}
		if err != nil {
			c.t.Fatal(err)
		}
		l.OnFlushed(func() {
			if !c.crashed {
				c.model.flushed = max(c.model.flushed, l.FlushedEndOffset())
			}
		})
		if turns == 0 {
			c.finish(tt, n, l)
			return
		}
		c.fillDisk(disk)
		loop.Spawn("cleaner", func(t *task.Task) { c.clean(t, n, l) })
		for step := 0; ; step++ {
			c.step(tt, n, l, c.ops[step%len(c.ops)]+step*7919)
		}
	})
	if c.aim > 0 && turns > 0 {
		turns = 3000 // unless the aim is hit
	}
	for i := 0; handle.Alive() && !c.crashed && (turns == 0 || i < turns); i++ {
		if more := loop.Turn(loop.Now()); !more && loop.NextDeadline() != kafka.Never {
			loop.Turn(loop.NextDeadline())
		}
	}
	c.crashed = true
	after := disk.Kill()
	if !c.keep {
		after = disk.PowerLoss(func(n int) int { return rapid.IntRange(0, n-1).Draw(c.t, "fate") })
	}
	loop.Close()
	return after
}

// fillDisk makes the disk refuse every so many-th write to the log's files, and all
// operations from the one on that a crash is aimed at.
func (c *compactionTest) fillDisk(disk *disktest.Disk) {
	writes, left := 0, c.aim
	disk.Before = func(op disktest.Op) error {
		compacts := left < c.aim || strings.HasSuffix(op.Name, ".cleaned")
		if c.aim > 0 && compacts && op.Kind != "read" {
			if left--; left <= 0 {
				c.crashed = true
				return env.ErrIO
			}
		}
		if c.full > 0 && slices.Contains([]string{"write", "reserve", "create"}, op.Kind) &&
			strings.HasPrefix(op.Name, "orders") {
			if writes++; writes%c.full == 0 {
				return env.ErrNoSpace
			}
		}
		return nil
	}
}

// clean is the life of the cleaner.
func (c *compactionTest) clean(t *task.Task, n *node, l *log.Log) {
	cleaner := log.NewCleaner(n.home, &counterRandom{}, c.cleaner)
	for {
		t.Yield()
		d := l.Dirt(n.clock.wall, c.model.highWatermark)
		if !d.Due() {
			continue
		}
		c.model.touched = max(c.model.touched, c.model.highWatermark)
		_, err := cleaner.Clean(t, l, d)
		switch {
		case err == nil:
			c.passes++
		case errors.Is(err, log.ErrInterrupted), errors.Is(err, env.ErrNoSpace), c.crashed:
		default:
			panic(err)
		}
	}
}

// finish compacts what is left and looks once more.
func (c *compactionTest) finish(t *task.Task, n *node, l *log.Log) {
	if err := l.Roll(); err != nil {
		c.t.Fatal(err)
	}
	cleaner := log.NewCleaner(n.home, &counterRandom{}, c.cleaner)
	end := l.LogEndOffset()
	c.model.touched = end
	for {
		d := l.Dirt(n.clock.wall, end)
		if !d.Due() {
			break
		}
		cleaned, err := cleaner.Clean(t, l, d)
		if err != nil || cleaned.End <= cleaned.From {
			c.t.Fatalf("%+v, %v", cleaned, err)
		}
	}
	if err := c.check(t, l); err != nil {
		c.t.Fatal(err)
	}
	got, _, err := c.read(t, l)
	if err != nil {
		c.t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, r := range got {
		if seen[r.key] {
			c.t.Fatalf("%s is there more than once: %v", r.key, got)
		}
		seen[r.key] = true
	}
}

// check compares the log with the model, and then makes the model what the log is.
func (c *compactionTest) check(t *task.Task, l *log.Log) error {
	m := &c.model
	end := l.LogEndOffset()
	lossy := c.config.FlushPolicy == log.Background && !c.keep
	if len(m.cut) > 0 {
		m.flushed = min(m.flushed, m.end())
		if end > m.end() {
			m.records = append(m.records, m.cut...)
		}
	}
	m.cut = nil
	if end < m.flushed && !lossy {
		return fmt.Errorf("ends at %d, %d was flushed", end, m.flushed)
	}
	if end > m.end() {
		return fmt.Errorf("ends at %d, only %d was written", end, m.end())
	}
	m.records = slices.Clip(m.records[:end])
	m.flushed, m.highWatermark = end, min(m.highWatermark, end)
	if l.LogStartOffset() < m.promised || l.LogStartOffset() > m.start {
		return fmt.Errorf("starts at %d, want %d to %d", l.LogStartOffset(), m.promised, m.start)
	}
	m.start, m.promised = l.LogStartOffset(), l.LogStartOffset()
	got, batches, err := c.read(t, l)
	if err != nil {
		return err
	}
	if err := c.checkRecords(got, l.LogStartOffset()); err != nil {
		return fmt.Errorf("%w\nlog: %v\nwritten: %v", err, got, m.records)
	}
	if err := c.checkReads(t, l, batches); err != nil {
		return err
	}
	return c.checkProducers(l, lossy)
}

// read gives all of a log's records.
func (c *compactionTest) read(t *task.Task, l *log.Log) (
	all []written, batches []batch.Batch, err error) {
	if batches, err = contents(t, l); err != nil {
		return nil, nil, err
	}
	for _, b := range batches {
		records := b.Records(batch.Limits{})
		for records.Next() {
			r := records.Record()
			if b.Offset(r) < l.LogStartOffset() {
				continue
			}
			all = append(all, written{offset: b.Offset(r), timestamp: b.Timestamp(r),
				key: string(r.Key), value: string(r.Value), tombstone: r.Value == nil})
		}
		if records.Err() != nil {
			return nil, nil, records.Err()
		}
	}
	return all, batches, nil
}

func (c *compactionTest) checkRecords(got []written, start kafka.Offset) error {
	m := &c.model
	there := map[kafka.Offset]bool{}
	for i, r := range got {
		if i > 0 && got[i-1].offset >= r.offset || !r.same(m.records[r.offset]) {
			return fmt.Errorf("offset %d is not what was written, or where", r.offset)
		}
		there[r.offset] = true
	}
	newest := map[string]written{}
	for _, r := range m.records {
		if r.offset >= max(m.touched, start) && !there[r.offset] {
			return fmt.Errorf("offset %d is gone, passes went up to %d", r.offset, m.touched)
		}
		newest[r.key] = r
	}
	for _, r := range newest {
		graceful := r.tombstone && int64(c.wall-r.at) >= c.config.DeleteRetentionMs
		if r.offset >= start && !there[r.offset] && !graceful {
			return fmt.Errorf("the newest record of %s, at %d, is gone", r.key, r.offset)
		}
	}
	for _, r := range got {
		last := newest[r.key]
		if last.tombstone && !there[last.offset] && last.offset >= start {
			return fmt.Errorf("%s was deleted at %d and is back at %d", r.key, last.offset, r.offset)
		}
	}
	return nil
}

// checkReads checks reads that begin anywhere, epochs, and lookups by time.
func (c *compactionTest) checkReads(t *task.Task, l *log.Log, batches []batch.Batch) error {
	for offset := l.LogStartOffset(); offset < l.LogEndOffset(); offset++ {
		i := slices.IndexFunc(batches, func(b batch.Batch) bool { return b.LastOffset() >= offset })
		r, err := l.ReadCold(t, offset, l.LogEndOffset(), 1, true)
		if err != nil {
			return fmt.Errorf("read at %d: %w", offset, err)
		}
		if i < 0 || r.BaseOffset != batches[i].BaseOffset() || r.NextOffset != batches[i].NextOffset() {
			return fmt.Errorf("read at %d: %+v, want batch %d", offset, r, i)
		}
	}
	all, _, err := c.read(t, l)
	if err != nil {
		return err
	}
	for k := range 4 {
		timestamp := kafka.Timestamp(900 + 100*k)
		want := kafka.NoOffset
		if i := slices.IndexFunc(all,
			func(w written) bool { return w.timestamp >= timestamp }); i >= 0 {
			want = all[i].offset
		}
		found, err := l.OffsetForTimestamp(t, timestamp, l.LogEndOffset())
		if err != nil || found.Offset != want {
			return fmt.Errorf("timestamp %d is at %+v, want %d: %w", timestamp, found, want, err)
		}
	}
	return nil
}

// checkProducers compares what is known of the producers with what they have sent.
// Where the end was lost less may be known.
func (c *compactionTest) checkProducers(l *log.Log, lossy bool) error {
	sent := map[kafka.ProducerID]kafka.Sequence{}
	for _, r := range c.model.records {
		if r.producer > 0 {
			sent[r.producer] = r.sequence
		}
	}
	c.model.sequences = map[kafka.ProducerID]kafka.Sequence{}
	for _, p := range l.Producers() {
		if last, ok := sent[p.ID]; !ok || p.LastSequence != last && !lossy {
			return fmt.Errorf("producer %d is known by %d, it has sent %d", p.ID, p.LastSequence, last)
		}
		c.model.sequences[p.ID] = p.LastSequence.Plus(1)
		delete(sent, p.ID)
	}
	if len(sent) > 0 && !lossy && c.model.promised == 0 {
		return fmt.Errorf("forgotten: %v", sent)
	}
	return nil
}

func (c *compactionTest) step(t *task.Task, n *node, l *log.Log, op int) {
	m := &c.model
	switch kind := op / 8 % 40; {
	case kind < 22:
		c.append(t, n, l, op)
	case kind < 24:
		t.Yield()
	case kind < 28:
		_ = l.AwaitFlushed(t, l.LogEndOffset(), kafka.Never) // the next check will tell
	case kind < 32:
		m.highWatermark = l.FlushedEndOffset()
	case kind < 33:
		c.wall += kafka.Timestamp(op % 2000)
		n.clock.wall = c.wall
	case kind < 34:
		if err := l.Roll(); err != nil && !errors.Is(err, env.ErrNoSpace) && !c.crashed {
			panic(err)
		}
	case kind < 35:
		if err := l.Checkpoint(t); err != nil && !c.crashed {
			panic(err)
		}
	case kind < 37:
		c.deleteRecords(t, l)
	case kind < 38:
		t.Sleep(time.Millisecond)
	default:
		c.truncate(t, l, op)
	}
}

// end takes an error for the crash that is under way.
func (c *compactionTest) end(t *task.Task, err error) {
	if !c.crashed {
		panic(err)
	}
	t.Sleep(time.Hour) // nothing comes after it
}

func (c *compactionTest) deleteRecords(t *task.Task, l *log.Log) {
	if !c.config.Delete {
		return
	}
	m := &c.model
	before := l.LogStartOffset() + (m.highWatermark-l.LogStartOffset())/3
	m.start = max(m.start, before)
	if err := l.DeleteRecordsAndWait(t, before); err != nil {
		c.end(t, err)
	}
	m.promised = max(m.promised, before)
}

// truncate cuts off what is above the highWatermark.
func (c *compactionTest) truncate(t *task.Task, l *log.Log, op int) {
	m := &c.model
	at := m.highWatermark + kafka.Offset(op%3)
	if at >= m.end() || c.config.FlushPolicy == log.Background {
		return
	}
	for at > m.highWatermark && m.records[at].timestamp == m.records[at-1].timestamp {
		at-- // to where a batch begins
	}
	m.cut, m.records = slices.Clone(m.records[at:]), slices.Clip(m.records[:at])
	m.flushed = min(m.flushed, at)
	if err := l.Truncate(t, at); err != nil {
		c.end(t, err)
	}
	m.cut = nil
	m.flushed = min(m.flushed, at)
	m.sequences = map[kafka.ProducerID]kafka.Sequence{}
	for _, p := range l.Producers() {
		m.sequences[p.ID] = p.LastSequence.Plus(1)
	}
}

func (c *compactionTest) append(t *task.Task, n *node, l *log.Log, op int) {
	m := &c.model
	b := batch.NewBuilder().Compress(batch.Codec(op/3%5), batch.DefaultLevel)
	count := 1 + op/320%3
	id := kafka.ProducerID(op / 1280 % 3)
	if id > 0 {
		b.Producer(id, 0, m.sequences[id])
	}
	// Times rise by batch, so that they tell where one begins.
	timestamp := kafka.Timestamp(1000 + len(m.records))
	var all []written
	for i := range count {
		w := written{timestamp: timestamp, key: fmt.Sprint("k", op/(7+i)%6), at: c.wall}
		w.tombstone = op/(11+i)%4 == 0
		var value []byte
		if !w.tombstone {
			value = make([]byte, op/64%700)
			w.value = string(value)
		}
		if id > 0 {
			w.producer, w.sequence = id, m.sequences[id].Plus(int32(count-1))
		}
		b.Append(w.timestamp, []byte(w.key), value)
		all = append(all, w)
	}
	built := b.Build()
	for {
		appended, code, err := l.Append(built, 0)
		if errors.Is(err, journal.ErrCongested) {
			if err := n.home.Journal.AwaitReady(t, len(built), kafka.Never); err != nil {
				c.end(t, err)
			}
			continue
		}
		if errors.Is(err, env.ErrNoSpace) {
			return
		}
		if err != nil {
			c.end(t, err)
		}
		if code != kafka.None || appended.Duplicate {
			panic(fmt.Sprint("append: ", appended, code))
		}
		for i := range all {
			all[i].offset = appended.BaseOffset + kafka.Offset(i)
		}
		m.records = append(m.records, all...)
		if id > 0 {
			m.sequences[id] = m.sequences[id].Plus(int32(count))
		}
		return
	}
}
