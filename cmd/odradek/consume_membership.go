package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	// commitEvery is how often what was written is committed: often enough that a kill
	// repeats a second's worth, seldom enough to cost nothing.
	commitEvery = time.Second
	// rebalanceTimeout is how long the group waits for this member when it divides the
	// partitions anew. Whoever reads our output may be slow: it is Kafka's own default
	// (max.poll.interval.ms).
	rebalanceTimeout = 5 * time.Minute
	// groupPollMax is how many records are written before a rebalance may come between:
	// few enough that a slow reader of the pipe does not run into rebalanceTimeout.
	groupPollMax = 1000
)

// protocols of --protocol.
const (
	protocolClassic  = "classic"
	protocolConsumer = "consumer"
)

// membership is what the group's coordinator gave this reader. The client calls it on
// its own goroutine, but never between a poll and AllowRebalance.
type membership struct {
	topic string
	// begin finds where to read partitions whose committed offsets are given.
	begin func(ctx context.Context, committed map[int32]kgo.Offset) ([]*partRange, error)

	mutex sync.Mutex
	// mine are the partitions that are assigned; nil until it is known where one begins.
	// A partition that went and came back has another range.
	mine map[int32]*partRange
	// failed is why the last commit failed, nil after one that did not; told is what the
	// person was told.
	failed error
	told   error
}

// options are the client's.
func (m *membership) options() []kgo.Opt {
	return []kgo.Opt{
		kgo.AutoCommitMarks(), // what is marked was written
		kgo.AutoCommitInterval(commitEvery),
		kgo.AutoCommitCallback(m.committed),
		kgo.BlockRebalanceOnPoll(),
		kgo.RebalanceTimeout(rebalanceTimeout),
		kgo.OnPartitionsAssigned(m.assign),
		kgo.AdjustFetchOffsetsFn(m.adjust),
		kgo.OnPartitionsRevoked(m.revoke),
		kgo.OnPartitionsLost(m.lose),
	}
}

func (m *membership) assign(_ context.Context, _ *kgo.Client, topics map[string][]int32) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	for _, partition := range topics[m.topic] {
		m.mine[partition] = nil
	}
}

// adjust says where the client begins in partitions that were assigned. What it makes
// of a partition without a committed offset is kept, so that it can be committed.
func (m *membership) adjust(
	ctx context.Context, offsets map[string]map[int32]kgo.Offset,
) (map[string]map[int32]kgo.Offset, error) {
	committed := offsets[m.topic]
	if len(committed) == 0 {
		return offsets, nil
	}
	ranges, err := m.begin(ctx, committed)
	if err != nil {
		return nil, err
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	for _, p := range ranges {
		committed[p.partition] = kgo.NewOffset().At(p.next).WithEpoch(p.epoch)
		m.mine[p.partition] = p
	}
	return offsets, nil
}

// revoke commits before the partitions go to another member, so that it begins where
// this one ended.
func (m *membership) revoke(ctx context.Context, client *kgo.Client, topics map[string][]int32) {
	m.commit(ctx, client)
	m.lose(ctx, client, topics)
}

// lose forgets partitions that another member may have already.
func (m *membership) lose(_ context.Context, _ *kgo.Client, topics map[string][]int32) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	for _, partition := range topics[m.topic] {
		delete(m.mine, partition)
	}
}

// commit commits what was written, and returns when the broker has it.
func (m *membership) commit(ctx context.Context, client *kgo.Client) {
	m.note(client.CommitMarkedOffsets(ctx))
}

// committed hears how a commit went.
func (m *membership) committed(
	_ *kgo.Client, _ *kmsg.OffsetCommitRequest, answer *kmsg.OffsetCommitResponse, err error,
) {
	if errors.Is(err, context.Canceled) {
		return // a newer commit took its place
	}
	if answer != nil {
		for _, t := range answer.Topics {
			for _, p := range t.Partitions {
				if err == nil {
					err = kerr.ErrorForCode(p.ErrorCode)
				}
			}
		}
	}
	m.note(err)
}

func (m *membership) note(err error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.failed = err
}

// failure is why the last commit failed.
func (m *membership) failure() error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.failed
}

// news is what a person should hear about commits, or "". A commit that a rebalance
// came before is made again by itself.
func (m *membership) news() string {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	failed := m.failed
	if errors.Is(failed, kerr.RebalanceInProgress) || errors.Is(failed, m.told) {
		return ""
	}
	m.told = failed
	if failed == nil {
		return "offsets are committed again"
	}
	return fmt.Sprintf("offsets could not be committed: %s; trying again", said(failed))
}

// assigned is a copy of mine, without those that are nil; settled is false if there
// are any.
func (m *membership) assigned() (ranges map[int32]*partRange, settled bool) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	ranges, settled = map[int32]*partRange{}, true
	for partition, p := range m.mine {
		if p == nil {
			settled = false
			continue
		}
		ranges[partition] = p
	}
	return ranges, settled
}
