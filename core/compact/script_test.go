package compact_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"odradek/core/batch"
	"odradek/core/compact"
	"odradek/core/kafka"

	"github.com/google/go-cmp/cmp"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files again; then read the diff")

// A script in testdata makes a log and compacts it. Its commands, with the log
// printed after each pass:
//
//	batch OPTIONS a=1 b -=x    appends a batch: a has a value, b is a tombstone, and
//	                           x has no key. Options: pid:N seq:N codec:NAME at:TIME
//	                           appended:TIME txn
//	marker commit|abort pid:N  appends a marker
//	pass OPTIONS               compacts: from:OFFSET end:OFFSET now:TIME keep:MS
//	                           keys:N bounds the map, stays:OFFSET keeps that batch
func TestScripts(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) { runScript(t, name) })
	}
}

func runScript(t *testing.T, name string) {
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	l := &scriptedLog{t: t}
	for _, line := range strings.Split(strings.TrimRight(string(text), "\n"), "\n") {
		if strings.HasPrefix(line, "\t") {
			continue // the last run's output
		}
		out = append(out, line)
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		for _, printed := range l.run(words[0], words[1:]) {
			out = append(out, "\t"+printed)
		}
	}
	got := strings.Join(out, "\n") + "\n"
	if *rewrite {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(text), got); diff != "" && !*rewrite {
		t.Fatal(diff)
	}
}

type scriptedLog struct {
	t       *testing.T
	batches []batch.Batch
}

func (l *scriptedLog) end() kafka.Offset {
	if len(l.batches) == 0 {
		return 0
	}
	return l.batches[len(l.batches)-1].NextOffset()
}

func (l *scriptedLog) run(command string, words []string) []string {
	options := map[string]string{}
	var rest []string
	for _, word := range words {
		if name, value, ok := strings.Cut(word, ":"); ok {
			options[name] = value
		} else {
			rest = append(rest, word)
		}
	}
	number := func(name string, otherwise int64) int64 {
		text, ok := options[name]
		if !ok {
			return otherwise
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			l.t.Fatal(err)
		}
		return n
	}
	switch command {
	case "batch":
		l.append(options, rest, number)
	case "marker":
		kind := map[string]batch.ControlType{"commit": batch.Commit, "abort": batch.Abort}[rest[0]]
		b := batch.BuildEndMarker(kind, batch.EndMarker{CoordinatorEpoch: 7},
			kafka.ProducerID(number("pid", 0)), 0, kafka.Timestamp(number("at", 0)))
		b.SetBaseOffset(l.end())
		l.batches = append(l.batches, b)
	case "pass":
		return l.pass(number)
	default:
		l.t.Fatalf("unknown command %q", command)
	}
	return nil
}

func (l *scriptedLog) append(options map[string]string, records []string,
	number func(string, int64) int64) {
	b := batch.NewBuilder().At(l.end(), 3)
	if _, ok := options["pid"]; ok {
		b.Producer(kafka.ProducerID(number("pid", 0)), 0, kafka.Sequence(number("seq", 0)))
	}
	if codec, ok := options["codec"]; ok {
		parsed, err := batch.ParseCodec(codec)
		if err != nil {
			l.t.Fatal(err)
		}
		b.Compress(parsed, batch.DefaultLevel)
	}
	at := number("at", 0)
	for _, record := range records {
		if record == "txn" {
			b.Transactional()
			continue
		}
		key, value, valued := strings.Cut(record, "=")
		var k, v []byte
		if key != "-" {
			k = []byte(key)
		}
		if valued {
			v = []byte(value)
		}
		b.Append(kafka.Timestamp(at), k, v)
		at++
	}
	built := b.Build()
	if appended := number("appended", -1); appended >= 0 {
		built.SetMaxTimestamp(batch.LogAppendTime, kafka.Timestamp(appended))
	}
	l.batches = append(l.batches, built)
}

func (l *scriptedLog) pass(number func(string, int64) int64) (out []string) {
	from, end := kafka.Offset(number("from", 0)), kafka.Offset(number("end", int64(l.end())))
	keys := compact.NewKeyMap(number("keys", 100)*24*2, 500_000, compact.Secret{Low: 1, High: 2})
	keys.Reset(int64(end - from))
	for _, b := range l.batches {
		if b.NextOffset() <= from || b.BaseOffset() >= end {
			continue
		}
		noted, err := keys.Note(b, from, end, nil)
		if err != nil {
			l.t.Fatal(err)
		}
		if noted < min(b.NextOffset(), end) {
			end = noted
			out = append(out, fmt.Sprintf("the map is full: as far as %d", end))
			break
		}
	}
	thin := compact.Thinning{Keys: keys, End: end, Now: kafka.Timestamp(number("now", 0)),
		DeleteRetentionMs: number("keep", 0), Codecs: new(batch.Codecs)}
	var left []batch.Batch
	for _, b := range l.batches {
		thinned, err := thin.Batch(b, int64(b.BaseOffset()) == number("stays", -1))
		if err != nil {
			l.t.Fatal(err)
		}
		if thinned == nil {
			continue
		}
		if err := thinned.Check(); err != nil {
			l.t.Fatal(err)
		}
		left = append(left, thinned)
		out = append(out, printed(thinned))
	}
	l.batches = left
	s := thin.Stats
	return append(out, fmt.Sprintf("%d of %d records kept, %d without a key",
		s.RecordsKept, s.RecordsRead, s.Keyless))
}

// printed is a batch as one line.
func printed(b batch.Batch) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%d..%d epoch %d max %d", b.BaseOffset(), b.LastOffset(), b.LeaderEpoch(),
		b.MaxTimestamp())
	if b.TimestampType() == batch.LogAppendTime {
		out.WriteString(" appended")
	}
	if b.ProducerID() >= 0 {
		fmt.Fprintf(&out, " pid %d seq %d..%d", b.ProducerID(), b.BaseSequence(), b.LastSequence())
	}
	if b.Codec() != batch.Uncompressed {
		fmt.Fprintf(&out, " %v", b.Codec())
	}
	if horizon, ok := b.DeleteHorizon(); ok {
		fmt.Fprintf(&out, " horizon %d", horizon)
	}
	if b.IsTransactional() {
		out.WriteString(" txn")
	}
	out.WriteString(" |")
	records := b.Records(batch.Limits{})
	for records.Next() {
		r := records.Record()
		if b.IsControl() {
			kind, _ := batch.ReadControl(r)
			fmt.Fprintf(&out, " %d:%v", b.Offset(r), kind)
			continue
		}
		key, value := "-", ""
		if r.Key != nil {
			key = string(r.Key)
		}
		if r.Value != nil {
			value = "=" + string(r.Value)
		}
		fmt.Fprintf(&out, " %d:%s%s@%d", b.Offset(r), key, value, b.Timestamp(r))
	}
	return out.String()
}
