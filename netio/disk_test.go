package netio_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/diskio"
	"odradek/netio"
)

// startWithDisk is startNode with a log directory.
func startWithDisk(
	t testing.TB, way diskio.Way, shards int, boot func(w *env.World),
) (*netio.Node, string) {
	t.Helper()
	path := t.TempDir()
	directory, err := diskio.Open(path, diskio.Options{Way: way})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := directory.Close(); err != nil {
			t.Error(err)
		}
	})
	return startNodeOf(t, netio.Config{
		Shards: shards, Boot: boot,
		OpenDisk: func(s *netio.Shard) (netio.Disk, error) { return directory.Disk(s) },
	}), path
}

// TestASlowReaderOfAColdFile has a range leave bit by bit while its pages are
// thrown out of memory again and again.
func TestASlowReaderOfAColdFile(t *testing.T) {
	const size = 24 << 20
	content := make([]byte, size)
	for i := 0; i < size; i += 8 {
		binary.BigEndian.PutUint64(content[i:], uint64(i)*0x9e3779b97f4a7c15)
	}
	address := make(chan env.Address, 1)
	_, path := startWithDisk(t, diskio.WayBest, 1, func(w *env.World) {
		w.Loop.Spawn("boot", func(tk *task.Task) {
			f, err := w.Disk.Create("cold")
			if err == nil {
				err = f.WriteAt(content, 0)
			}
			if err == nil {
				err = f.Sync(tk)
			}
			if err != nil {
				t.Error(err)
			}
			l, err := w.Network.Listen("127.0.0.1:0", roomy(), &doorOf{opened: func(c env.Conn) {
				c.Send([]env.Chunk{{File: f, Length: size}})
				_ = f.Close() // the queued range keeps it open
			}})
			if err != nil {
				t.Error(err)
			}
			address <- l.Address()
		})
	})
	c := dial(t, string(<-address))
	other, err := os.Open(filepath.Join(path, "cold"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	got := make([]byte, 0, size)
	for len(got) < size {
		_ = unix.Fadvise(int(other.Fd()), 0, 0, unix.FADV_DONTNEED)
		n, err := io.ReadFull(c, got[len(got):min(size, len(got)+1<<20)])
		if err != nil {
			t.Fatalf("after %d bytes: %v", len(got), err)
		}
		got = got[:len(got)+n]
	}
	if !bytes.Equal(got, content) {
		t.Fatal("other bytes arrived")
	}
}

func TestADiskThatCannotBeOpenedEndsTheNode(t *testing.T) {
	path := t.TempDir()
	directory, err := diskio.Open(path, diskio.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = directory.Close() }()
	n, err := netio.Start(netio.Config{
		Shards: 2, Boot: func(*env.World) {},
		OpenDisk: func(s *netio.Shard) (netio.Disk, error) {
			if s.Index() == 1 {
				return nil, env.ErrIO
			}
			return directory.Disk(s)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Wait(); err != env.ErrIO {
		t.Fatalf("Wait returned %v", err)
	}
}

// appender is the smallest durable server: a request is copied to a staging
// buffer, a task writes what came together through, and then it is answered.
type appender struct {
	doorOf
	file     env.File
	staging  []byte
	spare    []byte
	used     int
	waiting  []env.Conn
	flushing []env.Conn
	some     task.Signal
	chunks   [1]env.Chunk
	position kafka.Position
	commits  int
}

const (
	stagingBytes = 1 << 20
	journalBytes = 32 << 20
)

func (a *appender) Received(c env.Conn, frame *env.Frame) {
	a.used += copy(a.staging[a.used:], frame.Payload)
	a.waiting = append(a.waiting, c)
	frame.Release()
	a.some.Notify()
}

func (a *appender) commit(tk *task.Task) error {
	for {
		for a.used == 0 {
			_ = a.some.Wait(tk, kafka.Never, "something to commit")
		}
		length := (a.used + env.BlockSize - 1) &^ (env.BlockSize - 1)
		p := a.staging[:length]
		a.staging, a.spare, a.used = a.spare, a.staging, 0
		a.waiting, a.flushing = a.flushing[:0], a.waiting
		if a.position+kafka.Position(length) > journalBytes {
			a.position = 0
		}
		if err := a.file.WriteThrough(tk, p, a.position); err != nil {
			return err
		}
		a.position += kafka.Position(length)
		a.commits++
		for _, c := range a.flushing {
			a.chunks[0].Bytes = oneByte
			c.Send(a.chunks[:])
		}
	}
}

var oneByte = []byte{0, 0, 0, 1, 0}

// open makes a journal whose blocks were all written once.
func (a *appender) open(tk *task.Task, d env.Disk) error {
	a.staging, a.spare = d.Buffer(stagingBytes), d.Buffer(stagingBytes)
	f, err := d.Create("journal")
	if err == nil {
		err = f.Preallocate(journalBytes)
	}
	for at := kafka.Position(0); err == nil && at < journalBytes; at += stagingBytes {
		err = f.WriteThrough(tk, a.spare, at)
	}
	a.file = f
	return err
}

// BenchmarkDurableAppend measures requests that are answered when they are on
// the device, by each way of getting them there.
func BenchmarkDurableAppend(b *testing.B) {
	for _, way := range []diskio.Way{diskio.WayRing, diskio.WayInline, diskio.WayWorker} {
		for _, shape := range []struct{ connections, inFlight int }{{1, 1}, {64, 8}} {
			name := fmt.Sprintf("%v/%dx%d", way, shape.connections, shape.inFlight)
			b.Run(name, func(b *testing.B) {
				a := new(appender)
				p := newPairOn(b, shape.connections, a, way)
				p.run(2000, shape.inFlight) // warm
				var before, after time.Duration
				var commits int
				onShard(p.node, 0, func() { before, commits = threadCPU(), a.commits })
				b.ResetTimer()
				p.run(b.N, shape.inFlight)
				b.StopTimer()
				onShard(p.node, 0, func() { after, commits = threadCPU(), a.commits-commits })
				b.ReportMetric(float64((after-before).Nanoseconds())/float64(b.N)/1000, "cpu-us/req")
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
				b.ReportMetric(float64(b.N)/float64(commits), "req/commit")
			})
		}
	}
}

// BenchmarkWriteThrough commits a block to blocks that were written before, as a
// recycled journal does, from a task of a real shard.
func BenchmarkWriteThrough(b *testing.B) {
	for _, way := range []diskio.Way{diskio.WayRing, diskio.WayInline, diskio.WayWorker} {
		b.Run(way.String(), func(b *testing.B) {
			spans := make([]time.Duration, b.N)
			done := make(chan error, 1)
			startWithDisk(b, way, 1, func(w *env.World) {
				w.Loop.Spawn("writer", func(tk *task.Task) {
					a := new(appender)
					err := a.open(tk, w.Disk)
					for i := 0; i < b.N && err == nil; i++ {
						begun := time.Now()
						at := kafka.Position(i * env.BlockSize % journalBytes)
						err = a.file.WriteThrough(tk, a.spare[:env.BlockSize], at)
						spans[i] = time.Since(begun)
					}
					done <- err
				})
			})
			if err := <-done; err != nil {
				b.Fatal(err)
			}
			slices.Sort(spans)
			b.ReportMetric(float64(spans[b.N/2].Microseconds()), "p50-us")
			b.ReportMetric(float64(spans[b.N*99/100].Microseconds()), "p99-us")
		})
	}
}

// ranger answers every request with a range of a file.
type ranger struct {
	doorOf
	chunks [2]env.Chunk
}

func (r *ranger) Received(c env.Conn, frame *env.Frame) {
	frame.Release()
	c.Send(r.chunks[:])
}

// BenchmarkSendRange measures fetches of 8 MiB from the page cache.
func BenchmarkSendRange(b *testing.B) {
	const size = 8 << 20
	r := new(ranger)
	p := newLoad()
	address := make(chan env.Address, 1)
	p.node, _ = startWithDisk(b, diskio.WayBest, 2, func(w *env.World) {
		if w.Shards.Self() == 1 {
			p.dial(b, w, 2, address)
			return
		}
		f, err := w.Disk.Create("segment")
		if err == nil {
			err = f.WriteAt(make([]byte, size), 0)
		}
		if err != nil {
			b.Error(err)
		}
		r.chunks[0].Bytes = framed(make([]byte, size))[:4]
		r.chunks[1] = env.Chunk{File: f, Length: size}
		p.serve(b, w, r, address)
	})
	<-p.ready
	p.run(20, 1) // warm
	var before, after time.Duration
	onShard(p.node, 0, func() { before = threadCPU() })
	b.SetBytes(size)
	b.ResetTimer()
	p.run(b.N, 1)
	b.StopTimer()
	onShard(p.node, 0, func() { after = threadCPU() })
	b.ReportMetric((after-before).Seconds()/(float64(b.N)*size/(1<<30)), "cpu-s/GiB")
}
