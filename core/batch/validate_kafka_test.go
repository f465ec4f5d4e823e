package batch

import (
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"odradek/core/kafka"

	"github.com/google/go-cmp/cmp"
)

var casesFile = flag.String("cases", "", "write the cases for KafkaOracle.java to this file")

// kafkaAnswers is what Apache Kafka 4.3.0 made of every case.
const kafkaAnswers = "testdata/validate.txt"

// answer is a verdict in the form that it is compared in.
type answer struct {
	Error   string
	Message string
	Records string
	// Batch is what is appended: its header, then its records.
	Batch string
}

// line is a case as KafkaOracle.java reads it.
func (q question) line() string {
	return fmt.Sprintf("%s|%d|%v|%v|%d|%d|%d|%d|%v|%x", q.name, q.rules.ProduceVersion,
		q.rules.Compression, q.rules.TimestampType, q.rules.Now, q.rules.BeforeMaxMs,
		q.rules.AfterMaxMs, q.rules.MaxMessageBytes, q.rules.CompactedTopic, q.bytes)
}

// parseQuestion reads a case and Kafka's answer.
func parseQuestion(t *testing.T, line string) (question, answer) {
	t.Helper()
	f := strings.Split(line, "|")
	if len(f) != 14 {
		t.Fatalf("%d fields: %.100s", len(f), line)
	}
	number := func(s string) int64 {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	compression, err := ParseCompression(f[2])
	if err != nil {
		t.Fatal(err)
	}
	q := question{name: f[0], bytes: unhex(t, f[9]), rules: &Rules{
		ProduceVersion: int16(number(f[1])), Compression: compression,
		Now: kafka.Timestamp(number(f[4])), BeforeMaxMs: number(f[5]),
		AfterMaxMs: number(f[6]), MaxMessageBytes: int(number(f[7])),
		CompactedTopic: f[8] == "true", Partition: "orders-3",
	}}
	if f[3] == "LogAppendTime" {
		q.rules.TimestampType = LogAppendTime
	}
	a := answer{Error: f[10], Message: f[11], Records: f[12]}
	if a.Message == "null" {
		a.Message = ""
	}
	switch f[13] {
	case "":
	case "same":
		a.Batch = describe(t, q.bytes)
	default:
		a.Batch = describe(t, unhex(t, f[13]))
	}
	return q, a
}

func unhex(t *testing.T, s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// describe writes down all that a reader can see of the first batch in b.
func describe(t *testing.T, b []byte) string {
	t.Helper()
	batch, _, err := Next(b)
	if err == nil {
		err = batch.Check()
	}
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%d..%d attributes %#x max %d producer %d/%d/%d count %d\n",
		batch.BaseOffset(), batch.LastOffset(), int16(batch.Attributes()), batch.MaxTimestamp(),
		batch.ProducerID(), batch.ProducerEpoch(), batch.BaseSequence(), batch.RecordCount())
	records := batch.Records(Limits{})
	for records.Next() {
		r := records.Record()
		fmt.Fprintf(&out, "%d @%d %q=%q %q null %v %v\n", batch.Offset(r), batch.Timestamp(r),
			r.Key, r.Value, r.Headers, r.Key == nil, r.Value == nil)
	}
	fmt.Fprintf(&out, "%v", records.Err())
	return out.String()
}

// answerOf is this package's answer.
func answerOf(t *testing.T, q question, inspect Inspection) answer {
	t.Helper()
	q.rules.Inspect = inspect
	v := Validate(append([]byte(nil), q.bytes...), q.rules)
	a := answer{Error: v.Error.String(), Message: v.Message}
	for _, r := range v.RecordErrors {
		a.Records += fmt.Sprintf("%d=%s;", r.Index, r.Message)
	}
	if v.Error == kafka.None {
		a.Batch = describe(t, v.Batch)
	}
	return a
}

// Every case has the answer that Kafka gave, but for those in differences.
func TestValidateLikeKafka(t *testing.T) {
	if *casesFile != "" {
		var lines strings.Builder
		for _, q := range questions() {
			fmt.Fprintln(&lines, q.line())
		}
		if err := os.WriteFile(*casesFile, []byte(lines.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Skip("cases written")
	}
	text, err := os.ReadFile(kafkaAnswers)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if want := len(questions()); len(lines) != want {
		t.Errorf("%d answers for %d cases", len(lines), want)
	}
	used := make([]bool, len(differences))
	for _, line := range lines {
		q, kafkas := parseQuestion(t, line)
		t.Run(q.name, func(t *testing.T) {
			ours := answerOf(t, q, InspectAll)
			diff := cmp.Diff(kafkas, ours)
			for i, d := range differences {
				if diff == "" || !d.about(q.name) || // not with every codec
					kafkas.Error != d.kafkas.String() || ours.Error != d.ours.String() {
					continue
				}
				used[i] = true
				return
			}
			if diff != "" {
				t.Errorf("Kafka (-) and we (+): %s", diff)
			}
		})
	}
	for i, d := range differences {
		if !used[i] {
			t.Errorf("no difference any more: %q", d.names)
		}
	}
}

// difference is where we mean to differ from Kafka.
type difference struct {
	// names are ends of cases' names.
	names  []string
	kafkas kafka.ErrorCode
	ours   kafka.ErrorCode
	why    string
}

func (d difference) about(name string) bool {
	for _, suffix := range d.names {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

var differences = []difference{
	{[]string{"length 13", "length negative", "format 3", "format -1"},
		kafka.ErrCorruptMessage, kafka.ErrCorruptMessage,
		"Kafka's sentence comes from an earlier look at the whole request"},
	{[]string{"length 2 GiB"}, kafka.ErrUnknownServerError, kafka.ErrInvalidRecord,
		"Kafka's sum overflows; the batch is incomplete like any other"},
	{[]string{"codec 5", "codec 7"},
		kafka.ErrUnknownServerError, kafka.ErrUnsupportedCompressionType,
		"it is the client that is wrong"},
	{[]string{"garbage for gzip", "garbage for snappy", "garbage for lz4", "garbage for zstd",
		"length of six bytes"},
		kafka.ErrUnknownServerError, kafka.ErrInvalidRecord,
		"it is the client that is wrong"},
	{[]string{": marked LogAppendTime"}, kafka.None, kafka.ErrInvalidTimestamp,
		"Kafka drops the mark, after having held the batch's time to the bounds instead of " +
			"the records' own"},
	{[]string{"none: offsets 0 2 5", "none: offsets 0 0 0", "none: offsets 2 1 0",
		"none: offset 7, LogAppendTime"},
		kafka.None, kafka.None,
		"Kafka stores the records under offsets that are not theirs"},
	{[]string{"offsets 0 2 5", "offsets 0 0 0", "offsets 2 1 0", "offset 7, LogAppendTime",
		"gzip: offsets 1 2 3 kept as gzip"},
		kafka.ErrUnknownServerError, kafka.None,
		"Kafka means to rebuild the batch, but has skipped the keys and values"},
	{[]string{"length beyond the end", "length negative"}, kafka.None, kafka.ErrInvalidRecord,
		"Kafka does not look at a compressed record's length, and stores what no consumer reads"},
}

// What is taken on the header's word, and would be refused, rebuilt or stamped
// otherwise, is this and no more.
func TestWhatTheHeaderDoesNotShow(t *testing.T) {
	believed := []string{
		"garbage for gzip", "garbage for snappy", "garbage for lz4", "garbage for zstd",
		"too old in the middle", "some without timestamps", "too new but understated",
		"newest timestamp overstated", "newest timestamp understated",
		"offsets 0 2 5", "offsets 0 0 0", "offsets 2 1 0", "offset 7, LogAppendTime",
		"gzip: offsets 1 2 3 kept as gzip",
	}
	for _, each := range brokenRecords() {
		if !each.sound {
			believed = append(believed, ": "+each.name)
		}
	}
	used := make([]bool, len(believed))
	for _, q := range questions() {
		all, header := answerOf(t, q, InspectAll), answerOf(t, q, InspectHeader)
		diff := cmp.Diff(all, header)
		if diff == "" {
			continue
		}
		if header.Error != kafka.None.String() {
			t.Errorf("%s: refused on the header's word alone: %s", q.name, diff)
		}
		known := false
		for i, suffix := range believed {
			if strings.HasSuffix(q.name, suffix) {
				used[i], known = true, true
			}
		}
		if !known {
			t.Errorf("%s: not seen by the header: %s", q.name, diff)
		}
	}
	for i, name := range believed {
		if !used[i] {
			t.Errorf("%s: the header shows it, after all", name)
		}
	}
}
