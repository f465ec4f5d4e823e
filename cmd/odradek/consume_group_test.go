package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// newMembership begins partition n at 10*n+5 unless something is committed.
func newMembership() *membership {
	return &membership{topic: "orders", mine: map[int32]*partRange{},
		begin: func(_ context.Context, committed map[int32]kgo.Offset) ([]*partRange, error) {
			var out []*partRange
			for partition, offset := range committed {
				p := &partRange{partition: partition, next: int64(10*partition + 5), marked: -1, epoch: -1}
				if at := offset.EpochOffset(); at.Offset >= 0 {
					p.next, p.marked, p.epoch = at.Offset, at.Offset, at.Epoch
				}
				out = append(out, p)
			}
			return out, nil
		}}
}

func TestMembership(t *testing.T) {
	m := newMembership()
	ctx := t.Context()
	of := func(partitions ...int32) map[string][]int32 {
		return map[string][]int32{"orders": partitions}
	}
	m.assign(ctx, nil, of(0, 1))
	if mine, settled := m.assigned(); len(mine) != 0 || settled {
		t.Errorf("it is not known where to begin, and got %v, settled %v", mine, settled)
	}
	offsets, err := m.adjust(ctx, map[string]map[int32]kgo.Offset{"orders": {
		0: kgo.NewOffset().At(7).WithEpoch(3), 1: kgo.NewOffset().AtStart()}})
	if err != nil {
		t.Fatal(err)
	}
	for partition, want := range map[int32]kgo.EpochOffset{
		0: {Epoch: 3, Offset: 7}, 1: {Epoch: -1, Offset: 15}} {
		if got := offsets["orders"][partition].EpochOffset(); got != want {
			t.Errorf("partition %d begins at %v, want %v", partition, got, want)
		}
	}
	before, settled := m.assigned()
	if len(before) != 2 || !settled {
		t.Errorf("got %v, settled %v", before, settled)
	}
	// A partition that goes and comes back begins anew; the other stays as it is.
	m.lose(ctx, nil, of(1))
	m.assign(ctx, nil, of(1))
	if _, err := m.adjust(ctx, map[string]map[int32]kgo.Offset{"orders": {
		1: kgo.NewOffset().At(16)}}); err != nil {
		t.Fatal(err)
	}
	after, _ := m.assigned()
	if after[0] != before[0] || after[1] == before[1] || after[1].next != 16 {
		t.Errorf("got %v after %v", after, before)
	}
}

func TestMembershipFailsToBegin(t *testing.T) {
	m := newMembership()
	m.begin = func(context.Context, map[int32]kgo.Offset) ([]*partRange, error) {
		return nil, kerr.TopicAuthorizationFailed
	}
	offsets := map[string]map[int32]kgo.Offset{"orders": {0: kgo.NewOffset().AtStart()}}
	if _, err := m.adjust(t.Context(), offsets); !errors.Is(err, kerr.TopicAuthorizationFailed) {
		t.Errorf("got %v", err)
	}
}

// What fails is told once, and so is that it no longer does.
func TestCommitNews(t *testing.T) {
	m := newMembership()
	answer := func(code *kerr.Error) *kmsg.OffsetCommitResponse {
		return &kmsg.OffsetCommitResponse{Topics: []kmsg.OffsetCommitResponseTopic{{
			Partitions: []kmsg.OffsetCommitResponseTopicPartition{{}, {ErrorCode: code.Code}}}}}
	}
	full := fmt.Sprintf("offsets could not be committed: %s; trying again",
		said(kerr.OffsetMetadataTooLarge))
	for i, step := range []struct {
		answer *kmsg.OffsetCommitResponse
		err    error
		want   string
	}{
		{answer(&kerr.Error{}), nil, ""},
		{answer(kerr.OffsetMetadataTooLarge), nil, full},
		{answer(kerr.OffsetMetadataTooLarge), nil, ""},
		{nil, context.Canceled, ""},
		{answer(&kerr.Error{}), nil, "offsets are committed again"},
		{answer(kerr.RebalanceInProgress), nil, ""},
		{nil, errors.New("no route"), "offsets could not be committed: no route; trying again"},
	} {
		m.committed(nil, nil, step.answer, step.err)
		if got := m.news(); got != step.want {
			t.Errorf("step %d: got %q, want %q", i, got, step.want)
		}
	}
}

func TestWaitedOut(t *testing.T) {
	for err, want := range map[error]bool{
		kerr.UnknownMemberID:                                 true,
		kerr.FencedMemberEpoch:                               true,
		kerr.CoordinatorLoadInProgress:                       true,
		kerr.NotCoordinator:                                  true,
		&net.OpError{Op: "dial", Err: errors.New("refused")}: true,
		kerr.GroupAuthorizationFailed:                        false,
		kerr.InconsistentGroupProtocol:                       false,
		kerr.GroupMaxSizeReached:                             false,
		kerr.InvalidGroupID:                                  false,
	} {
		if got := waitedOut(err); got != want {
			t.Errorf("%v: got %v", err, got)
		}
	}
}

func TestJudgeInGroup(t *testing.T) {
	var said strings.Builder
	o := &consume{group: "g", topic: "orders", connection: &connection{console: &console{err: &said}}}
	r := &groupReading{reading: &reading{consume: o}, membership: newMembership()}
	for _, c := range []struct {
		err        error
		want, told string
	}{
		{context.DeadlineExceeded, "", ""},
		{&kgo.ErrGroupSession{Err: kerr.UnknownMemberID}, "", "put out of group g: "},
		{&kgo.ErrGroupSession{Err: kerr.InconsistentGroupProtocol}, "join group g: ", ""},
		{kerr.OffsetOutOfRange, "the committed offset of orders partition 3 is not in its log", ""},
		{kerr.TopicAuthorizationFailed, "read orders partition 3: ", ""},
	} {
		said.Reset()
		err := r.judgeInGroup(kgo.FetchTopicPartition{Topic: "orders",
			FetchPartition: kgo.FetchPartition{Partition: 3, Err: c.err}})
		if (err == nil) != (c.want == "") || err != nil && !strings.HasPrefix(explain(err), c.want) {
			t.Errorf("%v: got %v, want %q", c.err, err, c.want)
		}
		if !strings.Contains(said.String(), c.told) || c.told == "" && said.Len() > 0 {
			t.Errorf("%v: told %q, want %q", c.err, said.String(), c.told)
		}
	}
}

func TestAtEndInGroup(t *testing.T) {
	var said strings.Builder
	at := func(next, end int64) *partRange { return &partRange{next: next, end: end} }
	for _, c := range []struct {
		name    string
		reading groupReading
		want    bool
	}{
		{"not joined", groupReading{settled: true}, false},
		{"not settled", groupReading{joined: true}, false},
		{"all read", groupReading{joined: true, settled: true}, true},
		{"nothing for it yet", groupReading{joined: true, settled: true, emptySince: time.Now()}, false},
		{"nothing for it", groupReading{joined: true, settled: true,
			emptySince: time.Now().Add(-time.Minute)}, true},
	} {
		said.Reset()
		r := c.reading
		o := &consume{group: "g", connection: &connection{timeout: 10 * time.Second,
			console: &console{err: &said}}}
		r.reading, r.membership = &reading{consume: o}, newMembership()
		if c.name == "all read" {
			r.byID = map[int32]*partRange{0: at(3, 3)}
		}
		if got := r.atEnd(); got != c.want || (said.Len() > 0) != (c.name == "nothing for it") {
			t.Errorf("%s: got %v, said %q", c.name, got, said.String())
		}
	}
}
