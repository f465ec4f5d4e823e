package live

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/core/kafka"
	"odradek/jepsen/check"
	"odradek/jepsen/check/groups"
)

// commit commits offsets, and records what becomes of it. The request is sent once: a
// commit that is sent again may take effect twice, and could not be told from itself.
func (m *groupMember) commit(ctx context.Context, offsets map[string]map[int32]kgo.EpochOffset) {
	ctx, cancel := context.WithTimeout(ctx, rebalanceTimeout)
	defer cancel()
	var index []int
	var call check.Event
	ctx = kgo.PreCommitFnContext(ctx, func(request *kmsg.OffsetCommitRequest) error {
		for i := range request.Topics {
			for j := range request.Topics[i].Partitions {
				m.marks++
				mark := fmt.Sprint(m.process, "-", m.marks)
				request.Topics[i].Partitions[j].Metadata = &mark
			}
		}
		call, index = m.recorder.commits(m.process, groupName(m.group), m.topic, request)
		return nil
	})
	m.client.CommitOffsetsSync(ctx, offsets, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest,
		answer *kmsg.OffsetCommitResponse, err error) {
		if err == nil && call != 0 {
			m.recorder.committed(index, answer)
		}
	})
}

// awaits reports whether an error is one that a client waits and asks again after.
func awaits(err error) bool {
	var refusal *kerr.Error
	return errors.As(err, &refusal) && refusal.Retriable
}

// commits records that a commit is being sent; indices are those of its partitions.
func (r *recorder) commits(process int, group groups.Group, t *topic,
	request *kmsg.OffsetCommitRequest) (call check.Event, indices []int) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.events++
	for i := range request.Topics {
		for _, one := range request.Topics[i].Partitions {
			r.operations++
			indices = append(indices, len(r.consumed.Commits))
			r.consumed.Commits = append(r.consumed.Commits, groups.Commit{
				Operation: check.Operation{ID: r.operations, Process: process, Call: r.events,
					Return: check.Never},
				Group: group, Member: groups.MemberID(request.MemberID),
				Epoch: groups.Epoch(request.Generation), Partition: t.partition(one.Partition),
				Value: groups.Value{Offset: kafka.Offset(one.Offset), Metadata: *one.Metadata}})
		}
	}
	return r.events, indices
}

// committed records the answer to a commit.
func (r *recorder) committed(indices []int, answer *kmsg.OffsetCommitResponse) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.events++
	codes := map[int32]kafka.ErrorCode{}
	for i := range answer.Topics {
		for _, one := range answer.Topics[i].Partitions {
			codes[one.Partition] = kafka.ErrorCode(one.ErrorCode)
		}
	}
	for _, index := range indices {
		c := &r.consumed.Commits[index]
		code, found := codes[int32(c.Partition.Partition)]
		switch {
		case !found || doubtful(code):
			continue
		case code == kafka.None:
			c.Outcome, r.commitsAcknowledged = check.OK, r.commitsAcknowledged+1
		default:
			c.Outcome = check.Failed
		}
		c.Return, c.Code = r.events, code
	}
}

// doubtful reports whether an error leaves open whether a commit had an effect. What is
// not listed proves that it had none.
func doubtful(code kafka.ErrorCode) bool {
	switch code {
	case kafka.ErrUnknownServerError, kafka.ErrRequestTimedOut, kafka.ErrCoordinatorNotAvailable,
		kafka.ErrNotCoordinator, kafka.ErrKafkaStorageError, kafka.ErrNotLeaderOrFollower:
		return true
	}
	return false
}

// toldCommitted records what an OffsetFetch of all partitions was told.
func (r *recorder) toldCommitted(process int, call check.Event, group groups.Group, t *topic,
	values []groups.Value) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for p, value := range values {
		r.consumed.Reads = append(r.consumed.Reads, groups.Read{Operation: r.operation(process, call),
			Group: group, Partition: t.partition(int32(p)), Value: value})
	}
}

func (r *recorder) starts(group groups.Group, p kafka.TopicPartition, at kafka.Offset) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.events++
	r.consumed.Starts = append(r.consumed.Starts, groups.Start{ID: len(r.consumed.Starts),
		Group: group, Member: "a client", Partition: p, At: r.events, Offset: at})
}

func (r *recorder) took(group groups.Group, p kafka.TopicPartition, from, to kafka.Offset) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.events++
	r.consumed.Takes = append(r.consumed.Takes, groups.Take{ID: len(r.consumed.Takes), Group: group,
		Member: "a client", Partition: p, At: r.events, From: from, To: to})
}

func (r *recorder) settled(s groups.Settlement) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.consumed.Settlements = append(r.consumed.Settlements, s)
}

// judgeGroups holds what groups did against every invariant.
func (r *recorder) judgeGroups() check.Verdict {
	verdict, _ := groups.RunSearched(&r.consumed, check.Search{OperationsMax: groupSearchMax,
		Patience: groupSearchPatience})
	return verdict
}

const (
	// groupSearchMax is how many operations on committed offsets a second opinion is sought
	// on, and groupSearchPatience how long one search may take.
	groupSearchMax      = 20_000
	groupSearchPatience = 30 * time.Second
)
