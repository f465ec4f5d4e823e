package broker

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/log"

	"pgregory.net/rapid"
)

// fakeConn is a connection that keeps what was sent.
type fakeConn struct {
	sent     []string
	paused   bool
	closed   bool
	attached any
}

func (c *fakeConn) Send(chunks []env.Chunk) {
	var text strings.Builder
	for _, chunk := range chunks {
		if chunk.File != nil {
			fmt.Fprintf(&text, "[%d+%d]", chunk.Position, chunk.Length)
		}
		text.Write(chunk.Bytes)
	}
	c.sent = append(c.sent, text.String())
}
func (c *fakeConn) Pause(paused bool)   { c.paused = paused }
func (c *fakeConn) Unsent() int64       { return 0 }
func (c *fakeConn) Close()              { c.closed = true }
func (c *fakeConn) CloseAfterSend()     { c.closed = true }
func (c *fakeConn) Local() env.Address  { return "127.0.0.1:9092" }
func (c *fakeConn) Remote() env.Address { return "127.0.0.1:40000" }
func (c *fakeConn) Attach(state any)    { c.attached = state }
func (c *fakeConn) Attached() any       { return c.attached }

// pinned is a file that counts its pins.
type pinned struct {
	env.File
	pins int
}

func (f *pinned) Pin()   { f.pins++ }
func (f *pinned) Unpin() { f.pins-- }

func newTestSession() (*session, *fakeConn) {
	c := &fakeConn{}
	return &session{shard: &Shard{serving: true}, conn: c}, c
}

func text(s string) []env.Chunk { return []env.Chunk{{Bytes: []byte(s)}} }

func TestAnswersLeaveInTheOrderOfTheRequests(t *testing.T) {
	s, c := newTestSession()
	a, b, d := s.take(), s.take(), s.take()
	d.answer(text("third"))
	b.answerNothing()
	if len(c.sent) != 0 {
		t.Fatalf("sent %q before its turn", c.sent)
	}
	a.answer(text("first"))
	if want := []string{"first", "third"}; !slices.Equal(c.sent, want) || !s.idle() {
		t.Fatalf("sent %q", c.sent)
	}
}

func TestAnAnswerThatWaitsKeepsItsFilesPinned(t *testing.T) {
	s, c := newTestSession()
	f := &pinned{}
	a, b := s.take(), s.take()
	b.answer([]env.Chunk{{Bytes: []byte("head")}, {File: f, Position: 7, Length: 9},
		{Bytes: []byte("tail")}})
	if f.pins != 1 {
		t.Fatalf("%d pins while it waits", f.pins)
	}
	a.answer(text("first"))
	if want := []string{"first", "head[7+9]tail"}; !slices.Equal(c.sent, want) || f.pins != 0 {
		t.Fatalf("sent %q, %d pins left", c.sent, f.pins)
	}
}

func TestHangUpAnswersWhatCameBefore(t *testing.T) {
	s, c := newTestSession()
	a, b := s.take(), s.take()
	b.hangUp()
	if c.closed || !c.paused {
		t.Fatal("it waits for the first answer and takes nothing more in")
	}
	a.answer(text("first"))
	if !c.closed || !slices.Equal(c.sent, []string{"first"}) {
		t.Fatalf("sent %q, closed %v", c.sent, c.closed)
	}
	a2 := ticket{s, 7}
	a2.answer(text("late")) // of a closed session: dropped
}

func TestAClosedConnectionLetsGoOfItsFiles(t *testing.T) {
	s, _ := newTestSession()
	f := &pinned{}
	s.take()
	s.take().answer([]env.Chunk{{File: f, Length: 1}})
	s.close()
	if f.pins != 0 {
		t.Fatalf("%d pins left", f.pins)
	}
}

func TestTooManyInFlightPauseTheConnection(t *testing.T) {
	s, c := newTestSession()
	var tickets []ticket
	for range inFlightRequestsMax {
		tickets = append(tickets, s.take())
	}
	if !c.paused {
		t.Fatal("it should be paused")
	}
	for _, k := range tickets[:inFlightRequestsMax/2+1] {
		k.answer(text("x"))
	}
	if c.paused {
		t.Fatal("it should go on")
	}
}

