package netio

import "testing"

// TestALaneKeepsOrderBetweenThreads has one goroutine put and another take.
func TestALaneKeepsOrderBetweenThreads(t *testing.T) {
	const count = 100_000
	l := newLane()
	go func() { // ends with its loop
		for i := range count {
			l.put(i)
		}
	}()
	for want := 0; want < count; {
		if l.empty() {
			continue
		}
		got, ok := l.take()
		if !ok || got != want {
			t.Fatalf("took %v, %v, want %d", got, ok, want)
		}
		want++
	}
	if _, ok := l.take(); ok || !l.empty() {
		t.Fatal("more came out than was put in")
	}
}

func TestALaneUsesItsChunksAgain(t *testing.T) {
	l := newLane()
	message := new(int)
	burst := func() {
		for range 2 * laneChunkMessages {
			l.put(message)
			l.take()
		}
	}
	burst()
	if n := testing.AllocsPerRun(100, burst); n != 0 {
		t.Fatalf("%v allocations for %d messages", n, 2*laneChunkMessages)
	}
}

func TestPostsRunOnceAndInOrder(t *testing.T) {
	var p posts
	var got []int
	p.add(func() {
		got = append(got, 1)
		p.add(func() { got = append(got, 3) })
	})
	p.add(func() { got = append(got, 2) })
	p.run()
	if len(got) != 2 {
		t.Fatalf("ran %v: what a post posts is for the next turn", got)
	}
	p.run()
	p.run()
	if len(got) != 3 || got[0] != 1 || got[1] != 2 || got[2] != 3 {
		t.Fatalf("ran %v", got)
	}
	p.add(func() { got = append(got, 4) })
	p.close()
	if len(got) != 4 || p.add(func() {}) {
		t.Fatal("closing runs what waits and takes no more")
	}
}
