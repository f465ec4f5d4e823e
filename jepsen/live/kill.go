package live

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"odradek/core/kafka"
	"odradek/jepsen/check"
)

const (
	// loadMin bounds how long a broker lives under load between two kills: it
	// answers the first clients.
	loadMin = 20 * time.Millisecond
	// LoadMax is how long it lives at most, if the run does not say otherwise: it
	// rolls a few segments.
	LoadMax = 400 * time.Millisecond
	// killsInRecovery is the share of restarts, one in so many, that are killed
	// again before they can have ended.
	killsInRecovery = 5
	// recoveryMax is how long such a start may live.
	recoveryMax = 15 * time.Millisecond
	// segmentBytes makes every round cross segments: the smallest that a topic
	// may have.
	segmentBytes = "1048576"
	// stepWithin bounds each question of the run's own, over restarts.
	stepWithin = 2 * time.Minute
)

// Kill is a run that kills a broker under load, again and again.
type Kill struct {
	// Binary is the odradek to run, Dir an empty directory for the broker.
	Binary, Dir string
	// Rounds is how often the broker is killed and started.
	Rounds int
	// Producers is how many clients write. Every fourth is not idempotent.
	Producers int
	// Partitions is how many partitions they write to.
	Partitions int32
	// Load is how long the broker lives under load at most; LoadMax if it is 0.
	Load time.Duration
	// Bulk is what else it has to carry.
	Bulk Bulk
	// Groups are consumer groups that read what is written.
	Groups Groups
	// Seed draws when the broker is killed. It does not make a run repeatable.
	Seed uint64
	// Settings are further arguments of serve.
	Settings []string
	// Progress, when not nil, is called after each round, on one goroutine.
	Progress func(Round)
}

// Round is one kill and the start after it.
type Round struct {
	// Number counts from 1.
	Number int
	// InRecovery is how many starts were killed before the one that lived.
	InRecovery int
	// Restart is the time from the start of the process to its first answer.
	Restart time.Duration
	// Recovery is where that time went, by the broker's own account.
	Recovery Recovery
	// Acknowledged counts records since the beginning of the run.
	Acknowledged int
}

// Killed is what a run came to.
type Killed struct {
	Verdict check.Verdict
	Rounds  []Round
	// Acknowledged records must all be there, Unknown ones may.
	Acknowledged, Unknown int
	// Commits is how many commits of offsets were acknowledged.
	Commits int
	// Read is how many records the final scan found.
	Read int
	// Took is the time of the whole run.
	Took time.Duration
}

// Times returns one figure of all rounds, in ascending order.
func (k *Killed) Times(of func(Round) time.Duration) []time.Duration {
	var all []time.Duration
	for _, r := range k.Rounds {
		all = append(all, of(r))
	}
	slices.Sort(all)
	return all
}

// killing is a run in the making.
type killing struct {
	Kill
	process  *Process
	topic    *topic
	recorder recorder
	random   *rand.Rand
	admin    *kgo.Client
	// bulk and groups are nil when there are none.
	bulk   *bulk
	groups *consumption
	result Killed
}

// Run does the run. An error means that it could not be brought to its end; what
// the clients saw is in the verdict.
func (k Kill) Run(ctx context.Context) (*Killed, error) {
	began := time.Now()
	r := &killing{Kill: k, random: rand.New(rand.NewPCG(k.Seed, 0)),
		process: &Process{Binary: k.Binary, Dir: k.Dir, Settings: k.Settings}}
	if k.Groups.Count > 0 {
		r.process.Settings = append(groupSettings(), k.Settings...)
	}
	if err := os.MkdirAll(k.Dir, 0o755); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := r.setUp(ctx); err != nil {
		return nil, errors.Join(err, r.process.Close())
	}
	defer r.admin.Close()
	err := errors.Join(r.underLoad(ctx), r.process.Close())
	if err != nil {
		return nil, err
	}
	r.result.Verdict = r.recorder.judge()
	r.result.Acknowledged, r.result.Unknown = r.recorder.counts()
	r.result.Commits = r.recorder.commitsAcknowledged
	for _, s := range r.recorder.history.Scans {
		r.result.Read += len(s.Records)
	}
	r.result.Took = time.Since(began)
	return &r.result, nil
}

