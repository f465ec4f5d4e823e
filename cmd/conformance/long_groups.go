package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// The long checks of this file: how long large groups take, and many kills.
const (
	groupsManyName = "groups-many"
	groupsKillName = "groups-kill-9"
)

const (
	manyMembers = 1_000
	manyGroups  = 10_000
	// manyFiles is how many files a broker of this tree holds open for a partition; one
	// that may open too few gets fewer partitions than are wished for.
	manyFiles = 3
	// offsetsEach makes 100,000 committed offsets of the groups.
	offsetsEach = 10
	// manyCommitters is how many commit at a time.
	manyCommitters = 32
	// manyAsked is how many groups one OffsetFetch asks for.
	manyAsked = 500
	// manySettle is how long a large group may take.
	manySettle = 10 * time.Minute
	// killTime is the part of a killed run's time that one kill may take.
	killTime = 30 * time.Second
)

// longGroups runs one of the checks as if it were a case.
func (s *suite) longGroups(ctx context.Context, w wishes) error {
	s.manyPartitions = w.partitions
	var large *largeTopic // of both groups: there may be no room for two
	cases := []testCase{
		{groupsManyName + "/classic", func(ctx context.Context) error {
			return s.largeGroup(ctx, &large, classicProtocol, rawClassic)
		}},
		{groupsManyName + "/consumer", func(ctx context.Context) error {
			if !s.consumerProtocol {
				return errNoConsumerProtocol
			}
			return s.largeGroup(ctx, &large, consumerProtocol, rawConsumer)
		}},
		{groupsManyName + "/load", s.manyOffsets},
	}
	s.caseTime = manySettle * 2
	if w.long == groupsKillName {
		s.caseTime = time.Duration(w.kills)*killTime + manySettle
		cases = []testCase{{groupsKillName, func(ctx context.Context) error {
			return s.killedGroups(ctx, w.kills)
		}}}
	}
	return s.runCases(ctx, cases)
}

// largeTopic is a topic of many partitions.
type largeTopic struct {
	name       string
	partitions int
}

// largeGroup has a thousand members join at once, and waits until each of many
// partitions is one member's.
func (s *suite) largeGroup(
	ctx context.Context, topic **largeTopic, protocol string, life rawProtocol,
) (err error) {
	if want := uint64(manyMembers + 100); filesMax() < want {
		return fmt.Errorf("%w: %d connections are wanted, and %d files may be open", errSkip,
			want, filesMax())
	}
	if *topic == nil {
		if *topic, err = s.largeTopic(ctx); err != nil {
			return err
		}
	}
	name := (*topic).name
	g := newRawGroup(name+"-"+protocol, name, (*topic).partitions, manyMembers)
	address, err := s.coordinator(ctx, g.group)
	if err != nil {
		return err
	}
	ctx, end := context.WithCancel(ctx)
	ended := make(chan error, manyMembers)
	connections := make([]*rawConnection, manyMembers)
	var members sync.WaitGroup
	defer func() {
		end()
		for _, c := range connections {
			if c != nil {
				_ = c.conn.Close() // wakes a member that waits for an answer
			}
		}
		members.Wait()
	}()
	begin := time.Now()
	for i := range connections {
		if connections[i], err = dialRaw(ctx, address); err != nil {
			return err
		}
		members.Go(func() {
			if err := life(ctx, g, connections[i], i); err != nil && ctx.Err() == nil {
				ended <- fmt.Errorf("member %d: %w", i, err)
			}
		})
	}
	fmt.Fprintf(s.out, "      %d connections after %v\n", manyMembers, since(begin))
	if err := g.awaitSettled(ctx, ended); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "      %d members own %d partitions after %v\n", manyMembers,
		g.partitions, since(begin))
	return s.isStable(ctx, g, protocol)
}

// largeTopic makes a topic with as many partitions as there may be. Kafka's controller
// takes at most 10,000 records for one wish, and so it is made in two.
func (s *suite) largeTopic(ctx context.Context) (*largeTopic, error) {
	partitions := s.manyPartitions
	if s.broker != nil && s.broker.ready == readyTime { // of this tree
		partitions = min(partitions, (int(filesMax())-2*manyMembers)/manyFiles)
	}
	if partitions < s.manyPartitions {
		fmt.Fprintf(s.out, "      %d partitions, since a process may have only %d files open\n",
			partitions, filesMax())
	}
	name, err := s.topic(ctx, partitions/2)
	if err != nil {
		return nil, err
	}
	// The controller may know of the topic before the broker does.
	err = waitFor(ctx, manySettle, func() error {
		return s.steps(ctx, [2]string{
			fmt.Sprintf("topics alter %s --partitions %d", name, partitions), ""})
	})
	if err != nil {
		return nil, err
	}
	return &largeTopic{name, partitions}, nil
}

func since(begin time.Time) time.Duration { return time.Since(begin).Round(time.Millisecond) }

