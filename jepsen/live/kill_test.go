package live

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"odradek/core/kafka"
	"odradek/jepsen/check"
)

// TestKillRounds: the broker of this tree keeps its word over some kills.
func TestKillRounds(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds and starts a broker")
	}
	dir := t.TempDir()
	binary := filepath.Join(dir, "odradek")
	build := exec.Command("go", "build", "-o", binary, "odradek/cmd/odradek")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the broker: %v\n%s", err, out)
	}
	k := Kill{Binary: binary, Dir: filepath.Join(dir, "run"), Rounds: 3, Producers: 4,
		Partitions: 3, Seed: 1, Settings: []string{"--shards", "2"},
		Bulk: Bulk{Partitions: 20, Bytes: 1 << 20}, Groups: Groups{Count: 3, Members: 2}}
	result, err := k.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if result.Verdict.Result != check.Pass {
		t.Error(result.Verdict)
	}
	if len(result.Rounds) != 3 || result.Acknowledged == 0 || result.Read == 0 ||
		result.Commits == 0 {
		t.Errorf("%d rounds, %d acknowledged, %d read, %d commits: the run did not do its work",
			len(result.Rounds), result.Acknowledged, result.Read, result.Commits)
	}
}

// TestParseRecovery: a line of serve, among others.
func TestParseRecovery(t *testing.T) {
	text := "odradek: 2 topics\nodradek: journal: 193.6 MiB of 2 shards replayed in 259.5ms, " +
		"1,005 logs made whole in 1.2s, opened in 97ms\nodradek: partition offline: x\n"
	got, err := parseRecovery([]byte(text))
	want := Recovery{JournalBytes: "193.6 MiB", Replay: 259500 * time.Microsecond,
		Logs: 1200 * time.Millisecond, Opening: 97 * time.Millisecond}
	if err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := parseRecovery([]byte(text[:40])); err == nil {
		t.Error("a line that is not whole yet was taken for one")
	}
}

// TestBulkThatIsGone: a partition that ends before what was acknowledged is found.
func TestBulkThatIsGone(t *testing.T) {
	r := &recorder{}
	b := &bulk{name: "bulk", recorder: r, ends: []int64{3, 5}}
	listed := func(first, second int64) kadm.ListedOffsets {
		return kadm.ListedOffsets{"bulk": {0: {Offset: first}, 1: {Partition: 1, Offset: second}}}
	}
	if err := b.compare(listed(3, 6)); err != nil || len(r.broken) != 0 {
		t.Errorf("%v, %v", err, r.broken)
	}
	if err := b.compare(listed(3, 4)); err != nil || len(r.broken) != 1 {
		t.Errorf("%v, %v", err, r.broken)
	}
}

// TestBrokerThatEnds: a broker that cannot start is told with its own words.
func TestBrokerThatEnds(t *testing.T) {
	p := &Process{Binary: "/bin/sh", Dir: t.TempDir()}
	_, err := p.Start(context.Background())
	if err == nil || !strings.Contains(err.Error(), "the broker ended") {
		t.Errorf("got %v", err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

// finalScan records that these are a partition's records.
func finalScan(r *recorder, of *topic, records []*kgo.Record) {
	s := check.Scan{Partition: of.partition(0), End: kafka.Offset(len(records))}
	for i, record := range records {
		s.Records = append(s.Records,
			check.Record{Offset: kafka.Offset(i), Hash: hashOf(record)})
	}
	r.scanned(3, r.now(), s)
}

// TestJudge: the recorder's history fails for what each kind of client can see.
func TestJudge(t *testing.T) {
	id := kafka.TopicID{1}
	topic := &topic{name: "t", id: id, partitions: 1}
	first := &kgo.Record{Topic: "t", Key: []byte("1"), Value: []byte("a")}
	second := &kgo.Record{Topic: "t", Key: []byte("1"), Value: []byte("b"), Offset: 1}
	written := func(r *recorder) {
		p := &producer{process: 1, topic: topic, recorder: r, producerID: 7}
		p.answered(r.now(), first, nil)
		p.answered(r.now(), second, nil)
	}
	end := func(r *recorder, records ...*kgo.Record) { finalScan(r, topic, records) }
	for _, c := range []struct {
		name string
		want check.Result
		run  func(r *recorder)
	}{
		{"all there", check.Pass, func(r *recorder) { written(r); end(r, first, second) }},
		{"one lost", check.Fail, func(r *recorder) { written(r); end(r, first) }},
		{"another in its place", check.Fail, func(r *recorder) { written(r); end(r, first, first) }},
		{"written twice", check.Fail, func(r *recorder) { written(r); end(r, first, second, second) }},
		{"unknown and there", check.Pass, func(r *recorder) {
			p := &producer{process: 1, topic: topic, recorder: r, producerID: kafka.NoProducerID}
			p.answered(r.now(), first, errors.New("connection reset"))
			end(r, first)
		}},
		{"unknown and not there", check.Pass, func(r *recorder) {
			p := &producer{process: 1, topic: topic, recorder: r, producerID: kafka.NoProducerID}
			p.answered(r.now(), first, errors.New("connection reset"))
			end(r)
		}},
		{"the producer is told of a loss", check.Fail, func(r *recorder) {
			written(r)
			p := &producer{process: 2, topic: topic, recorder: r, producerID: 8}
			p.answered(r.now(), &kgo.Record{Topic: "t"}, kerr.OutOfOrderSequenceNumber)
			end(r, first, second)
		}},
		{"the reader saw another", check.Fail, func(r *recorder) {
			written(r)
			reads := &reader{process: 2, topic: topic, recorder: r, next: make([]int64, 1)}
			reads.take(kgo.FetchPartition{HighWatermark: 2, Records: []*kgo.Record{second}})
			end(r, first, second)
		}},
		{"the reader is told of a loss", check.Fail, func(r *recorder) {
			written(r)
			reads := &reader{process: 2, topic: topic, recorder: r, next: make([]int64, 1)}
			reads.take(kgo.FetchPartition{Err: &kgo.ErrDataLoss{}})
			end(r, first, second)
		}},
		{"the broker is away", check.Pass, func(r *recorder) {
			written(r)
			reads := &reader{process: 2, topic: topic, recorder: r, next: make([]int64, 1)}
			reads.take(kgo.FetchPartition{Err: errors.New("closed during negotiation")})
			end(r, first, second)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &recorder{}
			c.run(r)
			if got := r.judge(); got.Result != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
