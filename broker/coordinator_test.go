package broker

import (
	"strings"
	"testing"

	"odradek/controller/config"
	"odradek/core/env"
	"odradek/core/journal/disktest"
	"odradek/core/kafka"
	"odradek/core/wire"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// newGroupHall is a hall whose offsets topic is there, with a switch that fills the disk
// for it.
func newGroupHall(t *testing.T) (c *guest, full *bool) {
	t.Helper()
	h := newHall(t, 1, config.Entry{Name: "offsets.topic.num.partitions", Value: "2"},
		config.Entry{Name: "group.initial.rebalance.delay.ms", Value: "0"})
	c = h.connect()
	find := kmsg.NewPtrFindCoordinatorRequest()
	find.Version, find.CoordinatorKeys = 4, []string{"readers"}
	var found kmsg.FindCoordinatorResponse
	found.Version = 4
	if err := found.ReadFrom(c.ask(find, wire.KeyFindCoordinator)); err != nil {
		t.Fatal(err)
	}
	if one := found.Coordinators[0]; one.ErrorCode != 0 || one.NodeID != 1 {
		t.Fatalf("the coordinator: %+v", one)
	}
	full = new(bool)
	h.shard.world.Disk.(*tapeDisk).Before = func(op disktest.Op) error {
		if *full && strings.HasPrefix(op.Name, kafka.ConsumerOffsetsTopic) && op.Kind != "sync" {
			return env.ErrNoSpace
		}
		return nil
	}
	h.settle()
	return c, full
}

func (c *guest) commit(offset kafka.Offset) kafka.ErrorCode {
	q := kmsg.NewPtrOffsetCommitRequest()
	q.Version, q.Group, q.Generation = 7, "readers", -1
	topic := kmsg.NewOffsetCommitRequestTopic()
	topic.Topic = hallTopic
	p := kmsg.NewOffsetCommitRequestTopicPartition()
	p.Offset = int64(offset)
	topic.Partitions = append(topic.Partitions, p)
	q.Topics = append(q.Topics, topic)
	var r kmsg.OffsetCommitResponse
	r.Version = q.Version
	if err := r.ReadFrom(c.ask(q, wire.KeyOffsetCommit)); err != nil {
		c.hall.t.Fatal(err)
	}
	return kafka.ErrorCode(r.Topics[0].Partitions[0].ErrorCode)
}

func (c *guest) committed() kafka.Offset {
	q := kmsg.NewPtrOffsetFetchRequest()
	q.Version, q.Group = 5, "readers"
	topic := kmsg.NewOffsetFetchRequestTopic()
	topic.Topic, topic.Partitions = hallTopic, []int32{0}
	q.Topics = append(q.Topics, topic)
	var r kmsg.OffsetFetchResponse
	r.Version = q.Version
	if err := r.ReadFrom(c.ask(q, wire.KeyOffsetFetch)); err != nil {
		c.hall.t.Fatal(err)
	}
	return kafka.Offset(r.Topics[0].Partitions[0].Offset)
}

// A commit for which there is no room is refused and leaves the last one; the next that
// finds room is taken.
func TestACommitOnAFullDisk(t *testing.T) {
	c, full := newGroupHall(t)
	for _, step := range []struct {
		full   bool
		offset kafka.Offset
		want   kafka.ErrorCode
		told   kafka.Offset
	}{
		{true, 6, kafka.ErrCoordinatorNotAvailable, kafka.NoOffset},
		{true, 7, kafka.ErrCoordinatorNotAvailable, kafka.NoOffset},
		{false, 8, kafka.None, 8},
	} {
		*full = step.full
		if got := c.commit(step.offset); got != step.want {
			t.Errorf("commit %d: %v, want %v", step.offset, got, step.want)
		}
		if got := c.committed(); got != step.told {
			t.Errorf("after the commit of %d: %d is committed, want %d", step.offset, got, step.told)
		}
	}
}

// join joins the group as its only member, and returns what it was told.
func (c *guest) join(memberID string) *kmsg.JoinGroupResponse {
	q := kmsg.NewPtrJoinGroupRequest()
	q.Version, q.Group, q.MemberID, q.ProtocolType = 5, "readers", memberID, "consumer"
	q.SessionTimeoutMillis, q.RebalanceTimeoutMillis = 10_000, 10_000
	protocol := kmsg.NewJoinGroupRequestProtocol()
	protocol.Name = "range"
	q.Protocols = append(q.Protocols, protocol)
	r := kmsg.NewPtrJoinGroupResponse()
	r.Version = q.Version
	if err := r.ReadFrom(c.ask(q, wire.KeyJoinGroup)); err != nil {
		c.hall.t.Fatal(err)
	}
	return r
}

func (c *guest) sync(joined *kmsg.JoinGroupResponse) kafka.ErrorCode {
	q := kmsg.NewPtrSyncGroupRequest()
	q.Version, q.Group, q.MemberID, q.Generation = 3, "readers", joined.MemberID, joined.Generation
	share := kmsg.NewSyncGroupRequestGroupAssignment()
	// It is larger than the room that was taken ahead.
	share.MemberID, share.MemberAssignment = joined.MemberID, make([]byte, 128<<10)
	q.GroupAssignment = append(q.GroupAssignment, share)
	var r kmsg.SyncGroupResponse
	r.Version = q.Version
	if err := r.ReadFrom(c.ask(q, wire.KeySyncGroup)); err != nil {
		c.hall.t.Fatal(err)
	}
	return kafka.ErrorCode(r.ErrorCode)
}

// A rebalance whose result finds no room is told to come back, and comes to its end when
// there is: the coordinator was loaded anew meanwhile.
func TestARebalanceOnAFullDisk(t *testing.T) {
	c, full := newGroupHall(t)
	joined := c.join("")
	if kafka.ErrorCode(joined.ErrorCode) != kafka.ErrMemberIDRequired {
		t.Fatalf("the first join: %v", kafka.ErrorCode(joined.ErrorCode))
	}
	if joined = c.join(joined.MemberID); joined.ErrorCode != 0 {
		t.Fatalf("the second join: %v", kafka.ErrorCode(joined.ErrorCode))
	}
	*full = true
	if code := c.sync(joined); code != kafka.ErrCoordinatorNotAvailable {
		t.Errorf("sync without room: %v", code)
	}
	*full = false
	c.hall.settle()
	joined = c.join("")
	joined = c.join(joined.MemberID)
	if code := c.sync(joined); joined.ErrorCode != 0 || code != kafka.None {
		t.Errorf("with room again: %v, %v", kafka.ErrorCode(joined.ErrorCode), code)
	}
}
