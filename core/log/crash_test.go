package log_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"odradek/core/batch"
	"odradek/core/env"
	"odradek/core/journal"
	"odradek/core/journal/disktest"
	"odradek/core/kafka"
	"odradek/core/log"
	"odradek/core/task"

	"pgregory.net/rapid"
)

// model is what a log must be: everything that was ever appended to it, in
// order, and how much of that was promised.
type model struct {
	batches []batch.Batch
	// cut holds the batches that a Truncate under way is cutting off: until it
	// has returned they may come back.
	cut []batch.Batch
	// flushed is the highest end offset that was said to be flushed; start and
	// promisedStart are the logStartOffset as asked for and as waited for.
	flushed       kafka.Offset
	start         kafka.Offset
	promisedStart kafka.Offset
	truncated     bool
	sequences     map[kafka.ProducerID]kafka.Sequence
	producerBase  kafka.ProducerID
	deleted       bool
}

func (m *model) end() kafka.Offset {
	if len(m.batches) == 0 {
		return 0
	}
	return m.batches[len(m.batches)-1].NextOffset()
}

// crashTest is one run of the law.
type crashTest struct {
	t      *rapid.T
	config log.Config
	models []*model
	// crashed is set between the crash and the next boot: what tasks still do
	// while they are unwound has never happened.
	crashed bool
	// keep makes a crash a kill, which loses nothing that was written.
	keep bool
	// fullEvery makes the disk refuse every so many-th write to a log's files,
	// once the logs are open; 0 none.
	fullEvery int
	ops       []int
	epoch     kafka.LeaderEpoch
}

// The law of the log: crash anywhere, and what comes back is what was flushed,
// perhaps more, and never anything else; and everything that is derived from it
// agrees with it.
func TestCrashAnywhere(t *testing.T) {
	for _, policy := range []log.FlushPolicy{log.Durable, log.Background} {
		for _, keep := range []bool{false, true} {
			name := fmt.Sprintf("policy %d, kill %v", policy, keep)
			t.Run(name, func(t *testing.T) {
				rapid.Check(t, func(t *rapid.T) { crashAnywhere(t, policy, keep) })
			})
		}
	}
}

func crashAnywhere(t *rapid.T, policy log.FlushPolicy, keep bool) {
	c := &crashTest{t: t, keep: keep, config: log.DefaultConfig()}
	c.config.FlushPolicy = policy
	c.config.SegmentBytes = int64(rapid.SampledFrom([]int{8_000, 20_000, 1 << 20}).Draw(t, "segment"))
	c.config.IndexIntervalBytes = 400
	c.config.ProducerExpirationMs = math.MaxInt64
	c.config.RetentionBytes = int64(rapid.SampledFrom([]int{-1, 9_000}).Draw(t, "retention"))
	c.config.FileDeleteDelayMs = int64(rapid.SampledFrom([]int{0, 5}).Draw(t, "delay"))
	for range 3 {
		c.models = append(c.models, &model{sequences: map[kafka.ProducerID]kafka.Sequence{}})
	}
	c.fullEvery = rapid.SampledFrom([]int{0, 0, 7, 50}).Draw(t, "full")
	disk := disktest.New()
	for round := range rapid.IntRange(1, 3).Draw(t, "rounds") {
		c.epoch = kafka.LeaderEpoch(round)
		c.ops = rapid.SliceOfN(rapid.IntRange(0, 1<<20), 1, 30).Draw(t, "ops")
		disk = c.run(disk, rapid.IntRange(1, 350).Draw(t, "turns"))
	}
	c.run(disk, 0) // the last one only checks
}

