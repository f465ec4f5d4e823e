package main

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	// joinPatience is how long joining may take before a person is told why: longer than
	// a group takes that has no trouble.
	joinPatience = 5 * time.Second
	// leavePatience is how long leaving may take before a person is told how to end it.
	leavePatience = time.Second
)

// groupReading is one run of consume as a member of a group.
type groupReading struct {
	*reading
	*membership
	// settled is false while it is not known where some partitions begin.
	settled bool
	// emptySince is since when no partition is assigned.
	emptySince time.Time
	// joined is set once the group has taken this reader in; toldWaiting when the person
	// knows that it takes long.
	joined      bool
	toldWaiting bool
}

// runInGroup reads as a member of a group.
func (o *consume) runInGroup(command *cobra.Command, from start, sink *sink) error {
	ctx := command.Context()
	if err := o.checkGroup(from); err != nil {
		return err
	}
	// Whoever reads the pipe may go: then a write fails, instead of a signal that would
	// end this process before it has left the group.
	signal.Ignore(syscall.SIGPIPE)
	// What can be wrong is found out before the group is disturbed.
	plain, err := o.client(ctx)
	if err != nil {
		return err
	}
	defer plain.Close()
	admin := kadm.NewClient(plain)
	if err := o.checkTopic(ctx, admin); err != nil {
		if ctx.Err() != nil {
			return errInterrupted
		}
		return err
	}
	away := &outage{}
	member := &membership{topic: o.topic, mine: map[int32]*partRange{},
		begin: func(ctx context.Context, committed map[int32]kgo.Offset) ([]*partRange, error) {
			return o.begin(ctx, admin, from, committed)
		}}
	options := append(o.options(), kgo.WithHooks(away), kgo.ConsumeTopics(o.topic),
		kgo.ConsumerGroup(o.group), kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()))
	options = append(append(options, member.options()...), o.protocolOptions()...)
	client, err := o.client(ctx, options...)
	if err != nil {
		return err
	}
	r := &groupReading{
		reading: &reading{consume: o, client: client, sink: sink, outage: away,
			follow: o.follow || o.console.outTerminal && !o.untilEnd},
		membership: member, emptySince: time.Now(),
	}
	r.pause = func(partition int32) {
		client.PauseFetchPartitions(map[string][]int32{o.topic: {partition}})
	}
	err = r.run(ctx)
	interrupted := errors.Is(err, errInterrupted)
	if leaving := r.leave(); leaving != nil && interrupted {
		return leaving
	} else if leaving != nil {
		return errors.Join(err, leaving)
	}
	if o.console.errTerminal || interrupted {
		fmt.Fprintln(o.console.err, r.summary(err))
	}
	if interrupted && r.follow {
		return nil // which is how following ends
	}
	return err
}

// checkGroup fails if the flags cannot be meant for a group.
func (o *consume) checkGroup(from start) error {
	switch {
	case o.protocol != protocolClassic && o.protocol != protocolConsumer:
		return usagef("--protocol is classic or consumer, not %q", o.protocol)
	case len(o.partitions) > 0:
		return usagef("--partition and --group exclude each other: a group divides the partitions")
	case from.kind == startAtOffset:
		return usagef("--group begins at the committed offset, so that --offset takes no number: "+
			"`odradek groups reset-offsets %s --topic %s --to %d` sets it", o.group, o.topic, from.value)
	}
	return nil
}

// checkTopic fails if the topic does not exist or the brokers do not speak the
// protocol that was asked for.
func (o *consume) checkTopic(ctx context.Context, admin *kadm.Client) error {
	if _, _, err := topicDetails(ctx, admin, o.topic); err != nil {
		return err
	}
	if o.protocol == protocolClassic {
		return nil
	}
	versions, err := admin.ApiVersions(ctx)
	if err != nil {
		return fail("ask for API versions", err)
	}
	for _, broker := range versions {
		// Version 1 is the first in which a member names itself.
		if most, ok := broker.KeyMaxVersion(int16(kmsg.ConsumerGroupHeartbeat)); !ok || most < 1 {
			return &fault{sentence: fmt.Sprintf("broker %d does not speak the consumer protocol (KIP-848)",
				broker.NodeID), hint: "leave out --protocol: the classic one does the same"}
		}
	}
	return nil
}

