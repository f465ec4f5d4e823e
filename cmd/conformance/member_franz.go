package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"odradek/cmd/conformance/history"
)

// franzMemberName as the first argument makes this program a member of a group: one
// that can be killed must be a process of its own.
const franzMemberName = "franz-go-member"

// franzMember is a member of a group with franz-go.
type franzMember struct {
	topic  string
	client *kgo.Client
	lock   sync.Mutex // callbacks come from the client's own goroutines
	out    io.Writer
}

// runFranzMember is a member until it is told to end:
// BOOTSTRAP TOPIC GROUP PROTOCOL.
func runFranzMember(arguments []string) error {
	if len(arguments) != 4 {
		return fmt.Errorf("%s: wants four arguments", franzMemberName)
	}
	m := &franzMember{topic: arguments[1], out: os.Stdout}
	options := []kgo.Opt{
		kgo.SeedBrokers(arguments[0]), kgo.DisableClientMetrics(),
		kgo.ConsumeTopics(arguments[1]), kgo.ConsumerGroup(arguments[2]),
		kgo.Balancers(kgo.RangeBalancer()), kgo.DisableAutoCommit(), kgo.BlockRebalanceOnPoll(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(200 * time.Millisecond),
		kgo.SessionTimeout(memberSession), kgo.HeartbeatInterval(memberHeartbeat),
		kgo.RebalanceTimeout(memberRebalance), kgo.MetadataMinAge(100 * time.Millisecond),
		kgo.OnPartitionsAssigned(m.each(history.Assigned)),
		kgo.OnPartitionsRevoked(m.each(history.Revoked)),
		kgo.OnPartitionsLost(m.each(history.Revoked)),
	}
	if arguments[3] == consumerProtocol {
		options = append(options, kgo.ServerSideBalancer())
	}
	var err error
	if m.client, err = kgo.NewClient(options...); err != nil {
		return err
	}
	defer m.client.CloseAllowingRebalance()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	for ctx.Err() == nil {
		m.poll(ctx)
	}
	return nil
}

// poll consumes what there is, and commits it.
func (m *franzMember) poll(ctx context.Context) {
	defer m.client.AllowRebalance()
	fetches := m.client.PollRecords(ctx, 100)
	fetches.EachError(func(topic string, partition int32, err error) {
		if ctx.Err() == nil {
			m.note("fetch of %s-%d: %v", topic, partition, err)
		}
	})
	records := fetches.Records()
	if len(records) == 0 {
		return
	}
	next := map[int32]history.Offset{}
	for _, r := range records {
		m.say(history.Event{Kind: history.Consumed, Partition: r.Partition,
			Offset: history.Offset(r.Offset), Value: string(r.Value)})
		next[r.Partition] = history.Offset(r.Offset + 1)
	}
	// What was consumed is committed even when the member was told to end meanwhile.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), memberRebalance)
	defer cancel()
	if err := m.client.CommitRecords(ctx, records...); err != nil {
		m.note("commit: %v", err)
		return
	}
	for partition, offset := range next {
		m.say(history.Event{Kind: history.Committed, Partition: partition, Offset: offset})
	}
}

// each is a callback that says the same of each partition.
func (m *franzMember) each(
	kind history.Kind,
) func(context.Context, *kgo.Client, map[string][]int32) {
	return func(_ context.Context, _ *kgo.Client, partitions map[string][]int32) {
		for _, p := range partitions[m.topic] {
			m.say(history.Event{Kind: kind, Partition: p})
		}
	}
}

func (m *franzMember) say(e history.Event) {
	m.lock.Lock()
	defer m.lock.Unlock()
	e.At = millis(time.Now())
	fmt.Fprintln(m.out, e)
}

func (m *franzMember) note(format string, args ...any) {
	m.lock.Lock()
	defer m.lock.Unlock()
	fmt.Fprintf(m.out, format+"\n", args...)
}

// millis is a time as histories have it.
func millis(t time.Time) history.Millis { return history.Millis(t.UnixMilli()) }
