package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// realInputName is the name of the check of this file: a file of real lines goes
// from each client to all others, with every codec, byte for byte.
const realInputName = "real-input"

const (
	// lanes is how many clients run at a time, beside the broker.
	lanes = 2
	// roomTimes is how many times the file there must be room for: the file itself,
	// the topics of all lanes, and as many that were deleted a moment ago.
	roomTimes = 2 + 2*lanes
	// realKills is how often the broker is killed while a file is written, at even
	// distances.
	realKills = 3
	// transferTimeMin and transferRateMin bound how long a client may take for the
	// file: one that hangs is a failure. The rate is far below what the slowest
	// client does on a machine that is busy with others.
	transferTimeMin = 2 * time.Minute
	transferRateMin = 1 << 20
)

// transfer is one writer's file and what its readers got.
type transfer struct {
	writer client
	codec  string
	// kills is how often the broker is killed under it.
	kills   int
	readers []client

	// what came of it
	writeTime   time.Duration
	storedBytes int64
	reads       []transferRead
	err         error
}

// transferRead is what one reader got.
type transferRead struct {
	reader string
	took   time.Duration
	err    error
}

func (t *transfer) name() string {
	name := realInputName + "/" + t.writer.name() + "/" + t.codec
	if t.kills > 0 {
		name += "/kill-9"
	}
	return name
}

// failure is the first thing that is wrong with it.
func (t *transfer) failure() error {
	if t.err != nil {
		return t.err
	}
	for _, read := range t.reads {
		if read.err != nil {
			return fmt.Errorf("read with %s: %w", read.reader, read.err)
		}
	}
	return nil
}

// realClients are the clients that take part. kafka-python does not: it is slow
// by nature, and its cases are elsewhere.
func (s *suite) realClients() []client {
	var all []client
	for _, c := range s.clients {
		if _, slow := c.(*pythonKafka); !slow {
			all = append(all, c)
		}
	}
	if s.java != nil {
		all = append(all, s.java)
	}
	return all
}

// transfers lists what is run: every writer with every codec, and once more those
// writers whose retries are idempotent and outlive a broker, with a broker that
// is killed.
func (s *suite) transfers() (quiet, killed []*transfer) {
	clients := s.realClients()
	add := func(to *[]*transfer, writer client, codec string, kills int) {
		t := &transfer{writer: writer, codec: codec, kills: kills}
		for _, reader := range clients {
			if reader != writer {
				t.readers = append(t.readers, reader)
			}
		}
		if s.only.MatchString(t.name()) {
			*to = append(*to, t)
		}
	}
	for _, codec := range allCodecs {
		for _, writer := range clients {
			add(&quiet, writer, codec, 0)
		}
	}
	if s.broker == nil {
		return quiet, nil
	}
	for _, writer := range clients {
		switch writer.(type) {
		case *ownClient, *franzClient:
			add(&killed, writer, "none", realKills)
		}
	}
	return quiet, killed
}

// realRun is a run of the check.
type realRun struct {
	suite  *suite
	file   *realFile
	report *realReport
	// topics gives each transfer one: making one is not for two at a time.
	topics sync.Mutex
}

// realInput runs the check.
func (s *suite) realInput(ctx context.Context, w wishes) error {
	quiet, killed := s.transfers()
	if len(quiet)+len(killed) == 0 {
		return fmt.Errorf("nothing to run: %q matches no transfer", s.only)
	}
	if free, want := freeBytes(s.dir), roomTimes*int64(w.bytes); free < want {
		return fmt.Errorf("%s has %d MiB free, and %d MiB are wanted: give less -bytes, or another"+
			" $TMPDIR", s.dir, free>>20, want>>20)
	}
	report := newRealReport(s.out, os.Stderr, w.json, len(quiet)+len(killed))
	sources, err := realSources(ctx)
	if err != nil {
		return err
	}
	report.say("making a file of %s of lines from the text files in %v", w.bytes.String(), sources)
	file, err := makeRealFile(ctx, filepath.Join(s.dir, "real"), sources, int64(w.bytes))
	if err != nil {
		return err
	}
	report.say("%d lines of %d files, %d bytes each on average, taken %d times; sha256 %x",
		file.lines, file.files, file.bytes/file.lines, file.repeats, file.sum)
	for _, reason := range s.missing {
		report.say("skipped: %s", reason)
	}
	if s.broker == nil {
		report.say("skipped: kill -9, since the broker is not ours to kill")
	}
	r := &realRun{suite: s, file: file, report: report}
	r.all(ctx, quiet, lanes)
	r.all(ctx, killed, 1)
	failed := report.sum(file, append(quiet, killed...))
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d transfers failed", failed, len(quiet)+len(killed))
	}
	return nil
}

