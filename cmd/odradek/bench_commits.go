package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// benchTopic is what the committed offsets are of. It stays empty.
const benchTopic = "odradek-bench-commits"

// commitVersion is the version of OffsetCommit that is sent: the newest that names topics.
const commitVersion = 9

// commitBench is what `odradek bench commits` was asked for.
type commitBench struct {
	console     *console
	connection  *connection
	connections int
	partitions  int32
	time        time.Duration
}

func benchCommitsCommand(c *console) *cobra.Command {
	b := &commitBench{console: c}
	command := &cobra.Command{
		Use:   "commits [flags]",
		Short: "Commit offsets as fast as the broker acknowledges them",
		Long: `Commit offsets as fast as the broker acknowledges them. Each connection is a group of its
own and commits one offset after the other, each a request that is waited for; so the number of
connections is how many commits are under way at a time.

The topic ` + benchTopic + ` is made for it, and stays. The groups are left to the
retention of offsets.`,
		Example: example(
			"odradek bench commits --connections 1         # how long one commit takes",
			"odradek bench commits --connections 256 --json",
		),
	}
	flags := command.Flags()
	flags.IntVar(&b.connections, "connections", 64, "commit over `N` connections, each a group")
	flags.Int32Var(&b.partitions, "partitions", 1, "commit the offsets of `N` partitions at once")
	flags.DurationVar(&b.time, "time", 10*time.Second, "measure for this `TIME`, after a second")
	asJSON := jsonFlag(command)
	b.connection = connect(c, command)
	command.RunE = func(command *cobra.Command, _ []string) error {
		if b.connections < 1 || b.partitions < 1 || b.time <= 0 {
			return usagef("--connections, --partitions and --time are more than nothing")
		}
		rows, err := b.run(command.Context())
		if err != nil {
			return err
		}
		return c.print(rows, *asJSON)
	}
	return command
}

// prepare makes the topic, has the broker make its coordinator, and tells where it is.
func (b *commitBench) prepare(ctx context.Context) ([]string, error) {
	client, err := b.connection.client(ctx)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	_, err = admin.CreateTopic(ctx, b.partitions, -1, nil, benchTopic)
	if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
		return nil, fail("make the topic "+benchTopic, err)
	}
	where := make([]string, b.connections)
	for i := range where {
		found := admin.FindGroupCoordinators(ctx, b.group(i))
		if err := found.Error(); err != nil {
			return nil, fail("find the coordinator", err)
		}
		for _, one := range found.Sorted() {
			where[i] = fmt.Sprintf("%s:%d", one.Host, one.Port)
		}
	}
	return where, nil
}

func (b *commitBench) group(i int) string { return fmt.Sprintf("%s-%d", benchTopic, i) }

// run measures for the time that was asked for, after a second in which all get going.
func (b *commitBench) run(ctx context.Context) (*table, error) {
	where, err := b.prepare(ctx)
	if err != nil {
		return nil, err
	}
	const warming = time.Second
	ctx, cancel := context.WithTimeout(ctx, warming+b.time)
	defer cancel()
	var (
		all   sync.WaitGroup
		count atomic.Int64
		took  = make([][]time.Duration, b.connections)
		errs  = make([]error, b.connections)
	)
	begin := time.Now().Add(warming)
	for i := range b.connections {
		all.Add(1)
		go func() {
			defer all.Done()
			took[i], errs[i] = b.commit(ctx, where[i], i, begin, &count)
		}()
	}
	ended := make(chan struct{})
	go func() { all.Wait(); close(ended) }()
	b.show(begin, ended, &count)
	if err := errors.Join(errs...); err != nil {
		return nil, fail("commit", err)
	}
	var every []time.Duration
	for _, one := range took {
		every = append(every, one...)
	}
	if len(every) == 0 {
		return nil, errors.New("no commit was acknowledged in the time")
	}
	slices.Sort(every)
	at := func(share float64) int64 {
		return every[min(len(every)-1, int(share*float64(len(every))))].Microseconds()
	}
	rows := &table{columns: []string{"connections", "partitions", "commits", "commits per second",
		"p50 us", "p99 us", "longest us"}}
	rows.add(b.connections, b.partitions, len(every),
		int64(float64(len(every))/b.time.Seconds()), at(.5), at(.99), at(1))
	return rows, nil
}

// show tells how it goes, until all have ended.
func (b *commitBench) show(begin time.Time, ended <-chan struct{}, count *atomic.Int64) {
	bar := newProgress(b.console)
	defer bar.clear()
	ticker := time.NewTicker(progressEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ended:
			return
		case <-ticker.C:
			bar.show(func() string {
				return fmt.Sprintf("%v of %v, %s", max(0, time.Since(begin)).Round(time.Second), b.time,
					plural(count.Load(), "commit"))
			})
		}
	}
}

// commit is one connection: it commits until the context ends, and returns how long each
// commit took that began after the warming up.
func (b *commitBench) commit(ctx context.Context, address string, i int, begin time.Time,
	count *atomic.Int64) ([]time.Duration, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	request := b.request(i)
	format := kmsg.NewRequestFormatter(kmsg.FormatterClientID("odradek"))
	var took []time.Duration
	var frame []byte
	for n := int32(0); ctx.Err() == nil; n++ {
		for p := range request.Topics[0].Partitions {
			request.Topics[0].Partitions[p].Offset = int64(n)
		}
		sent := time.Now()
		frame, err = exchange(conn, format.AppendRequest(frame[:0], request, n), frame)
		if err == nil {
			err = acknowledged(frame)
		}
		if ctx.Err() != nil {
			break // the time is over: what is under way does not count
		}
		if err != nil {
			return nil, err
		}
		if sent.After(begin) {
			took = append(took, time.Since(sent))
			count.Add(1)
		}
	}
	return took, nil
}

func (b *commitBench) request(i int) *kmsg.OffsetCommitRequest {
	request := kmsg.NewPtrOffsetCommitRequest()
	request.Version, request.Group, request.Generation = commitVersion, b.group(i), -1
	topic := kmsg.NewOffsetCommitRequestTopic()
	topic.Topic = benchTopic
	for p := range b.partitions {
		partition := kmsg.NewOffsetCommitRequestTopicPartition()
		partition.Partition, partition.Metadata = p, kmsg.StringPtr("")
		topic.Partitions = append(topic.Partitions, partition)
	}
	request.Topics = append(request.Topics, topic)
	return request
}

// exchange sends a request and reads its answer, without the length, into buffer.
func exchange(conn net.Conn, request, buffer []byte) ([]byte, error) {
	if _, err := conn.Write(request); err != nil {
		return buffer, err
	}
	var length [4]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return buffer, err
	}
	size := int(binary.BigEndian.Uint32(length[:]))
	if size > answerBytesMax {
		return buffer, fmt.Errorf("an answer of %d bytes to a commit", size)
	}
	buffer = slices.Grow(buffer[:0], size)[:size]
	_, err := io.ReadFull(conn, buffer)
	return buffer, err
}

// answerBytesMax is more than the answer about the partitions of any topic.
const answerBytesMax = 16 << 20

// acknowledged checks that an answer acknowledges every partition.
func acknowledged(frame []byte) error {
	const header = 5 // the correlation id, and no tags
	response := kmsg.NewPtrOffsetCommitResponse()
	response.Version = commitVersion
	if len(frame) < header {
		return errors.New("an answer without a header")
	}
	if err := response.ReadFrom(frame[header:]); err != nil {
		return err
	}
	for _, topic := range response.Topics {
		for _, p := range topic.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return fmt.Errorf("partition %d: %w", p.Partition, err)
			}
		}
	}
	return nil
}
