package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"odradek/cmd/conformance/history"
)

const (
	// groupPartitions is enough for each client that there is to get some.
	groupPartitions = 12
	// loadEvery and loadRecords make a load that the slowest client, which commits
	// after each batch, keeps up with.
	loadEvery   = 20 * time.Millisecond
	loadRecords = 6
	// observeEvery is how often the coordinator is asked what is committed.
	observeEvery = 50 * time.Millisecond
	// settleTime is how long a group may take to divide its partitions anew, with a
	// killed member's session to wait for, on a machine that starts Java meanwhile.
	settleTime = 45 * time.Second
	// commitTime is how long until the last records are consumed and committed.
	commitTime = 30 * time.Second
)

// groupRun is a group with a load: records are written all the time, members come and
// go, and an observer asks what is committed.
type groupRun struct {
	suite  *suite
	topic  string
	group  string
	client *kgo.Client
	admin  *kadm.Client

	// members are all that ever were, in the order in which they came; only the task
	// of the case touches it.
	members []*member
	// committed is the sum of the committed offsets when goesOn asked last.
	committed int64

	stopLoad    func()
	loaded      chan error // what the load ended with
	stopObserve func()
	observed    chan struct{} // closed when the observer has ended

	lock         sync.Mutex
	observations []history.Observation
}

// newGroupRun makes a topic and begins to write to it.
func (s *suite) newGroupRun(ctx context.Context) (*groupRun, error) {
	topic, err := s.topic(ctx, groupPartitions)
	if err != nil {
		return nil, err
	}
	// Not compressed: some clients have no codec without packages of others.
	client, err := (&franzClient{s}).open(kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchCompression(kgo.NoCompression()),
		kgo.MetadataMinAge(50*time.Millisecond), kgo.RecordDeliveryTimeout(time.Minute),
		kgo.UnknownTopicRetries(-1)) // it was made a moment ago
	if err != nil {
		return nil, err
	}
	r := &groupRun{suite: s, topic: topic, group: topic + "-group", client: client,
		admin: kadm.NewClient(client), loaded: make(chan error, 1), observed: make(chan struct{})}
	load, stopLoad := context.WithCancel(ctx)
	observe, stopObserve := context.WithCancel(ctx)
	r.stopLoad, r.stopObserve = stopLoad, stopObserve
	go func() { r.loaded <- r.load(load, ctx) }()
	go r.observe(observe)
	return r, nil
}

// load writes numbered records to the partitions in turn until it is told that it is
// enough; those that were begun are then written to their end.
func (r *groupRun) load(enough, ctx context.Context) error {
	var failed firstError
	tick := time.NewTicker(loadEvery)
	defer tick.Stop()
	for n := 0; enough.Err() == nil && failed.get() == nil; {
		for range loadRecords {
			record := &kgo.Record{Topic: r.topic, Partition: int32(n % groupPartitions),
				Value: fmt.Appendf(nil, "record %d", n)}
			r.client.Produce(ctx, record, func(_ *kgo.Record, err error) { failed.set(err) })
			n++
		}
		select {
		case <-enough.Done():
		case <-tick.C:
		}
	}
	return errors.Join(r.client.Flush(ctx), failed.get())
}

// observe asks for the committed offsets until it is told that it is enough. A broker
// that is away, or loads its groups, is asked again.
func (r *groupRun) observe(enough context.Context) {
	defer close(r.observed)
	for enough.Err() == nil {
		if o, err := r.ask(enough); err == nil {
			r.lock.Lock()
			r.observations = append(r.observations, o)
			r.lock.Unlock()
		}
		select {
		case <-enough.Done():
		case <-time.After(observeEvery):
		}
	}
}

// ask is one observation.
func (r *groupRun) ask(ctx context.Context) (history.Observation, error) {
	o := history.Observation{Asked: millis(time.Now()), Offsets: map[int32]history.Offset{}}
	offsets, err := r.admin.FetchOffsets(ctx, r.group)
	o.Answered = millis(time.Now())
	if err != nil {
		return o, err
	}
	offsets.Each(func(one kadm.OffsetResponse) {
		if one.Err != nil {
			err = one.Err
		} else if one.Topic == r.topic && one.At >= 0 {
			o.Offsets[one.Partition] = history.Offset(one.At)
		}
	})
	return o, err
}

