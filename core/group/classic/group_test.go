package classic

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/core/env"
	"odradek/core/group/decision"
	"odradek/core/group/record"
	"odradek/core/group/timer"
	"odradek/core/kafka"
)

// counting is a random that counts.
type counting struct{ n uint64 }

func (c *counting) Uint64() uint64         { c.n++; return c.n }
func (c *counting) Fork(string) env.Random { return c }

// TestIDsWithoutEnd asks for ids and joins with none: at the limit there are no more,
// until the sessions of the others are over.
func TestIDsWithoutEnd(t *testing.T) {
	timers := timer.NewQueue()
	g := New("g", timers, 0)
	random := &counting{}
	ask := func(now kafka.Instant) kafka.ErrorCode {
		q := kmsg.NewPtrJoinGroupRequest()
		q.Version, q.Group, q.ProtocolType, q.SessionTimeoutMillis = 9, "g", "consumer", 6000
		q.Protocols = []kmsg.JoinGroupRequestProtocol{{Name: "range"}}
		s := &Step{Moment: decision.Moment{Now: now}, Settings: DefaultSettings(), Random: random,
			Decision: &decision.Decision{}}
		for due := timers.Take(now); due != nil; due = timers.Take(now) {
			g.Expired(s, due)
		}
		g.Join(s, q)
		return kafka.ErrorCode(s.Decision.Answers[0].Response.(*kmsg.JoinGroupResponse).ErrorCode)
	}
	for range pendingMembersMax {
		if code := ask(0); code != kafka.ErrMemberIDRequired {
			t.Fatalf("%d ids were given out: %v", g.pending.Len(), code)
		}
	}
	if code := ask(1); code != kafka.ErrGroupMaxSizeReached {
		t.Errorf("one more: %v", code)
	}
	if code := ask(kafka.Instant(6e9)); code != kafka.ErrMemberIDRequired || g.pending.Len() != 1 {
		t.Errorf("after a session %d ids are given out: %v", g.pending.Len(), code)
	}
	g.Verify("g")
}

// TestOldRecord begins with what a broker before 0.10.1 wrote, which knew one time-out.
func TestOldRecord(t *testing.T) {
	protocol := "range"
	g := New("g", timer.NewQueue(), kafka.NoTimestamp)
	g.Apply(&record.GroupMetadataValue{ProtocolType: "consumer", Protocol: &protocol,
		Members: []record.GroupMember{{MemberID: "m", SessionTimeout: 7000, RebalanceTimeout: -1}}})
	g.Begin(&Step{Settings: DefaultSettings(), Decision: &decision.Decision{}})
	g.Verify("g")
	if got := g.rebalanceTimeoutMs(); got != 7000 {
		t.Errorf("the rebalance time-out is %d", got)
	}
}
