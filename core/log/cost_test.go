package log_test

import (
	"errors"
	"fmt"
	"testing"

	"odradek/core/batch"
	"odradek/core/env"
	"odradek/core/journal"
	"odradek/core/journal/disktest"
	"odradek/core/kafka"
	"odradek/core/log"
	"odradek/core/task"
)

func isCold(err error) bool { return errors.Is(err, env.ErrCold) }

// busy runs body on a node whose journal and segments are of the usual size, on
// a disk whose files have been written before: what grows is not the log's.
func busy(t testing.TB, policy log.FlushPolicy, body func(tt *task.Task, n *node, l *log.Log)) {
	t.Helper()
	config := log.DefaultConfig()
	config.FlushPolicy = policy
	loop := task.NewLoop(0)
	drive(loop, 0, func(tt *task.Task) {
		n, err := boot(tt, disktest.New(), journal.Options{FileBytes: 8 << 20})
		if err != nil {
			t.Error(err)
			return
		}
		l, err := n.openOne(tt, 0, config)
		if err != nil {
			t.Error(err)
			return
		}
		body(tt, n, l)
	})
	loop.Close()
}

// Appending and reading the tail allocate nothing. The disk of these tests grows
// its files by doubling, so a few allocations in a thousand are its own.
func TestAppendAndTailReadAllocateNothing(t *testing.T) {
	for _, policy := range []log.FlushPolicy{log.Durable, log.Background} {
		busy(t, policy, func(tt *task.Task, n *node, l *log.Log) {
			b := batch.NewBuilder().Producer(1, 0, 0)
			b.Append(1, nil, make([]byte, 100))
			idempotent, plain := b.Build(), records(1, 150, 1)
			mustAppend(t, l, idempotent, 0)
			for range 2000 {
				appendOne(t, tt, n, l, plain)
			}
			got := testing.AllocsPerRun(2000, func() { appendOne(t, tt, n, l, plain) })
			if got > 0 {
				t.Errorf("an append allocates %v times", got)
			}
			end := l.LogEndOffset()
			got = testing.AllocsPerRun(1000, func() {
				for _, from := range []kafka.Offset{end - 1, end - 7} {
					r, err := l.Read(from, end, 1<<20, true)
					if err != nil || r.Length == 0 {
						t.Fatal(r, err)
					}
				}
				again, _, err := l.Append(idempotent, 0)
				if err != nil || !again.Duplicate {
					t.Fatal(again, err)
				}
			})
			if got > 0 {
				t.Errorf("a read of the tail allocates %v times", got)
			}
			got = testing.AllocsPerRun(1000, func() {
				if r, err := l.Read(17, end, 1000, true); err != nil || r.Length == 0 {
					t.Fatal(r, err)
				}
			})
			if got > 0 {
				t.Errorf("a read of older records allocates %v times", got)
			}
		})
	}
}

func appendOne(t testing.TB, tt *task.Task, n *node, l *log.Log, b batch.Batch) {
	if err := n.home.Journal.AwaitReady(tt, len(b), kafka.Never); err != nil {
		t.Fatal(err)
	}
	if _, _, err := l.Append(b, 0); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{170, 16 << 10, 1 << 20} {
		for _, policy := range []log.FlushPolicy{log.Durable, log.Background} {
			b.Run(fmt.Sprintf("%d bytes, policy %d", size, policy), func(b *testing.B) {
				busy(b, policy, func(tt *task.Task, n *node, l *log.Log) {
					one := records(1, size, 1)
					b.SetBytes(int64(len(one)))
					b.ReportAllocs()
					b.ResetTimer()
					for i := range b.N {
						appendOne(b, tt, n, l, one)
						if i%64 == 0 {
							tt.Yield()
						}
						if l.SizeBytes() > 1<<28 { // keep the test's memory small
							b.StopTimer()
							if err := l.DeleteRecordsAndWait(tt, l.LogEndOffset()); err != nil {
								b.Fatal(err)
							}
							if err := l.Truncate(tt, 0); err != nil {
								b.Fatal(err)
							}
							b.StartTimer()
						}
					}
				})
			})
		}
	}
}

func BenchmarkRead(b *testing.B) {
	for _, where := range []string{"tail", "behind", "random"} {
		b.Run(where, func(b *testing.B) {
			busy(b, log.Background, func(tt *task.Task, n *node, l *log.Log) {
				one := records(1, 1000, 1)
				for range 50_000 {
					appendOne(b, tt, n, l, one)
				}
				end := l.LogEndOffset()
				at := kafka.Offset(0)
				b.ReportAllocs()
				b.ResetTimer()
				for i := range b.N {
					switch where {
					case "tail":
						at = end - 1
					case "random":
						at = kafka.Offset(i) * 7919 % (end - 2000)
					}
					r, err := l.Read(at, end, 64<<10, true)
					if err != nil {
						b.Fatal(err)
					}
					if at = r.NextOffset; at >= end-2000 {
						at = 0
					}
				}
			})
		})
	}
}
