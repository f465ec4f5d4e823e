package group_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
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

// A script in testdata is a story: blocks parted by blank lines, each one step as words
// and then, line by line, what it came to:
//
//	log:    the records that were written
//	answer: what was answered, to the step's request or to one that has waited
//	next:   in how many milliseconds the coordinator wants to be woken, if that changed
//
// Lines beginning # are the storyteller's. A step is "CLIENT: REQUEST ..." (see
// words_test.go), or what befalls the coordinator:
//
//	settings NAME=VALUE ...     initial-delay, max-size, metadata, retention-minutes,
//	                            interval (of targets, ms), consumers (the most of a group),
//	                            migration (0 to 3: disabled, upgrade, downgrade, both)
//	topic NAME PARTITIONS       is made
//	drop NAME                   is deleted, which the coordinator does not hear yet
//	hear NAME                   the coordinator hears that it was deleted
//	advance MS                  time passes, and what becomes due is expired in between
//	clean-up                    offsets and groups that are too old go
//	restart                     another coordinator is loaded from the log
//	compact, compact all        the log is cleaned, tombstones included
//	unload CODE                 the partition moves away
//
// Members are called after their client (or instance) and how many it had: a1, a2.
//
//	go test ./core/group -run Scripts -rewrite      writes what the steps came to
var rewrite = flag.Bool("rewrite", false, "write what the steps of the scripts came to")

func TestScripts(t *testing.T) {
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
			var out strings.Builder
			s := &script{world: newWorld(), ids: newLabels(), next: kafka.Never}
			for i, block := range strings.Split(strings.TrimRight(string(raw), "\n"), "\n\n") {
				if i > 0 {
					out.WriteString("\n")
				}
				for _, line := range strings.Split(block, "\n") {
					word, _, _ := strings.Cut(line, " ")
					if word == "answer:" || word == "log:" || word == "next:" {
						continue
					}
					fmt.Fprintln(&out, line)
					if !strings.HasPrefix(line, "#") {
						out.WriteString(s.step(t, line))
					}
				}
			}
			if *rewrite {
				if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(raw), out.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// script plays a story.
type script struct {
	*world
	ids  *labels
	next kafka.Instant
	out  strings.Builder
}

// step plays one line and returns what it came to.
func (s *script) step(t *testing.T, line string) string {
	t.Helper()
	s.out.Reset()
	if client, request, ok := strings.Cut(line, ": "); ok {
		_, d := s.ask(t, decision.Client{ID: client, Host: "/" + client}, s.parse(t, request))
		s.settle(t, d)
	} else {
		s.happen(t, strings.Fields(line))
	}
	s.coordinator.Verify()
	if next := s.coordinator.NextDeadline(); next != s.next {
		s.next = next
		if next == kafka.Never {
			s.say("next:   never")
		} else {
			s.say("next:   in %d ms", next.Since(s.now).Milliseconds())
		}
	}
	return s.out.String()
}

func (s *script) say(format string, args ...any) { fmt.Fprintf(&s.out, format+"\n", args...) }

// settle writes and answers what was decided.
func (s *script) settle(t *testing.T, d decision.Decision) {
	t.Helper()
	requests := map[decision.Ticket]kmsg.Request{}
	for _, a := range d.Answers {
		requests[a.Ticket] = s.asked[a.Ticket]
	}
	records, answers := s.write(t, d)
	for _, r := range records {
		s.say("log:    %s", s.sayRecord(t, r))
	}
	for _, a := range answers {
		for _, words := range s.sayAnswer(t, requests[a.Ticket], a.Response) {
			s.say("answer: #%d %s", a.Ticket, words)
		}
	}
}

// happen plays what befalls the coordinator.
func (s *script) happen(t *testing.T, words []string) {
	t.Helper()
	switch words[0] {
	case "settings":
		for name, value := range arguments(t, words[1:]) {
			s.set(t, name, number(t, value))
		}
	case "topic":
		s.topics.make(words[1], number(t, words[2]))
	case "drop":
		s.topics.drop(words[1])
	case "hear":
		for more := true; more; {
			d := s.coordinator.TopicsDeleted(s.moment(), words[1:])
			more = d.More
			s.settle(t, d)
		}
	case "advance":
		end := s.now.Plus(time.Duration(number(t, words[1])) * time.Millisecond)
		for next := s.coordinator.NextDeadline(); next <= end; next = s.coordinator.NextDeadline() {
			s.pass(max(next.Since(s.now), 0))
			s.settle(t, s.coordinator.Expire(s.moment()))
		}
		s.pass(end.Since(s.now))
	case "clean-up":
		for more := true; more; {
			d := s.coordinator.CleanUp(s.moment())
			more = d.More
			s.settle(t, d)
		}
	case "restart":
		clear(s.asked)
		s.settle(t, s.load(s.log))
	case "compact":
		s.log = compact(s.log, len(words) > 1)
	case "unload":
		code := kafka.ErrNotCoordinator
		if words[1] != code.String() {
			t.Fatalf("unload with %s", words[1])
		}
		s.settle(t, decision.Decision{Answers: s.coordinator.Unload(code)})
	default:
		t.Fatalf("what is %q?", words[0])
	}
}

func (s *script) set(t *testing.T, name string, value int32) {
	switch name {
	case "initial-delay":
		s.settings.Classic.GroupInitialRebalanceDelayMs = value
	case "max-size":
		s.settings.Classic.GroupMaxSize = value
	case "metadata":
		s.settings.Offsets.OffsetMetadataMaxBytes = value
	case "consumers":
		s.settings.Consumer.MaxSize = int(value)
	case "interval":
		s.settings.Consumer.AssignmentInterval = time.Duration(value) * time.Millisecond
	case "migration":
		s.settings.Consumer.MigrationPolicy = []consumer.MigrationPolicy{consumer.MigrationDisabled,
			consumer.MigrationUpgrade, consumer.MigrationDowngrade, consumer.MigrationBidirectional}[value]
	case "retention-minutes":
		s.settings.Offsets.OffsetsRetentionMinutes = value
	default:
		t.Fatalf("no setting %q", name)
	}
}

// arguments are the words NAME=VALUE; a word without = is a name with the value "".
func arguments(t *testing.T, words []string) map[string]string {
	t.Helper()
	named := map[string]string{}
	for _, word := range words {
		name, value, _ := strings.Cut(word, "=")
		if _, twice := named[name]; twice {
			t.Fatalf("%s twice in %q", name, words)
		}
		named[name] = value
	}
	return named
}

func number(t *testing.T, text string) int32 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return int32(n)
}

// labels gives the ids of members short names, and back.
type labels struct{ label, id map[string]string }

func newLabels() *labels { return &labels{map[string]string{}, map[string]string{}} }

// of is the name of an id, after what stands before its UUID and how many there were.
func (l *labels) of(id string) string {
	const suffix = len("-01234567-0123-0123-0123-012345678901")
	if label, ok := l.label[id]; ok || len(id) < suffix {
		if ok {
			return label
		}
		return id
	}
	for n := 1; ; n++ {
		label := fmt.Sprint(id[:len(id)-suffix], n)
		if _, taken := l.id[label]; !taken {
			l.label[id], l.id[label] = label, id
			return label
		}
	}
}

// real is the id of a name; a name that was given to nobody is an id itself.
func (l *labels) real(label string) string {
	if id, ok := l.id[label]; ok {
		return id
	}
	return label
}