// run boots, checks what came back, works for a while and crashes.
func (c *crashTest) run(disk *disktest.Disk, turns int) *disktest.Disk {
	c.crashed = false
	loop := task.NewLoop(0)
	drive(loop, turns, func(tt *task.Task) {
		n, err := boot(tt, disk, smallJournal())
		if err != nil {
			c.t.Fatalf("boot: %v", err)
		}
		logs := make([]*log.Log, len(c.models))
		for i := range logs {
			if logs[i], err = c.open(tt, n, i); err != nil {
				c.t.Fatalf("open %d: %v", i, err)
			}
		}
		for _, leftover := range n.recovered.Leftovers {
			if err := log.RemoveLeftover(tt, disk, leftover); err != nil {
				c.t.Fatal(err)
			}
		}
		if turns == 0 {
			return
		}
		writes := 0
		disk.Before = func(op disktest.Op) error {
			if c.fullEvery > 0 && slices.Contains([]string{"write", "reserve", "create"}, op.Kind) &&
				strings.HasPrefix(op.Name, "orders") {
				if writes++; writes%c.fullEvery == 0 {
					return env.ErrNoSpace
				}
			}
			return nil
		}
		for step := 0; ; step++ {
			c.step(tt, n, logs, c.ops[step%len(c.ops)]+step*7919)
		}
	})
	c.crashed = true
	after := disk.Kill()
	if !c.keep {
		after = disk.PowerLoss(func(n int) int { return rapid.IntRange(0, n-1).Draw(c.t, "fate") })
	}
	loop.Close()
	return after
}

// open opens or creates a log and holds it against its model.
func (c *crashTest) open(t *task.Task, n *node, i int) (*log.Log, error) {
	m := c.models[i]
	found, ok := n.recovered.Find(partition(i))
	if !ok || m.deleted && found.LogEndOffset() == 0 {
		if m.flushed > 0 && !m.deleted {
			return nil, fmt.Errorf("the log is gone, %d was flushed", m.flushed)
		}
		*m = model{sequences: map[kafka.ProducerID]kafka.Sequence{}}
	}
	var l *log.Log
	var err error
	if ok {
		l, err = log.Open(t, n.home, found, c.config)
	} else {
		l, err = log.Create(t, n.home, "orders", partition(i), c.config)
	}
	if err != nil {
		return nil, err
	}
	if l.Failed() != nil {
		return nil, l.Failed()
	}
	m.deleted = false
	if err := c.check(t, l, m); err != nil {
		return nil, err
	}
	c.observe(l, m)
	return l, nil
}

// observe takes note of what a log says is flushed.
func (c *crashTest) observe(l *log.Log, m *model) {
	l.OnFlushed(func() {
		if !c.crashed {
			m.flushed = max(m.flushed, l.FlushedEndOffset())
		}
	})
}

// check compares a recovered log with its model, and then makes the model what
// the log is.
func (c *crashTest) check(t *task.Task, l *log.Log, m *model) error {
	end := l.LogEndOffset()
	lossy := c.config.FlushPolicy == log.Background && !c.keep
	if len(m.cut) > 0 {
		m.flushed = min(m.flushed, m.end()) // flushes may have come while it was being cut
	}
	if end < m.flushed && !lossy {
		return fmt.Errorf("ends at %d, %d was flushed", end, m.flushed)
	}
	if l.LogStartOffset() < m.promisedStart || l.LogStartOffset() > max(m.start, m.promisedStart) {
		return fmt.Errorf("starts at %d, want %d to %d", l.LogStartOffset(), m.promisedStart, m.start)
	}
	if len(m.cut) > 0 && end > m.end() {
		m.batches = append(m.batches, m.cut...)
	}
	m.cut = nil
	n := 0
	for n < len(m.batches) && m.batches[n].NextOffset() <= end {
		n++
	}
	m.batches = m.batches[:n]
	if m.end() != end && !(lossy && end == l.LogStartOffset()) {
		return fmt.Errorf("ends at %d, which is no batch's end: %d", end, m.end())
	}
	got, err := contents(t, l)
	if err != nil {
		return err
	}
	if err := compareBatches(got, m, l); err != nil {
		return err
	}
	if err := c.checkDerived(t, l, m, got); err != nil {
		return err
	}
	m.start, m.promisedStart, m.flushed = l.LogStartOffset(), l.LogStartOffset(), end
	if m.end() != end || lossy && end == l.LogStartOffset() {
		m.batches = nil // all that there was is lost, and what is known of its producers
	}
	return nil
}

// compareBatches compares what a log has with the model's batches that end
// above the logStartOffset.
func compareBatches(got []batch.Batch, m *model, l *log.Log) error {
	want := slices.DeleteFunc(slices.Clone(m.batches),
		func(b batch.Batch) bool { return b.NextOffset() <= l.LogStartOffset() })
	if len(got) != len(want) {
		return fmt.Errorf("%d batches from %d to %d, want %d",
			len(got), l.LogStartOffset(), l.LogEndOffset(), len(want))
	}
	for i := range got {
		if string(got[i]) != string(want[i]) {
			return fmt.Errorf("batch %d at %d is another one", i, got[i].BaseOffset())
		}
	}
	return nil
}

