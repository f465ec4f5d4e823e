package log

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"odradek/core/assert"
	"odradek/core/batch"
	"odradek/core/compact"
	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

const (
	// cleanStepBytes is how much of a log a step of a pass reads or writes before
	// other tasks have their turn: some hundred microseconds of work. One batch is
	// always a step at least.
	cleanStepBytes = 64 << 10
	// cleanPauseMax is how long a pass sleeps at a time when it is throttled, so that
	// it soon takes note that its log is gone.
	cleanPauseMax = time.Second
	// cleanReadBytesMin is the least that is read at a time.
	cleanReadBytesMin = 4 << 10
)

// CleanerConfig is what the node's log.cleaner settings leave for one shard.
type CleanerConfig struct {
	// KeyMapBytes is the memory for keys: log.cleaner.dedupe.buffer.size.
	KeyMapBytes int64
	// LoadFactor is log.cleaner.io.buffer.load.factor.
	LoadFactor compact.LoadFactor
	// BytesPerSecondMax is log.cleaner.io.max.bytes.per.second, of reads and writes
	// together; 0 is no limit.
	BytesPerSecondMax int64
	// ReadBytes is how much of a segment is read at a time.
	ReadBytes int64
}

// Cleaner compacts the logs of a shard, one at a time.
type Cleaner struct {
	home   *Home
	random env.Random
	config CleanerConfig
	codecs *batch.Codecs
	// paidUntil is when what was read and written so far is within the limit.
	paidUntil kafka.Instant
	buffer    []byte
}

// NewCleaner makes a shard's cleaner. random is for the secret of each pass.
func NewCleaner(home *Home, random env.Random, config CleanerConfig) *Cleaner {
	return &Cleaner{home: home, random: random, config: config, codecs: new(batch.Codecs)}
}

// SetConfig gives the cleaner other limits: the rate at once, the rest from the next
// pass on.
func (c *Cleaner) SetConfig(config CleanerConfig) { c.config = config }

// Cleaned is what a pass has done.
type Cleaned struct {
	// From and End are the offsets [From, End) that were dirty and are compacted now.
	From, End kafka.Offset
	Stats     compact.Stats
	// Keys is how many keys the dirty part had, KeyMapBytes what they took.
	Keys, KeyMapBytes int64
}

// Clean compacts a log once, in small steps beside other tasks: what Dirt has found, or
// as much of it as the key map has room for. The log must have a Dirt that is Due.
//
// Errors: ErrUncleanable and ErrInterrupted; env.ErrNoSpace, the disk has no room for
// the compacted copy now, and nothing is wrong with the log; others wrap env.ErrIO, the
// log directory has failed. In each case the log is whole.
func (c *Cleaner) Clean(t *task.Task, l *Log, d Dirt) (Cleaned, error) {
	assert.That(d.dirty > 0 && d.end <= d.upTo,
		"C-NotAboveHW: what is compacted is below the highWatermark")
	p := &pass{cleaner: c, log: l, task: t, cuts: l.compaction.cuts, from: d.from, end: d.end}
	err := p.run()
	p.keys.Release()
	l.dropMade()
	cleaned := Cleaned{From: d.from, End: p.done, Stats: p.thin.Stats,
		Keys: p.keysSeen, KeyMapBytes: p.keyBytes}
	if err == nil {
		return cleaned, nil
	}
	err = fmt.Errorf("compact %s from %d: %w", l.chain.dir, d.from, err)
	switch {
	case errors.Is(err, errUnreadable):
		l.compaction.uncleanable = fmt.Errorf("%w: %w", ErrUncleanable, err)
		return cleaned, l.compaction.uncleanable
	case !errors.Is(err, ErrInterrupted) && !errors.Is(err, env.ErrNoSpace):
		c.home.Journal.Fail(err)
	}
	return cleaned, err
}

// errUnreadable: a batch of the log can't be read.
var errUnreadable = errors.New("a batch can't be read")

// pass is one compaction of one log.
type pass struct {
	cleaner *Cleaner
	log     *Log
	task    *task.Task
	cuts    int
	// from and end are as in Dirt; end comes down when the map is full. done is how far
	// the log is compacted.
	from, end, done kafka.Offset
	keys            *compact.KeyMap
	keysSeen        int64
	keyBytes        int64
	thin            compact.Thinning
	// lastOffset is that of the last batch below end: its place is kept.
	lastOffset kafka.Offset
	// sinceYield is how much was read and written since other tasks had their turn.
	sinceYield int64
	// out is what is to be written to the last of the segments being made.
	out []byte
}

