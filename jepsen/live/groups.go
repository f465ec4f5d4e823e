package live

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"odradek/core/kafka"
	"odradek/jepsen/check/groups"
)

const (
	// sessionTimeout is how long a member of a group may be silent. It is short, so that
	// members who are gone are noticed between two kills; heartbeats are a fifth of it.
	sessionTimeout    = 1500 * time.Millisecond
	heartbeatInterval = sessionTimeout / 5
	// rebalanceTimeout is how long a rebalance waits for a member.
	rebalanceTimeout = 3 * time.Second
	// pollRecordsMax is how many records a member takes before it commits.
	pollRecordsMax = 500
	// memberLivesMax is how long a member lives at most until the next takes its place.
	memberLivesMax = 4 * time.Second
	// committedPoll is how often the committed offsets of a group are asked for.
	committedPoll = 40 * time.Millisecond
	// settleWithin is how long the groups may take, at the end, to read everything.
	settleWithin = time.Minute
)

// Groups are consumer groups that read what is written, while the broker is killed.
type Groups struct {
	// Count is how many there are: the first divides cooperatively, the second eagerly, the
	// third by the consumer protocol (KIP-848), and so on.
	Count int
	// Members is how many members each has.
	Members int
}

// groupSettings are the broker's, so that groups live as fast as the kills come.
func groupSettings() []string {
	millis := func(d time.Duration) string { return fmt.Sprint(d.Milliseconds()) }
	return []string{
		"--group.min.session.timeout.ms", "1", "--group.initial.rebalance.delay.ms", "0",
		"--group.consumer.min.session.timeout.ms", "1",
		"--group.consumer.session.timeout.ms", millis(sessionTimeout),
		"--group.consumer.min.heartbeat.interval.ms", "1",
		"--group.consumer.heartbeat.interval.ms", millis(heartbeatInterval),
		"--offsets.topic.num.partitions", "5",
	}
}

// consumption is the groups of a run at work.
type consumption struct {
	Groups
	topic    *topic
	recorder *recorder
	address  string
	admin    *kadm.Client
	process  int
	// steady is closed when members are to stay, until the run is over.
	steady chan struct{}
	stop   context.CancelFunc
	wait   sync.WaitGroup
}

func groupName(index int) groups.Group { return groups.Group(fmt.Sprintf("group-%d", index+1)) }

// startGroups begins the consumption. The processes of its clients are numbered from one.
func startGroups(ctx context.Context, of Groups, t *topic, r *recorder, admin *kgo.Client,
	address string, process int, seed uint64) *consumption {
	ctx, stop := context.WithCancel(ctx)
	c := &consumption{Groups: of, topic: t, recorder: r, address: address, process: process,
		admin: kadm.NewClient(admin), steady: make(chan struct{}), stop: stop}
	r.consumed.Names = r.history.Names
	for i := range of.Count {
		c.wait.Go(func() { c.ask(ctx, i) })
		for j := range of.Members {
			m := &groupMember{consumption: c, group: i, process: process + of.Count + i*of.Members + j,
				random: rand.New(rand.NewPCG(seed, uint64(1000+i*of.Members+j)))}
			if j == 0 {
				m.instance = fmt.Sprintf("%s-static", groupName(i))
			}
			c.wait.Go(func() { m.live(ctx) })
		}
	}
	return c
}

// ask asks for a group's committed offsets over and over.
func (c *consumption) ask(ctx context.Context, group int) {
	for sleep(ctx, committedPoll) {
		if _, err := c.committed(ctx, group); err != nil && broken(err) && !awaits(err) {
			c.recorder.breaks(fmt.Sprintf("%s: OffsetFetch is answered with %v", groupName(group), err))
		}
	}
}

// committed asks once, and records the answer.
func (c *consumption) committed(ctx context.Context, group int) ([]groups.Value, error) {
	ctx, cancel := context.WithTimeout(ctx, stepWithin)
	defer cancel()
	call := c.recorder.now()
	all, err := c.admin.FetchOffsets(ctx, string(groupName(group)))
	if err == nil {
		err = all.Error()
	}
	if err != nil {
		return nil, err
	}
	values := make([]groups.Value, c.topic.partitions)
	for p := range c.topic.partitions {
		values[p] = groups.None()
		if one, found := all.Lookup(c.topic.name, p); found && one.At >= 0 {
			values[p] = groups.Value{Offset: kafka.Offset(one.At), Metadata: one.Metadata}
		}
	}
	c.recorder.toldCommitted(c.process+group, call, groupName(group), c.topic, values)
	return values, nil
}

