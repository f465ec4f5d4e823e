package consumer_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/core/group/consumer"
	"odradek/core/group/decision"
	"odradek/core/kafka"
)

// A transcript in testdata is a story: blocks parted by blank lines, each what somebody
// does, as words, and then what comes of it: an answer (->) and records (log:). Lines
// that begin with # tell the story. What can be done:
//
//	topics a=3 b=0              a has 3 partitions now, b is gone
//	set session=10s interval=1s size=2 assignors=range,uniform
//	join NAME ...               a heartbeat with epoch 0, a rebalance time-out of 1m, owning nothing
//	beat NAME epoch=2 ...       a heartbeat
//	  with names=a,b regex=. owned=a:0,1+b:2 (owned= is none) instance=i rack=r timeout=5s
//	       assignor=range v=0
//	commit NAME epoch=2 a:0     may it commit, from OffsetCommit v=9
//	fetch NAME epoch=2          may it fetch offsets
//	wait 10s                    time passes, and what is due happens
//	describe
//	reload                      the broker starts anew, from the compacted log
//
//	go test ./core/group/consumer -run Transcripts -rewrite
var rewrite = flag.Bool("rewrite", false, "write the transcripts anew")

func TestTranscripts(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			told := tell(t, string(raw))
			if *rewrite {
				if err := os.WriteFile(path, []byte(told), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if diff := cmp.Diff(string(raw), told); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// tell does what a transcript says, and writes it with what came of it.
func tell(t *testing.T, story string) string {
	w := newWorld()
	var out []string
	for _, block := range strings.Split(strings.TrimSpace(story), "\n\n") {
		var lines []string
		for _, line := range strings.Split(block, "\n") {
			if strings.HasPrefix(line, "->") || strings.HasPrefix(line, "log:") {
				continue
			}
			lines = append(lines, line)
			if !strings.HasPrefix(line, "#") {
				lines = append(lines, w.do(t, strings.Fields(line))...)
			}
		}
		out = append(out, strings.Join(lines, "\n"))
	}
	return strings.Join(out, "\n\n") + "\n"
}

// do does one thing and returns what came of it.
func (w *world) do(t *testing.T, words []string) (lines []string) {
	t.Helper()
	options := optionsOf(words[1:])
	switch words[0] {
	case "topics":
		sizes := map[string]int32{}
		for name, value := range options {
			sizes[name] = int32(number(t, value))
		}
		w.topics = w.topics.with(sizes)
	case "set":
		w.set(t, options)
	case "join", "beat":
		q := w.heartbeat(t, words[0] == "join", words[1], options)
		return w.outcome(w.send(q))
	case "commit":
		return []string{"-> " + w.commit(t, words[1], options, words[len(words)-1])}
	case "fetch":
		id := &words[1]
		if *id == "nobody" {
			id = nil
		}
		return []string{"-> " + w.group.CheckFetch(id,
			kafka.MemberEpoch(number(t, options["epoch"]))).String()}
	case "wait":
		d, err := time.ParseDuration(words[1])
		if err != nil {
			t.Fatal(err)
		}
		start := w.now
		w.pass(w.now.Plus(d), func(at kafka.Instant, d decision.Decision) {
			if due := w.outcome(d); len(due) > 0 {
				lines = append(lines, fmt.Sprintf("-> after %v", at.Since(start)))
				lines = append(lines, due...)
			}
		})
	case "describe":
		return w.describe()
	case "reload":
		w.log = compacted(w.log, true)
		w.group = loaded(w.log)
		w.group.Loaded(w.call())
	default:
		t.Fatalf("%q is nothing one can do", words)
	}
	return lines
}

func optionsOf(words []string) map[string]string {
	options := map[string]string{}
	for _, word := range words {
		if name, value, found := strings.Cut(word, "="); found {
			options[name] = value
		}
	}
	return options
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (w *world) set(t *testing.T, options map[string]string) {
	for name, value := range options {
		d, _ := time.ParseDuration(value)
		switch name {
		case "session":
			w.settings.SessionTimeout = d
		case "interval":
			w.settings.AssignmentInterval = d
		case "size":
			w.settings.MaxSize = number(t, value)
		case "assignors":
			w.settings.Assignors = strings.Split(value, ",")
		default:
			t.Fatalf("%q cannot be set", name)
		}
	}
}

// heartbeat makes a request of words.
func (w *world) heartbeat(t *testing.T, joins bool, name string,
	options map[string]string) *kmsg.ConsumerGroupHeartbeatRequest {
	q := kmsg.NewPtrConsumerGroupHeartbeatRequest()
	q.Version, q.Group, q.MemberID = 1, "g", name
	if name == "none" {
		q.MemberID = ""
	}
	if joins {
		q.MemberEpoch, q.RebalanceTimeoutMillis = 0, 60_000
		q.Topics = []kmsg.ConsumerGroupHeartbeatRequestTopic{}
	}
	for option, value := range options {
		switch option {
		case "v":
			q.Version = int16(number(t, value))
		case "epoch":
			q.MemberEpoch = int32(number(t, value))
		case "instance":
			q.InstanceID = &value
		case "rack":
			q.RackID = &value
		case "assignor":
			q.ServerAssignor = &value
		case "regex":
			q.SubscribedTopicRegex = &value
		case "timeout":
			d, err := time.ParseDuration(value)
			if err != nil {
				t.Fatal(err)
			}
			q.RebalanceTimeoutMillis = int32(d.Milliseconds())
		case "names":
			q.SubscribedTopicNames = listOf(value, ",")
		case "owned":
			q.Topics = w.owned(t, value)
		default:
			t.Fatalf("%q is not in a heartbeat", option)
		}
	}
	return q
}

func listOf(text, separator string) []string {
	if text == "" {
		return []string{}
	}
	return strings.Split(text, separator)
}

// owned reads a:0,1+b:2.
func (w *world) owned(t *testing.T, text string) []kmsg.ConsumerGroupHeartbeatRequestTopic {
	owned := []kmsg.ConsumerGroupHeartbeatRequestTopic{}
	for _, part := range listOf(text, "+") {
		name, numbers, _ := strings.Cut(part, ":")
		topic := kmsg.NewConsumerGroupHeartbeatRequestTopic()
		topic.TopicID = w.topics.ids[name]
		for _, n := range listOf(numbers, ",") {
			topic.Partitions = append(topic.Partitions, int32(number(t, n)))
		}
		owned = append(owned, topic)
	}
	return owned
}

// send asks the group.
func (w *world) send(q *kmsg.ConsumerGroupHeartbeatRequest) decision.Decision {
	w.ticket++
	c := w.call()
	refused, d := consumer.ValidateHeartbeat(w.ticket, q, &c.Settings)
	if !refused {
		d, _ = w.group.Heartbeat(c, w.ticket, q)
	}
	w.take(d)
	return d
}

// outcome is what was decided, in words.
func (w *world) outcome(d decision.Decision) (lines []string) {
	for _, a := range d.Answers {
		r := a.Response.(*kmsg.ConsumerGroupHeartbeatResponse)
		if r.ErrorCode != 0 {
			line := "-> " + kafka.ErrorCode(r.ErrorCode).String()
			if r.ErrorMessage != nil {
				line += ": " + *r.ErrorMessage
			}
			lines = append(lines, line)
			continue
		}
		line := fmt.Sprintf("-> %s epoch %d", *r.MemberID, r.MemberEpoch)
		if r.Assignment != nil {
			var held []string
			for _, t := range r.Assignment.Topics {
				held = append(held, w.partitions(t.TopicID, kafkaPartitions(t.Partitions), nil))
			}
			line += " has [" + strings.Join(held, " ") + "]"
		}
		lines = append(lines, line)
	}
	for _, r := range d.Records {
		lines = append(lines, "log: "+w.told(r))
	}
	return lines
}

func kafkaPartitions(plain []int32) []kafka.Partition {
	var partitions []kafka.Partition
	for _, p := range plain {
		partitions = append(partitions, kafka.Partition(p))
	}
	return partitions
}

func (w *world) commit(t *testing.T, id string, options map[string]string, at string) string {
	by := consumer.Committer{MemberID: id, Version: 9,
		Epoch: kafka.MemberEpoch(number(t, options["epoch"]))}
	if id == "nobody" {
		by.MemberID = ""
	}
	if v := options["v"]; v != "" {
		by.Version = int16(number(t, v))
	}
	check, code := w.group.CheckCommit(by)
	if code != kafka.None {
		return code.String()
	}
	name, partition, _ := strings.Cut(at, ":")
	return check.Partition(w.topics.ids[name], kafka.Partition(number(t, partition))).String()
}

func (w *world) describe() []string { return w.describeOf(w.group.Describe(w.call())) }

func (w *world) describeOf(g kmsg.ConsumerGroupDescribeResponseGroup) []string {
	lines := []string{fmt.Sprintf("-> %s epoch %d assignment epoch %d assignor %s", g.State, g.Epoch,
		g.AssignmentEpoch, g.AssignorName)}
	set := func(a kmsg.Assignment) string {
		var held []string
		for _, t := range a.TopicPartitions {
			held = append(held, w.partitions(t.TopicID, kafkaPartitions(t.Partitions), nil))
		}
		return "[" + strings.Join(held, " ") + "]"
	}
	for _, m := range g.Members {
		line := fmt.Sprintf("-> %s epoch %d has %s shall have %s names [%s]", m.MemberID, m.MemberEpoch,
			set(m.Assignment), set(m.TargetAssignment), strings.Join(m.SubscribedTopics, " "))
		for _, part := range []struct {
			name  string
			value *string
		}{{"regex", m.SubscribedTopicRegex}, {"instance", m.InstanceID}, {"rack", m.RackID}} {
			if part.value != nil && *part.value != "" {
				line += " " + part.name + " " + *part.value
			}
		}
		lines = append(lines, line)
	}
	return slices.Clip(lines)
}