// join starts a member.
func (r *groupRun) join(p *memberProgram, protocol string) (*member, error) {
	count := 1
	for _, m := range r.members {
		if m.program == p {
			count++
		}
	}
	name := fmt.Sprintf("%s-%s-%d", p.name, protocol, count)
	m, err := startMember(p, name, r.topic, r.group, protocol)
	if err == nil {
		r.members = append(r.members, m)
	}
	return m, err
}

// joinAll starts a member of each of some programs.
func (r *groupRun) joinAll(programs []*memberProgram, protocol string) error {
	for _, p := range programs {
		if _, err := r.join(p, protocol); err != nil {
			return err
		}
	}
	return nil
}

// live are the members that have not ended.
func (r *groupRun) live() []*member {
	return slices.DeleteFunc(slices.Clone(r.members), (*member).ended)
}

// settled waits until the group is stable with as many members as live, each
// partition is somebody's, and each member has consumed some record.
func (r *groupRun) settled(ctx context.Context) error {
	before := map[*member]int{}
	live := r.live()
	for _, m := range live {
		before[m] = m.consumed()
	}
	err := waitFor(ctx, settleTime, func() error {
		select {
		case err := <-r.loaded:
			r.loaded <- err // for who asks next
			return fmt.Errorf("the load has ended by itself: %w", err)
		default:
		}
		if got, want := len(r.live()), len(live); got < want {
			return fmt.Errorf("%d members have ended by themselves", want-got)
		}
		view, err := r.describe(ctx)
		switch {
		case err != nil:
			return err
		case view.state != "Stable" || view.members != len(live) || view.assigned != groupPartitions:
			return fmt.Errorf("the group is %s with %d members and %d partitions, want Stable with %d"+
				" and %d", view.state, view.members, view.assigned, len(live), groupPartitions)
		}
		for _, m := range live {
			if m.consumed() == before[m] {
				return fmt.Errorf("%s has consumed nothing since; it said: %s", m.name, m.said())
			}
		}
		return nil
	})
	if err != nil {
		err = fmt.Errorf("the group does not settle: %w%s", err, r.notes())
	}
	return err
}

// notes are what the members said beside events, for a report.
func (r *groupRun) notes() string {
	text := ""
	for _, m := range r.members {
		if said := m.said(); said != "" {
			text += fmt.Sprintf("\n      %s said: %s", m.name, said)
		}
	}
	return text
}

// groupView is what the coordinator says of a group of either kind.
type groupView struct {
	kind              string // classic or consumer
	state             string
	members, assigned int
}

// describe asks for a group of consumers and, when it is none, for a classic one.
func (r *groupRun) describe(ctx context.Context) (groupView, error) {
	if !r.suite.consumerProtocol {
		return r.describeClassic(ctx)
	}
	consumer, err := r.admin.DescribeConsumerGroups(ctx, r.group)
	if err != nil {
		return groupView{}, err
	}
	if g := consumer[r.group]; g.Err == nil {
		assigned := 0
		for _, m := range g.Members {
			assigned += len(m.Assignment[r.topic])
		}
		return groupView{consumerProtocol, g.State, len(g.Members), assigned}, nil
	} else if !errors.Is(g.Err, kerr.GroupIDNotFound) {
		return groupView{}, g.Err
	}
	return r.describeClassic(ctx)
}

func (r *groupRun) describeClassic(ctx context.Context) (groupView, error) {
	classic, err := r.admin.DescribeGroups(ctx, r.group)
	if err != nil {
		return groupView{}, err
	}
	g := classic[r.group]
	assigned := len(g.AssignedPartitions()[r.topic])
	return groupView{classicProtocol, g.State, len(g.Members), assigned}, g.Err
}