// awaitSettled waits until the group is settled, or a member ends by itself.
func (g *rawGroup) awaitSettled(ctx context.Context, ended <-chan error) error {
	late := time.After(manySettle)
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case err := <-ended:
			return err
		case <-ctx.Done():
			return errors.Join(ctx.Err(), g.settled())
		case <-late:
			return fmt.Errorf("after %v: %w", manySettle, g.settled())
		case <-look.C:
		}
		if g.settled() == nil {
			return nil
		}
	}
}

// isStable asks the coordinator, too.
func (s *suite) isStable(ctx context.Context, g *rawGroup, protocol string) error {
	client, err := (&franzClient{s}).open()
	if err != nil {
		return err
	}
	defer client.Close()
	r := &groupRun{suite: s, topic: g.topic, group: g.group, admin: kadm.NewClient(client)}
	return waitFor(ctx, settleTime, func() error {
		view, err := r.describe(ctx)
		want := groupView{protocol, "Stable", manyMembers, g.partitions}
		if err == nil && view != want {
			err = fmt.Errorf("the coordinator says %v, want %v", view, want)
		}
		return err
	})
}

// coordinator is the address of a group's coordinator.
func (s *suite) coordinator(ctx context.Context, group string) (string, error) {
	client, err := (&franzClient{s}).open()
	if err != nil {
		return "", err
	}
	defer client.Close()
	var address string
	err = waitFor(ctx, manySettle, func() error {
		found := kadm.NewClient(client).FindGroupCoordinators(ctx, group)[group]
		address = fmt.Sprintf("%s:%d", found.Host, found.Port)
		return found.Err
	})
	return address, err
}

// manyOffsets commits offsets of many groups, kills the broker, and looks how long it
// takes until the last group answers, and whether it answers right.
func (s *suite) manyOffsets(ctx context.Context) error {
	if s.broker == nil {
		return errNotOurs
	}
	topic, err := s.topic(ctx, offsetsEach)
	if err != nil {
		return err
	}
	client, err := (&franzClient{s}).open(kgo.MetadataMinAge(50 * time.Millisecond))
	if err != nil {
		return err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	begin := time.Now()
	if err := commitMany(ctx, admin, topic); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "      %d offsets of %d groups committed in %v\n", manyGroups*offsetsEach,
		manyGroups, since(begin))
	s.broker.kill()
	begin = time.Now()
	if err := s.broker.start(ctx); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "      after kill -9, the broker answers after %v\n", since(begin))
	for from := 0; from < manyGroups; from += manyAsked {
		var wrong error
		err := waitFor(ctx, manySettle, func() error {
			err := askMany(ctx, admin, topic, from)
			if errors.Is(err, errWrongOffset) {
				wrong = err
				return nil
			}
			return err
		})
		if err := errors.Join(err, wrong); err != nil {
			return err
		}
	}
	fmt.Fprintf(s.out, "      the last group after %v\n", since(begin))
	return nil
}

func manyName(topic string, n int) string { return fmt.Sprintf("%s-group-%05d", topic, n) }

// manyOffset is what is committed: of each group and partition another.
func manyOffset(group int, partition int32) int64 {
	return int64(group)*offsetsEach + int64(partition)
}

func commitMany(ctx context.Context, admin *kadm.Client, topic string) error {
	var failed firstError
	var committers sync.WaitGroup
	for first := range manyCommitters {
		committers.Go(func() {
			for n := first; n < manyGroups && failed.get() == nil; n += manyCommitters {
				offsets := kadm.Offsets{}
				for partition := range int32(offsetsEach) {
					offsets.AddOffset(topic, partition, manyOffset(n, partition), -1)
				}
				if err := admin.CommitAllOffsets(ctx, manyName(topic, n), offsets); err != nil {
					failed.set(fmt.Errorf("%s: %w", manyName(topic, n), err))
				}
			}
		})
	}
	committers.Wait()
	return failed.get()
}

// errWrongOffset is not to be asked for again.
var errWrongOffset = errors.New("a committed offset is lost or another")

// askMany asks for the offsets of some groups, from one on.
func askMany(ctx context.Context, admin *kadm.Client, topic string, from int) error {
	var names []string
	for n := from; n < min(from+manyAsked, manyGroups); n++ {
		names = append(names, manyName(topic, n))
	}
	answers := admin.FetchManyOffsets(ctx, names...)
	if err := answers.Error(); err != nil {
		return err
	}
	for i, name := range names {
		for partition := range int32(offsetsEach) {
			got, ok := answers[name].Fetched.Lookup(topic, partition)
			if want := manyOffset(from+i, partition); !ok || got.Err != nil || got.At != want {
				return fmt.Errorf("%w: %s, partition %d: %d (%w), want %d", errWrongOffset, name,
					partition, got.At, got.Err, want)
			}
		}
	}
	return nil
}