// protocolOptions choose how the partitions are divided. A classic member offers what
// the other clients' defaults have in common, so that it can join any group of them.
func (o *consume) protocolOptions() []kgo.Opt {
	if o.protocol == protocolConsumer {
		return []kgo.Opt{kgo.ServerSideBalancer(), kgo.Balancers(kgo.StickyBalancer())}
	}
	return []kgo.Opt{kgo.Balancers(kgo.CooperativeStickyBalancer(), kgo.RangeBalancer(),
		kgo.RoundRobinBalancer())}
}

// begin makes the ranges of partitions that the group gave this reader: from the
// committed offset, or from where --offset says.
func (o *consume) begin(
	ctx context.Context, admin *kadm.Client, from start, committed map[int32]kgo.Offset,
) ([]*partRange, error) {
	all, err := o.ranges(ctx, admin, from)
	if err != nil {
		return nil, err
	}
	var out []*partRange
	for _, p := range all {
		offset, assigned := committed[p.partition]
		if !assigned {
			continue
		}
		p.marked, p.epoch = -1, -1
		if at := offset.EpochOffset(); at.Offset >= 0 {
			p.next, p.marked, p.epoch = at.Offset, at.Offset, at.Epoch
		}
		out = append(out, p)
	}
	return out, nil
}

// run reads until every partition that is assigned is at its end, or for ever when
// following.
func (r *groupReading) run(ctx context.Context) error {
	line := newProgress(r.console)
	if r.console.outTerminal {
		line.out = nil // the records themselves are what moves
	}
	defer line.clear()
	for !r.enough() {
		done, err := r.turn(ctx)
		if err != nil || done {
			return err
		}
		r.outage.tell(r.console, line)
		if news := r.news(); news != "" {
			line.clear()
			fmt.Fprintf(r.console.err, "odradek: %s\n", news)
		}
		line.show(func() string {
			return fmt.Sprintf("%s, %s from %s", plural(r.records, "record"), byteSize(r.bytes),
				plural(int64(len(r.ranges)), "partition"))
		})
	}
	return nil
}

// turn polls once, writes what came, and marks it to be committed. No rebalance
// comes between.
func (r *groupReading) turn(ctx context.Context) (done bool, err error) {
	wait, cancel := context.WithTimeout(ctx, idleWait)
	defer cancel()
	most := groupPollMax
	if r.most >= 0 {
		most = int(min(int64(most), r.most-r.records))
	}
	fetches := r.client.PollRecords(wait, most)
	defer r.client.AllowRebalance()
	r.awaitJoin()
	r.adopt(ctx)
	var failed error
	idle := true
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		if p.Err != nil {
			failed = errors.Join(failed, r.judgeInGroup(p))
			return
		}
		idle = idle && len(p.Records) == 0
		r.take(p.Partition, p.Records)
	})
	if idle && failed == nil && ctx.Err() == nil && !r.follow {
		failed = r.skipGaps(ctx)
	}
	if err := r.sink.out.Flush(); err != nil {
		return false, err // what was not written is not committed
	}
	r.mark()
	switch {
	case ctx.Err() != nil:
		return false, errInterrupted
	case failed != nil:
		return false, failed
	}
	return r.atEnd(), nil
}

// adopt takes over what the coordinator assigned, and gives up what it took away.
func (r *groupReading) adopt(ctx context.Context) {
	before := r.byID
	r.byID, r.settled = r.assigned()
	r.ranges, r.open = nil, 0
	begun := map[int32]kgo.EpochOffset{}
	for partition, p := range r.byID {
		if before[partition] != p {
			if p.done = !r.follow && p.next >= p.end; p.done {
				r.pause(partition)
			} else {
				r.client.ResumeFetchPartitions(map[string][]int32{r.topic: {partition}})
			}
			if p.marked < 0 {
				begun[partition] = kgo.EpochOffset{Epoch: p.epoch, Offset: p.next}
				p.marked = p.next
			}
		}
		if !p.done {
			r.open++
		}
		r.ranges = append(r.ranges, p)
	}
	if len(r.byID) > 0 {
		r.emptySince = time.Now()
	}
	// Where it begins is committed even if nothing comes, so that the next reader does not
	// begin at an end that has moved. The client holds it for committed already.
	if len(begun) > 0 {
		r.client.CommitOffsetsSync(ctx, map[string]map[int32]kgo.EpochOffset{r.topic: begun},
			r.committed)
	}
}

// mark lets the client commit what was written.
func (r *groupReading) mark() {
	marks := map[int32]kgo.EpochOffset{}
	for partition, p := range r.byID {
		if p.next != p.marked {
			marks[partition] = kgo.EpochOffset{Epoch: p.epoch, Offset: p.next}
			p.marked = p.next
		}
	}
	if len(marks) > 0 {
		r.client.MarkCommitOffsets(map[string]map[int32]kgo.EpochOffset{r.topic: marks})
	}
}