// setUp starts the broker and makes the topic.
func (r *killing) setUp(ctx context.Context) error {
	if _, err := r.process.Start(ctx); err != nil {
		return err
	}
	var err error
	r.admin, err = kgo.NewClient(clientOptions(r.process.Address())...)
	if err != nil {
		return err
	}
	bytes := segmentBytes
	made, err := kadm.NewClient(r.admin).CreateTopic(ctx, r.Partitions, 1,
		map[string]*string{"segment.bytes": &bytes}, "kill")
	if err != nil {
		r.admin.Close()
		return fmt.Errorf("create a topic: %w", err)
	}
	r.topic = &topic{name: made.Topic, id: kafka.TopicID(made.ID), partitions: r.Partitions}
	r.recorder.history.Names = map[kafka.TopicID]string{r.topic.id: made.Topic}
	if r.Bulk.Partitions == 0 {
		return nil
	}
	r.bulk, err = newBulk(ctx, r.Bulk, &r.recorder, r.admin, r.process.Address())
	if err == nil {
		err = r.bulk.fill(ctx)
	}
	if err != nil {
		r.admin.Close()
	}
	return err
}

// underLoad does the rounds while clients work, and the final scan.
func (r *killing) underLoad(ctx context.Context) error {
	reading, stopReading := context.WithCancel(ctx)
	defer stopReading()
	producing, giveUp := context.WithCancel(ctx)
	defer giveUp()
	stop := make(chan struct{})
	var producers, readers sync.WaitGroup
	for i := range r.Producers {
		p, err := newProducer(ctx, i+1, r.topic, &r.recorder, r.Seed, r.process.Address(), i%4 != 3)
		if err != nil {
			return err
		}
		producers.Go(func() { p.run(producing, stop) })
	}
	follow, err := newReader(r.Producers+1, r.topic, &r.recorder, r.process.Address())
	if err != nil {
		return err
	}
	readers.Go(func() { follow.run(reading) })
	if r.bulk != nil {
		readers.Go(func() { r.bulk.run(reading) })
	}

	if r.Groups.Count > 0 {
		r.groups = startGroups(ctx, r.Groups, r.topic, &r.recorder, r.admin, r.process.Address(),
			r.Producers+4, r.Seed)
		defer r.groups.close()
	}
	err = r.rounds(ctx)
	close(stop)
	patience := time.AfterFunc(stepWithin, giveUp)
	if err != nil {
		giveUp()
	}
	producers.Wait()
	if !patience.Stop() && err == nil {
		err = fmt.Errorf("producers did not end within %v", stepWithin)
	}
	stopReading()
	readers.Wait()
	if err != nil {
		return err
	}
	// What the page cache and the running broker know must not help.
	r.process.Kill()
	if _, err := r.process.Start(ctx); err != nil {
		return err
	}
	if r.bulk != nil {
		if err := r.bulk.check(ctx, r.admin); err != nil {
			return err
		}
	}
	if r.groups != nil {
		if err := r.groups.settle(ctx); err != nil {
			return err
		}
		r.groups.close()
	}
	return scan(ctx, r.Producers+3, r.topic, &r.recorder, r.process.Address())
}

// rounds kills and starts the broker.
func (r *killing) rounds(ctx context.Context) error {
	longest := cmp.Or(r.Load, LoadMax)
	for number := 1; number <= r.Rounds; number++ {
		if !sleep(ctx, loadMin+rand.N(max(1, longest-loadMin))) {
			return ctx.Err()
		}
		if err := r.process.Ended(); err != nil {
			return fmt.Errorf("round %d: %w", number, err)
		}
		round := Round{Number: number}
		r.process.Kill()
		for r.random.IntN(killsInRecovery) == 0 {
			round.InRecovery++
			if err := r.process.Launch(); err != nil {
				return err
			}
			sleep(ctx, time.Duration(r.random.Int64N(int64(recoveryMax))))
			r.process.Kill()
		}
		var err error
		if round.Restart, err = r.process.Start(ctx); err != nil {
			return fmt.Errorf("round %d: %w", number, err)
		}
		if round.Recovery, err = r.process.Recovery(); err != nil {
			return fmt.Errorf("round %d: %w", number, err)
		}
		asking, cancel := context.WithTimeout(ctx, stepWithin)
		err = list(asking, r.Producers+2, r.topic, &r.recorder, r.admin)
		cancel()
		if err != nil {
			return fmt.Errorf("round %d: %w", number, err)
		}
		round.Acknowledged, _ = r.recorder.counts()
		r.result.Rounds = append(r.result.Rounds, round)
		if r.Progress != nil {
			r.Progress(round)
		}
	}
	return nil
}

// sleep waits, unless ctx ends.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