// settle waits until every group has committed everything that there is.
func (c *consumption) settle(ctx context.Context) error {
	close(c.steady)
	ends, err := c.admin.ListEndOffsets(ctx, c.topic.name)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return fmt.Errorf("list the ends of %s: %w", c.topic.name, err)
	}
	began := time.Now()
	for group := range c.Count {
		s := groups.Settlement{Group: groupName(group), Settled: -1, Finished: -1, Bound: settleWithin}
		for time.Since(began) < settleWithin && s.Finished < 0 {
			values, err := c.committed(ctx, group)
			s.Story = fmt.Sprintf("%v, %v", values, err)
			left := err != nil
			for p, value := range values {
				end, _ := ends.Lookup(c.topic.name, int32(p))
				left = left || max(0, value.Offset) != kafka.Offset(end.Offset)
			}
			if !left {
				s.Settled, s.Finished = time.Since(began), time.Since(began)
			} else if !sleep(ctx, committedPoll) {
				return ctx.Err()
			}
		}
		ends.Each(func(end kadm.ListedOffset) {
			s.Ends = append(s.Ends, groups.End{Partition: c.topic.partition(end.Partition),
				End: kafka.Offset(end.Offset)})
		})
		c.recorder.settled(s)
	}
	return nil
}

// close ends the members.
func (c *consumption) close() {
	c.stop()
	c.wait.Wait()
}

// groupMember is a client that consumes in a group: one member after another.
type groupMember struct {
	*consumption
	group    int
	process  int
	instance string
	random   *rand.Rand
	marks    int

	client *kgo.Client
	mutex  sync.Mutex
	// conns are the client's connections; gone: there are to be no more.
	conns []net.Conn
	gone  bool
}

// live lives as one member after another.
func (m *groupMember) live(ctx context.Context) {
	for ctx.Err() == nil {
		life, cancel := context.WithTimeout(ctx, m.lasts())
		m.once(life)
		cancel()
	}
}

// lasts is how long the next member lives: until the end of the run, once all is steady.
func (m *groupMember) lasts() time.Duration {
	select {
	case <-m.steady:
		return 2 * settleWithin
	default:
		return time.Duration(m.random.Int64N(int64(memberLivesMax)))
	}
}

// once is the life of one member. Half of them end without a word.
func (m *groupMember) once(ctx context.Context) {
	m.mutex.Lock()
	m.conns, m.gone = nil, false
	m.mutex.Unlock()
	balancer := kgo.Balancers([]kgo.GroupBalancer{
		kgo.CooperativeStickyBalancer(), kgo.RangeBalancer(), kgo.StickyBalancer()}[m.group%3])
	options := clientOptions(m.address, kgo.ConsumerGroup(string(groupName(m.group))), balancer,
		kgo.ConsumeTopics(m.topic.name), kgo.DisableAutoCommit(), kgo.BlockRebalanceOnPoll(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.SessionTimeout(sessionTimeout),
		kgo.HeartbeatInterval(heartbeatInterval), kgo.RebalanceTimeout(rebalanceTimeout),
		kgo.RequestRetries(0), kgo.Dialer(m.dial), kgo.AdjustFetchOffsetsFn(m.starts),
		kgo.OnPartitionsRevoked(func(ctx context.Context, client *kgo.Client, _ map[string][]int32) {
			m.commit(ctx, client.UncommittedOffsets())
		}))
	if m.group%3 == 2 {
		options = append(options, kgo.ServerSideBalancer())
	}
	if m.instance != "" {
		options = append(options, kgo.InstanceID(m.instance))
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		m.recorder.breaks(err.Error())
		return
	}
	m.client = client
	for ctx.Err() == nil {
		m.poll(ctx)
	}
	if m.random.IntN(2) == 0 {
		m.vanish()
	}
	client.CloseAllowingRebalance()
}

// dial connects to the broker, as long as the client is to be there.
func (m *groupMember) dial(ctx context.Context, network, host string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, host)
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if err == nil && m.gone {
		return nil, errors.Join(net.ErrClosed, conn.Close())
	}
	m.conns = append(m.conns, conn)
	return conn, err
}

// vanish cuts the client off, so that its leaving is not heard.
func (m *groupMember) vanish() {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.gone = true
	for _, conn := range m.conns {
		if conn != nil {
			_ = conn.Close() // it may be closed already, which is what is wanted
		}
	}
}

// starts records where the member begins to read.
func (m *groupMember) starts(_ context.Context, all map[string]map[int32]kgo.Offset) (
	map[string]map[int32]kgo.Offset, error) {
	for p, offset := range all[m.topic.name] {
		at := max(0, offset.EpochOffset().Offset)
		m.recorder.starts(groupName(m.group), m.topic.partition(p), kafka.Offset(at))
	}
	return all, nil
}

// poll takes some records, and commits them.
func (m *groupMember) poll(ctx context.Context) {
	defer m.client.AllowRebalance()
	fetches := m.client.PollRecords(ctx, pollRecordsMax)
	offsets := map[string]map[int32]kgo.EpochOffset{m.topic.name: {}}
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		if len(p.Records) == 0 {
			return
		}
		first, last := p.Records[0], p.Records[len(p.Records)-1]
		m.recorder.took(groupName(m.group), m.topic.partition(p.Partition),
			kafka.Offset(first.Offset), kafka.Offset(last.Offset)+1)
		offsets[m.topic.name][p.Partition] = kgo.EpochOffset{Epoch: -1, Offset: last.Offset + 1}
	})
	if len(offsets[m.topic.name]) > 0 {
		m.commit(ctx, offsets)
	}
}
