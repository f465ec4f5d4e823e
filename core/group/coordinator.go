package group

import (
	"cmp"

	"odradek/core/assert"
	"odradek/core/env"
	"odradek/core/group/consumer"
	"odradek/core/group/decision"
	"odradek/core/group/offset"
	"odradek/core/group/timer"
	"odradek/core/kafka"
	"odradek/core/order"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Coordinator is the groups of one partition of __consumer_offsets. See New.
//
// It is made empty, is given the partition's records by Apply, and takes requests once
// Loaded was called. All of its methods are called by one shard, and none waits.
type Coordinator struct {
	options Options
	groups  *order.Map[string, Group]
	offsets *offset.Store
	timers  *timer.Queue
	hashes  consumer.TopicHashes
	// loaded is set by Loaded: Apply then is of what the coordinator itself decided.
	loaded bool
	// cleaning and deleting are where CleanUp and TopicsDeleted go on, when they have
	// stopped at the limit of their work: the id of the next group.
	cleaning, deleting string
}

// Options is what a coordinator is made with.
type Options struct {
	// Settings are the broker's, as they are at present.
	Settings func() Settings
	// Random is for the ids of members.
	Random env.Random
	// Topics is the present image.
	Topics func() Topics
	// GroupConfig is what is set for one group (resources of type GROUP). Nil: nothing is
	// set for any.
	GroupConfig func(group string) consumer.GroupConfig
	Trace       env.Trace
}

// Topics is what the coordinator asks of the image.
type Topics interface {
	offset.Topics
	consumer.Topics
}

// New makes a coordinator that knows of nothing.
func New(o Options) *Coordinator {
	return &Coordinator{
		options: o,
		groups:  order.NewMap[string, Group](cmp.Compare[string]),
		offsets: offset.NewStore(),
		timers:  timer.NewQueue(),
	}
}

// Loaded says that all of the log was applied. The sessions of all members begin. It is
// called once; requests come afterwards.
func (c *Coordinator) Loaded(m decision.Moment) decision.Decision {
	assert.That(!c.loaded, "a coordinator is loaded once")
	c.loaded = true
	c.dropConsumers()
	var d decision.Decision
	s := c.step(m, &d)
	for _, g := range c.groups.Entries() {
		g.Begin(s)
	}
	return d
}

// Unload answers whoever waits with an error: the partition is somebody else's now, or
// the coordinator has to be loaded anew. It is not used any more.
func (c *Coordinator) Unload(code kafka.ErrorCode) []decision.Answer {
	var answers []decision.Answer
	for _, g := range c.groups.Entries() {
		answers = append(answers, g.Unload(code)...)
	}
	c.loaded = false
	return answers
}

// Handle decides on a request. The answer is in this decision or, for who waits for a
// rebalance, in a later one. The request's strings are kept, its bytes are not. A
// request about several groups names only groups of this partition.
//
// The APIs are JoinGroup (0-9), SyncGroup (0-5), Heartbeat (0-4), LeaveGroup (0-5),
// OffsetCommit (2-10), OffsetFetch (1-10), DescribeGroups (0-6), ListGroups (0-5),
// DeleteGroups (0-3), OffsetDelete (0), ConsumerGroupHeartbeat (0-1) and
// ConsumerGroupDescribe (0-1).
func (c *Coordinator) Handle(m decision.Moment, from decision.Client, t decision.Ticket,
	q kmsg.Request) decision.Decision {
	var d decision.Decision
	s := c.step(m, &d)
	s.From, s.Ticket = from, t
	if code := c.acceptable(from, q); code != kafka.None {
		d.Answer(t, Refuse(q, code))
		return d
	}
	switch q := q.(type) {
	case *kmsg.JoinGroupRequest:
		c.joinGroup(s, q)
	case *kmsg.SyncGroupRequest:
		c.syncGroup(s, q)
	case *kmsg.HeartbeatRequest:
		c.heartbeat(s, q)
	case *kmsg.LeaveGroupRequest:
		c.leaveGroup(s, q)
	case *kmsg.OffsetCommitRequest:
		c.offsetCommit(s, q)
	case *kmsg.OffsetFetchRequest:
		c.offsetFetch(s, q)
	case *kmsg.DescribeGroupsRequest:
		c.describeGroups(s, q)
	case *kmsg.ListGroupsRequest:
		c.listGroups(s, q)
	case *kmsg.DeleteGroupsRequest:
		c.deleteGroups(s, q)
	case *kmsg.OffsetDeleteRequest:
		c.offsetDelete(s, q)
	case *kmsg.ConsumerGroupHeartbeatRequest:
		c.consumerGroupHeartbeat(s, q)
	case *kmsg.ConsumerGroupDescribeRequest:
		c.consumerGroupDescribe(s, q)
	default:
		assert.Unreachable("the shell gives the coordinator only requests that are its business")
	}
	return d
}