// run maps the keys of the dirty part, then thins every segment below its end.
func (p *pass) run() error {
	c, l := p.cleaner, p.log
	p.done = p.from
	secret := compact.Secret{Low: c.random.Uint64(), High: c.random.Uint64()}
	p.keys = compact.NewKeyMap(c.config.KeyMapBytes, c.config.LoadFactor, secret)
	if p.end > l.durable.base {
		// Only what is durable in the files is replaced: recovery puts what the journal
		// has behind that.
		if err := l.Checkpoint(p.task); err != nil {
			return err
		}
	}
	p.end = min(p.end, l.durable.base)
	if p.from >= p.end {
		return p.check()
	}
	p.keys.Reset(int64(p.end - p.from))
	if err := p.mapKeys(); err != nil {
		return err
	}
	p.keysSeen, p.keyBytes = p.keys.Keys(), p.keys.Bytes()
	p.thin = compact.Thinning{Keys: p.keys, End: p.end, Now: c.home.Clock.Wall(),
		DeleteRetentionMs: l.config.DeleteRetentionMs, Codecs: c.codecs}
	if err := p.rewrite(); err != nil {
		return err
	}
	p.done = p.end
	return nil
}

// mapKeys notes the newest offset of each key of the dirty part, until the map is full.
func (p *pass) mapKeys() error {
	end, full := p.from, false
	for _, s := range p.segments(p.from, p.end) {
		position, err := p.begin(s)
		if err != nil {
			return err
		}
		err = p.scan(s, position, func(b batch.Batch) (err error) {
			if full || b.NextOffset() <= p.from {
				return nil
			}
			end, err = p.keys.Note(b, p.from, p.end, p.cleaner.codecs)
			full = err == nil && end < min(b.NextOffset(), p.end)
			return err
		})
		if err != nil {
			return err
		}
		p.lastOffset = s.next - 1
		if full {
			p.end = end
			return nil
		}
	}
	return nil // behind the last batch there may be a gap
}

// segments are those that have something in a range of offsets.
func (p *pass) segments(from, end kafka.Offset) []*segment {
	chain := p.log.chain.segments
	first := p.log.chain.find(from)
	last := first
	for last < len(chain)-1 && chain[last].base < end {
		last++
	}
	return slices.Clone(chain[first:last])
}

// begin is where the first batch of a segment is that is of interest.
func (p *pass) begin(s *segment) (int64, error) {
	if p.from <= s.base || s.retired {
		return 0, nil
	}
	s.acquire()
	defer s.release()
	w := walker{segment: s, task: p.task, scratch: make([]byte, scratchBytes)}
	position, err := s.positionBefore(&w, p.from)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	return position, nil
}

// scan visits the batches of a segment from a position on, each checked, in steps.
func (p *pass) scan(s *segment, position int64, visit func(batch.Batch) error) error {
	if err := p.check(); err != nil || s.retired {
		return errors.Join(err, interruptedIf(s.retired))
	}
	s.acquire()
	defer s.release()
	if err := s.open(); err != nil {
		return err
	}
	r := batchReader{file: s.file, end: s.size, task: p.task, buf: p.cleaner.buffer,
		step: max(p.cleaner.config.ReadBytes, cleanReadBytesMin)}
	defer func() { p.cleaner.buffer = r.buf }()
	for at := position; at < r.end; {
		b, err := r.at(at)
		if err == nil {
			err = b.Check()
		}
		if err != nil {
			return fmt.Errorf("%w: %w", errUnreadable, scanError(s.name, at, err))
		}
		if err := visit(b); err != nil {
			if errors.Is(err, batch.ErrCorrupt) || errors.Is(err, batch.ErrTooLarge) ||
				errors.Is(err, batch.ErrCodec) {
				err = fmt.Errorf("%w: %s at %d: %w", errUnreadable, s.name, at, err)
			}
			return err
		}
		at += int64(len(b))
		if err := p.pace(int64(len(b))); err != nil {
			return err
		}
	}
	return nil
}

// pace counts what was read or written, and lets others have their turn after a step.
func (p *pass) pace(bytes int64) error {
	c := p.cleaner
	if rate := c.config.BytesPerSecondMax; rate > 0 {
		spent := time.Duration(bytes) * time.Second / time.Duration(rate)
		c.paidUntil = max(c.paidUntil, p.task.Now()).Plus(spent)
	} else {
		c.paidUntil = 0
	}
	if p.sinceYield += bytes; p.sinceYield < cleanStepBytes {
		return nil
	}
	p.sinceYield = 0
	p.task.Yield()
	for p.check() == nil && p.task.Now() < c.paidUntil {
		p.task.SleepUntil(min(c.paidUntil, p.task.Now().Plus(cleanPauseMax)))
		if c.config.BytesPerSecondMax == 0 {
			c.paidUntil = 0 // the limit was taken away meanwhile
		}
	}
	return p.check()
}

// check reports whether the pass still makes sense: ErrInterrupted if not.
func (p *pass) check() error {
	l := p.log
	if err := l.home.Journal.Failed(); err != nil {
		return err
	}
	return interruptedIf(l.closed || l.failed != nil || l.compaction.forbidden > 0 ||
		l.compaction.cuts != p.cuts)
}

func interruptedIf(interrupted bool) error {
	if interrupted {
		return ErrInterrupted
	}
	return nil
}