// atEnd reports whether there is nothing left to read for this member.
func (r *groupReading) atEnd() bool {
	switch {
	case r.follow || !r.settled || r.open > 0 || !r.joined:
		return false
	case len(r.byID) > 0:
		return true
	}
	// A group whose other members have all partitions gives this one none.
	if time.Since(r.emptySince) < r.timeout {
		return false
	}
	fmt.Fprintf(r.console.err, "group %s gives this reader nothing of %s: other members have it, "+
		"or one that was killed and has not timed out yet\n", r.group, r.topic)
	return true
}

// awaitJoin notices that the group has taken this reader in, and tells the person if
// that takes long: a group of the classic protocol waits for all of its members first.
func (r *groupReading) awaitJoin() {
	if r.joined {
		return
	}
	_, generation := r.client.GroupMetadata()
	r.joined = generation > 0 // the first of either protocol is 1
	switch waited := time.Since(r.emptySince); {
	case r.joined:
		r.emptySince = time.Now()
	case waited > joinPatience && !r.toldWaiting:
		r.toldWaiting = true
		fmt.Fprintf(r.console.err, "waiting for group %s: it takes new members when all others have "+
			"answered, or one that was killed has timed out\n", r.group)
	}
}

// judgeInGroup is the error of a fetch if it cannot be waited out. A member that was
// put out joins again by itself, and the person is told.
func (r *groupReading) judgeInGroup(p kgo.FetchTopicPartition) error {
	var session *kgo.ErrGroupSession
	switch {
	case errors.As(p.Err, &session):
		if !waitedOut(session.Err) {
			return fail("join group "+r.group, session.Err)
		}
		fmt.Fprintf(r.console.err, "odradek: put out of group %s: %s; joining again\n", r.group,
			said(session.Err))
		r.joined, r.emptySince = false, time.Now()
		return nil
	case errors.Is(p.Err, kerr.OffsetOutOfRange):
		about := fmt.Sprintf("%s:%d", r.topic, p.Partition)
		return &fault{cause: p.Err,
			sentence: fmt.Sprintf("the committed offset of %s partition %d is not in its log: records "+
				"were deleted before group %s read them", r.topic, p.Partition, r.group),
			hint: fmt.Sprintf("`odradek groups reset-offsets %s --topic %s --to earliest --execute` goes "+
				"on with what is left", r.group, about)}
	}
	return r.judge(p, nil)
}

// waitedOut reports whether a member can join again after this error.
func waitedOut(err error) bool {
	var code *kerr.Error
	if !errors.As(err, &code) || code.Retriable {
		return true
	}
	for _, passing := range []*kerr.Error{kerr.UnknownMemberID, kerr.IllegalGeneration,
		kerr.FencedMemberEpoch, kerr.StaleMemberEpoch, kerr.RebalanceInProgress} {
		if errors.Is(code, passing) {
			return true
		}
	}
	return false
}

// leave commits what was written and leaves the group, so that others take over at
// once. It fails if what was written may be read again.
func (r *groupReading) leave() error {
	ctx, cancel := context.WithTimeout(context.Background(), r.timeout)
	defer cancel()
	if r.console.errTerminal {
		patience := time.AfterFunc(leavePatience, func() {
			fmt.Fprintf(r.console.err, "leaving group %s; Ctrl-C again ends at once\n", r.group)
		})
		defer patience.Stop()
	}
	r.commit(ctx, r.client)
	r.client.AllowRebalance()
	err := r.client.LeaveGroupContext(ctx)
	if err == nil {
		r.client.Close()
	} else {
		// Closing would wait for the same answer. The end of the process closes too.
		fmt.Fprintf(r.console.err, "group %s did not let this reader go: %s. It does when the "+
			"reader's session times out\n", r.group, said(err))
	}
	if err := r.failure(); err != nil {
		return &fault{cause: err,
			sentence: fmt.Sprintf("commit offsets of group %s: %s", r.group, said(err)),
			hint:     "the last records that were written are read again by the group's next member"}
	}
	return nil
}

// summary is what a person reads at the end.
func (r *groupReading) summary(err error) string {
	text := fmt.Sprintf("%s (%s) read from %s in group %s", plural(r.records, "record"),
		byteSize(r.bytes), r.topic, r.group)
	if errors.Is(err, errInterrupted) && !r.follow {
		return "interrupted: " + text
	}
	return text
}