// checkDerived checks what is derived from a log's batches: reads that begin
// anywhere, leader epochs, timestamps, producers.
func (c *crashTest) checkDerived(
	t *task.Task, l *log.Log, m *model, got []batch.Batch,
) error {
	var newest batch.Batch
	for i := range got {
		b := got[(i*7+3)%len(got)] // not in order: no read continues another
		r, err := l.ReadCold(t, max(b.LastOffset(), l.LogStartOffset()), l.LogEndOffset(), 1, true)
		if err != nil || r.BaseOffset != b.BaseOffset() || r.NextOffset != b.NextOffset() {
			return fmt.Errorf("read at %d: %+v, %w", b.LastOffset(), r, err)
		}
		if epoch := l.EpochAt(b.LastOffset()); epoch != b.LeaderEpoch() {
			return fmt.Errorf("epoch at %d is %d, want %d", b.LastOffset(), epoch, b.LeaderEpoch())
		}
		if newest == nil || b.MaxTimestamp() > newest.MaxTimestamp() {
			newest = b
		}
	}
	if newest != nil {
		if err := checkTimestamp(t, l, got, newest.MaxTimestamp()); err != nil {
			return err
		}
		if err := checkTimestamp(t, l, got, newest.MaxTimestamp()/2); err != nil {
			return err
		}
	}
	return c.checkProducers(l, m)
}

func checkTimestamp(
	t *task.Task, l *log.Log, got []batch.Batch, timestamp kafka.Timestamp,
) error {
	want := kafka.NoOffset
	for _, b := range got {
		// The records of a batch all have one timestamp here.
		if b.MaxTimestamp() >= timestamp {
			want = max(b.BaseOffset(), l.LogStartOffset())
			break
		}
	}
	found, err := l.OffsetForTimestamp(t, timestamp, l.LogEndOffset())
	if err != nil || found.Offset != want {
		return fmt.Errorf("timestamp %d is at %+v, want %d: %w", timestamp, found, want, err)
	}
	return nil
}

// checkProducers compares the producers with what the batches say, and sends
// the newest batches of each again.
func (c *crashTest) checkProducers(l *log.Log, m *model) error {
	lossy := c.config.FlushPolicy == log.Background
	m.sequences = map[kafka.ProducerID]kafka.Sequence{}
	for _, p := range l.Producers() {
		m.sequences[p.ID] = p.LastSequence.Plus(1)
	}
	if lossy && l.LogEndOffset() == l.LogStartOffset() {
		return nil // everything was lost, its producers too
	}
	last := map[kafka.ProducerID][]batch.Batch{}
	for _, b := range m.batches {
		if b.ProducerID() >= 0 {
			last[b.ProducerID()] = append(last[b.ProducerID()], b)
		}
	}
	for _, p := range l.Producers() {
		sent := last[p.ID]
		if len(sent) == 0 {
			if lossy || m.truncated {
				continue
			}
			return fmt.Errorf("producer %d is remembered without a batch", p.ID)
		}
		newest := sent[len(sent)-1]
		if p.LastSequence != newest.LastSequence() || p.LastOffset != newest.LastOffset() {
			return fmt.Errorf("producer %+v, want sequence %d at %d",
				p, newest.LastSequence(), newest.LastOffset())
		}
		kept := 5
		if m.truncated || lossy {
			kept = 1 // they were rebuilt from snapshots, which hold one batch of each
		}
		for _, b := range sent[max(0, len(sent)-kept):] {
			again, code, err := l.Append(slices.Clone(b), 0)
			if err != nil || code != kafka.None || !again.Duplicate ||
				again.BaseOffset != b.BaseOffset() || again.LastOffset != b.LastOffset() {
				return fmt.Errorf("batch at %d sent again: %+v, %v, %w",
					b.BaseOffset(), again, code, err)
			}
		}
		delete(last, p.ID)
	}
	if len(last) > 0 && !lossy && !m.truncated {
		return fmt.Errorf("%d producers are forgotten", len(last))
	}
	return nil
}