// all runs transfers, some at a time.
func (r *realRun) all(ctx context.Context, transfers []*transfer, atATime int) {
	queue := make(chan *transfer)
	var workers sync.WaitGroup
	for range atATime {
		workers.Go(func() {
			for t := range queue {
				if t.err = r.one(ctx, t); ctx.Err() != nil {
					t.err = errors.New("interrupted")
				}
				r.report.done(r.file, t)
			}
		})
	}
	for _, t := range transfers {
		queue <- t
	}
	close(queue)
	workers.Wait()
}

// timeMax is how long a client may take for the file.
func (r *realRun) timeMax() time.Duration {
	return max(transferTimeMin, time.Duration(r.file.bytes/transferRateMin)*time.Second)
}

// one runs a transfer: it makes the topic, writes, reads with each reader and
// drops the topic.
func (r *realRun) one(ctx context.Context, t *transfer) error {
	r.topics.Lock()
	topic, err := r.suite.topic(ctx, 1, "file.delete.delay.ms=1000") // its room is wanted soon
	r.topics.Unlock()
	if err != nil {
		return err
	}
	if t.writeTime, err = r.write(ctx, t, topic); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	if t.storedBytes, err = r.stored(ctx, topic); err != nil {
		return err
	}
	for _, reader := range t.readers {
		r.report.say("%s: %s reads", t.name(), reader.name())
		t.reads = append(t.reads, r.read(ctx, reader, topic))
	}
	_, err = r.suite.odradek(ctx, nil, "topics", "delete", topic)
	return err
}

// write writes the file, and kills the broker under it if that is wished.
func (r *realRun) write(ctx context.Context, t *transfer, topic string) (time.Duration, error) {
	r.report.say("%s: %s writes", t.name(), t.writer.name())
	ctx, cancel := context.WithTimeout(ctx, r.timeMax())
	defer cancel()
	begin := time.Now()
	done := make(chan error, 1)
	go func() { done <- t.writer.produce(ctx, topic, t.codec, r.file.path) }()
	end := int64(0)
	for i := range t.kills {
		// Beyond the last kill, too: the writer is at work again.
		at := max(end, r.file.lines*int64(i+1)/int64(t.kills+1))
		var err error
		if end, err = r.suite.killBeyond(ctx, topic, at, done); err != nil {
			return 0, fmt.Errorf("kill %d of %d (a small file may be through too early): %w",
				i+1, t.kills, err)
		}
		r.report.say("%s: killed the broker at offset %d and started it again", t.name(), end)
	}
	err := <-done
	return time.Since(begin), err
}

// read reads a topic with one client and compares what it got with the file.
func (r *realRun) read(ctx context.Context, reader client, topic string) transferRead {
	ctx, cancel := context.WithTimeout(ctx, r.timeMax())
	defer cancel()
	got := &counted{hash: sha256.New()}
	begin := time.Now()
	err := reader.consume(ctx, topic, got)
	if err == nil {
		err = got.same(r.file)
	}
	return transferRead{reader.name(), time.Since(begin), err}
}

// counted takes in what a reader prints.
type counted struct {
	hash  hash.Hash
	bytes int64
	lines int64
}

// Write implements io.Writer.
func (c *counted) Write(p []byte) (int, error) {
	c.bytes += int64(len(p))
	c.lines += int64(bytes.Count(p, []byte("\n")))
	return c.hash.Write(p)
}

var _ io.Writer = (*counted)(nil)

// same compares it with a file.
func (c *counted) same(file *realFile) error {
	if c.bytes != file.bytes || c.lines != file.lines {
		return fmt.Errorf("%d lines of %d bytes in all, want %d of %d",
			c.lines, c.bytes, file.lines, file.bytes)
	}
	if sum := c.hash.Sum(nil); string(sum) != string(file.sum[:]) {
		return fmt.Errorf("as many lines and bytes, and others: sha256 %x, want %x", sum, file.sum)
	}
	return nil
}

// stored is how many bytes a topic takes on disk.
func (r *realRun) stored(ctx context.Context, topic string) (int64, error) {
	client, err := (&franzClient{r.suite}).open()
	if err != nil {
		return 0, err
	}
	defer client.Close()
	set := kadm.TopicsSet{}
	set.Add(topic, 0)
	dirs, err := kadm.NewClient(client).DescribeAllLogDirs(ctx, set)
	size := int64(0)
	dirs.Each(func(d kadm.DescribedLogDir) { size += d.Size() })
	return size, err
}