// finish ends the load, waits until all is consumed and committed, ends the members
// and judges.
func (r *groupRun) finish(ctx context.Context) error {
	r.stopLoad()
	if err := <-r.loaded; err != nil {
		return fmt.Errorf("the load: %w", err)
	}
	log, err := r.readLog(ctx)
	if err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	// Whether this comes to pass or not, the judge says what is missing.
	_ = waitFor(ctx, commitTime, func() error {
		o, err := r.ask(ctx)
		if err != nil {
			return err
		}
		for partition, values := range log {
			if int(o.Offsets[int32(partition)]) != len(values) {
				return fmt.Errorf("partition %d is not committed to its end", partition)
			}
		}
		return nil
	})
	var failed []error
	for _, m := range r.live() {
		failed = append(failed, m.stop())
	}
	r.stopObserve()
	<-r.observed
	last, err := r.ask(ctx)
	failed = append(failed, err)
	h := history.History{Log: log, Observations: append(r.observations, last)}
	for _, m := range r.members {
		h.Members = append(h.Members, m.history())
	}
	failed = append(failed, h.Judge())
	err = errors.Join(failed...)
	r.tell(&h)
	if err != nil {
		err = fmt.Errorf("%w%s", err, r.notes())
	}
	return err
}

// tell prints how much there was to judge.
func (r *groupRun) tell(h *history.History) {
	records := 0
	for _, values := range h.Log {
		records += len(values)
	}
	consumed, commits := 0, 0
	for _, m := range h.Members {
		for _, e := range m.Events {
			switch e.Kind {
			case history.Consumed:
				consumed++
			case history.Committed:
				commits++
			}
		}
	}
	fmt.Fprintf(r.suite.out, "      %d records, %d consumed by %d members, %d commits told, "+
		"%d answers observed\n", records, consumed, len(h.Members), commits, len(h.Observations))
}

// readLog reads the topic from its begin to its end.
func (r *groupRun) readLog(ctx context.Context) ([][]string, error) {
	ends, err := r.admin.ListEndOffsets(ctx, r.topic)
	if err != nil {
		return nil, err
	}
	log := make([][]string, groupPartitions)
	left := int64(0)
	starts := map[int32]kgo.Offset{}
	ends.Each(func(end kadm.ListedOffset) {
		err = errors.Join(err, end.Err)
		starts[end.Partition] = kgo.NewOffset().At(0)
		left += end.Offset
	})
	if err != nil {
		return nil, err
	}
	client, err := (&franzClient{r.suite}).open(
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{r.topic: starts}))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	for left > 0 {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return nil, err
		}
		for _, record := range fetches.Records() {
			values := &log[record.Partition]
			if record.Offset != int64(len(*values)) {
				return nil, fmt.Errorf("partition %d has offset %d after %d", record.Partition,
					record.Offset, len(*values)-1)
			}
			*values = append(*values, string(record.Value))
			left--
		}
	}
	return log, nil
}

// close ends all that is left of the run, however it ended.
func (r *groupRun) close() {
	r.stopLoad()
	r.stopObserve()
	<-r.observed
	for _, m := range r.live() {
		m.kill()
	}
	r.client.Close()
	if r.suite.keep != "" {
		if err := r.write(r.suite.keep); err != nil {
			fmt.Fprintf(r.suite.out, "      what was said is not kept: %v\n", err)
		}
	}
}

// write puts what was said and seen into a directory, a file each.
func (r *groupRun) write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, m := range r.members {
		var text strings.Builder
		for _, e := range m.history().Events {
			fmt.Fprintln(&text, e)
		}
		fmt.Fprintf(&text, "# and said: %s\n", m.said())
		file := filepath.Join(dir, r.group+"-"+m.name+".txt")
		if err := os.WriteFile(file, []byte(text.String()), 0o644); err != nil {
			return err
		}
	}
	var text strings.Builder
	for _, o := range r.observations {
		fmt.Fprintf(&text, "observed %d %d %v\n", o.Asked, o.Answered, o.Offsets)
	}
	return os.WriteFile(filepath.Join(dir, r.group+"-observed.txt"), []byte(text.String()), 0o644)
}