// step does one thing to one log.
func (c *crashTest) step(t *task.Task, n *node, logs []*log.Log, op int) {
	i := op % len(logs)
	l, m := logs[i], c.models[i]
	switch kind := op / 8 % 40; {
	case kind < 26:
		c.append(t, n, l, m, op)
	case kind < 28:
		t.Yield()
	case kind < 31:
		_ = l.AwaitFlushed(t, l.LogEndOffset(), kafka.Never) // the next check will tell
	case kind < 33:
		before := l.LogStartOffset() + (l.LogEndOffset()-l.LogStartOffset())/3
		m.start = max(m.start, before)
		if err := l.DeleteRecordsAndWait(t, before); err != nil {
			panic(err)
		}
		m.promisedStart = max(m.promisedStart, before)
	case kind < 35:
		high := l.FlushedEndOffset()
		m.start = max(m.start, high) // it will not be more than that
		_, err := l.RetentionStep(n.clock.wall, high)
		if err != nil && !errors.Is(err, env.ErrNoSpace) {
			panic(err)
		}
		m.start = l.LogStartOffset()
	case kind < 36:
		if err := l.Roll(); err != nil && !errors.Is(err, env.ErrNoSpace) {
			panic(err)
		}
	case kind < 37:
		if err := l.Checkpoint(t); err != nil {
			panic(err)
		}
	case kind < 39:
		c.truncate(t, l, m, op)
	default:
		c.recreate(t, n, logs, i)
	}
}

func (c *crashTest) append(t *task.Task, n *node, l *log.Log, m *model, op int) {
	b := c.batch(m, op)
	for {
		appended, code, err := l.Append(b, c.epoch)
		if errors.Is(err, journal.ErrCongested) {
			if err := n.home.Journal.AwaitReady(t, len(b), kafka.Never); err != nil {
				panic(err)
			}
			continue
		}
		if errors.Is(err, env.ErrNoSpace) {
			if id := b.ProducerID(); id > 0 {
				m.sequences[id] = b.BaseSequence()
			}
			return
		}
		if err != nil || code != kafka.None || appended.Duplicate {
			panic(fmt.Sprint("append: ", appended, code, err))
		}
		m.batches = append(m.batches, slices.Clone(b))
		if c.config.FlushPolicy == log.Background {
			m.flushed = l.FlushedEndOffset()
		}
		return
	}
}

// batch makes a batch, of an idempotent producer or not.
func (c *crashTest) batch(m *model, op int) batch.Batch {
	b := batch.NewBuilder()
	count := 1 + op/320%4
	if id := kafka.ProducerID(op / 1280 % 4); id > 0 {
		id += m.producerBase
		b.Producer(id, 0, m.sequences[id])
		m.sequences[id] = m.sequences[id].Plus(int32(count))
	}
	timestamp := kafka.Timestamp(1000 + op/16%1000)
	for range count {
		b.Append(timestamp, nil, make([]byte, op/64%(1+env.BlockSize/3)))
	}
	return b.Build()
}

func (c *crashTest) truncate(t *task.Task, l *log.Log, m *model, op int) {
	n := max(0, len(m.batches)-1-op/512%4)
	for n < len(m.batches) && m.batches[n].BaseOffset() < l.LogStartOffset() {
		n++
	}
	if n == len(m.batches) {
		return
	}
	at := m.batches[n].BaseOffset()
	m.cut, m.batches = slices.Clone(m.batches[n:]), slices.Clip(m.batches[:n])
	m.flushed, m.truncated = min(m.flushed, at), true
	if err := l.Truncate(t, at); err != nil {
		panic(err)
	}
	m.cut = nil
	m.flushed = min(m.flushed, at)
	// A cut may forget producers. Real ones then go on under another epoch or id.
	m.producerBase += 10
}

// recreate deletes a log and makes another in its place.
func (c *crashTest) recreate(t *task.Task, n *node, logs []*log.Log, i int) {
	c.models[i].deleted = true
	if err := logs[i].Remove(t); err != nil {
		panic(err)
	}
	l, err := log.Create(t, n.home, "orders", partition(i), c.config)
	for errors.Is(err, env.ErrNoSpace) {
		l, err = log.Create(t, n.home, "orders", partition(i), c.config)
	}
	if err != nil {
		panic(err)
	}
	fresh := &model{sequences: map[kafka.ProducerID]kafka.Sequence{}}
	c.models[i] = fresh
	c.observe(l, fresh)
	logs[i] = l
}