// TestOrderIsALaw: whatever order the answers come in, they leave in the order
// of the requests, each once.
func TestOrderIsALaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, c := newTestSession()
		var open []int
		var want []string
		taken := 0
		tickets := map[int]ticket{}
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			if len(open) == 0 || rapid.Bool().Draw(t, "take") {
				tickets[taken] = s.take()
				open = append(open, taken)
				want = append(want, fmt.Sprint(taken))
				taken++
				continue
			}
			i := rapid.IntRange(0, len(open)-1).Draw(t, "which")
			tickets[open[i]].answer(text(fmt.Sprint(open[i])))
			open = slices.Delete(open, i, i+1)
		}
		for _, n := range open {
			tickets[n].answer(text(fmt.Sprint(n)))
		}
		if !slices.Equal(c.sent, want) {
			t.Fatalf("sent %q, want %q", c.sent, want)
		}
	})
}

func TestReachableHost(t *testing.T) {
	s, _ := newTestSession()
	if got := s.reachable(""); got != "127.0.0.1" {
		t.Errorf("the address a client came by: %q", got)
	}
	if got := s.reachable("broker.example"); got != "broker.example" {
		t.Errorf("an advertised host: %q", got)
	}
}

func TestPartitionsAreSpreadOverShards(t *testing.T) {
	for _, shards := range []int{1, 2, 3, 8} {
		count := make([]int, shards)
		for p := range kafka.Partition(24) {
			count[ownerOf(kafka.TopicPartition{Topic: kafka.TopicID{12: 200}, Partition: p}, shards)]++
		}
		for shard, n := range count {
			if n != 24/shards {
				t.Errorf("%d shards: shard %d has %d of 24", shards, shard, n)
			}
		}
	}
}

func TestClientNames(t *testing.T) {
	for name, want := range map[string]bool{"apache-kafka-java": true, "4.3.0": true, "x": true,
		"": false, "-x": false, "x.": false, "a b": false, "é": false} {
		if isClientName(name) != want {
			t.Errorf("%q: want %v", name, want)
		}
	}
}

func TestSnapshotNames(t *testing.T) {
	id := snapshotID{4711, 3}
	if got := id.name(); got != "00000000000000004711-0000000003.checkpoint" {
		t.Error(got)
	}
	if back, ok := parseSnapshotName(id.name()); !ok || back != id {
		t.Error(back, ok)
	}
	for _, bad := range []string{"", "1-2.checkpoint",
		"00000000000000004711-0000000003.checkpoint.tmp",
		"0000000000000000471x-0000000003.checkpoint"} {
		if _, ok := parseSnapshotName(bad); ok {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestMetaProperties(t *testing.T) {
	good := "#\ncluster.id=abc\ndirectory.id=" + (kafka.TopicID{1}).String() +
		"\nnode.id=7\nversion=1\n"
	if m, err := parseMetaProperties(good); err != nil || m.nodeID != 7 || m.clusterID != "abc" {
		t.Error(m, err)
	}
	for _, bad := range []string{"", "version=0", strings.Replace(good, "node.id=7", "node.id=-1", 1),
		strings.Replace(good, "cluster.id=abc", "", 1),
		strings.Replace(good, "directory.id=", "directory.id=!", 1), "nonsense"} {
		if _, err := parseMetaProperties(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// What a fetch has found is pinned once, however often it is asked for, and let go of
// once. A leg that is sent at once, and nothing else waited for, needs no pin.
func TestWhatAFetchHasFoundStaysOpen(t *testing.T) {
	f := &pinned{}
	s := &Shard{}
	all := &fetch{shard: s, entries: make([]fetchEntry, 2), legs: make([]fetchLeg, 2)}
	for i := range all.legs {
		all.legs[i] = fetchLeg{fetch: all, shard: s, entries: []int{i}}
		all.entries[i].outcome.records = log.Range{File: f, Length: int64(i)}
	}
	leg := &all.legs[1]
	if leg.alone() {
		t.Error("there is another leg")
	}
	leg.pin()
	leg.pin()
	all.legs[0].pin() // it has found nothing
	if f.pins != 1 {
		t.Errorf("%d pins", f.pins)
	}
	all.unpin()
	all.unpin()
	if f.pins != 0 {
		t.Errorf("%d pins are left", f.pins)
	}
	all.legs[0].entries = nil
	if !leg.alone() {
		t.Error("there is no other leg")
	}
	leg.shard = &Shard{}
	if leg.alone() {
		t.Error("it is away from home")
	}
}
