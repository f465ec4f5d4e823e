package main

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// describedGroup is what there is to know about a group, of either protocol.
type describedGroup struct {
	name  string
	kind  string // Classic or Consumer
	state string
	// protocol is the type of protocol that the members of a classic group named.
	protocol string
	// assignor divides the partitions: the members' in a classic group, the broker's in a
	// consumer group. "" while there is none.
	assignor    string
	coordinator kadm.BrokerDetail
	// epoch and assignmentEpoch are a consumer group's; -1 in a classic group.
	epoch           int32
	assignmentEpoch int32
	members         []groupMember
	partitions      []groupPartition
	// err is why the group could not be described.
	err error
}

// groupMember is a member of a group.
type groupMember struct {
	id         string
	instance   any    // string, nil when it is not static
	kind       string // the protocol that it speaks itself: Classic or Consumer
	client     string
	host       string
	rack       any // string, nil when it named none
	epoch      any // int32, nil for a member of a classic group
	subscribed []string
	// assigned is what it reads now, target what the broker wants it to read; nil in a
	// classic group, where they are the same.
	assigned assignment
	target   assignment
}

// groupPartition is a partition that a group committed an offset of, or that one of
// its members reads.
type groupPartition struct {
	topic       string
	partition   int32
	committed   any // int64, nil when no offset is committed
	leaderEpoch any // int32, of the committed offset
	metadata    string
	end         any // int64, nil when it cannot be had now
	lag         any // int64, nil when one of both is missing
	member      *groupMember
}

// lag is how many records the group is behind in all, nil when that is unknown.
func (g *describedGroup) lag() any {
	total := int64(0)
	for _, p := range g.partitions {
		if p.committed == nil {
			continue // nothing committed is not a lag: where it begins is the member's to say
		}
		lag, known := p.lag.(int64)
		if !known {
			return nil
		}
		total += lag
	}
	return total
}

// active reports whether the group has members that could commit offsets.
func (g *describedGroup) active() bool { return g.err == nil && g.state != "Empty" }

// describeGroups asks for groups of either protocol: as consumer groups first, and
// those that are none as classic ones, as Kafka's own tools do.
func describeGroups(
	ctx context.Context, admin *kadm.Client, names []string,
) (map[string]*describedGroup, error) {
	out := map[string]*describedGroup{}
	if len(names) == 0 {
		return out, nil // which would ask for all
	}
	consumer, err := admin.DescribeConsumerGroups(ctx, names...)
	var classic []string
	for _, name := range names {
		d, ok := consumer[name]
		if !ok || errors.Is(d.Err, kerr.GroupIDNotFound) || errors.Is(d.Err, kerr.UnsupportedVersion) {
			classic = append(classic, name)
			continue
		}
		out[name] = fromConsumer(d)
	}
	if ctx.Err() != nil {
		return nil, fail("ask for groups", err)
	}
	if len(classic) > 0 {
		described, err := admin.DescribeGroups(ctx, classic...)
		for _, name := range classic {
			d, ok := described[name]
			if !ok {
				return nil, fail("ask for group "+name, cmp.Or(err, errNoAnswer))
			}
			out[name] = fromClassic(d)
		}
	}
	return out, addOffsets(ctx, admin, out)
}

func fromConsumer(d kadm.DescribedConsumerGroup) *describedGroup {
	g := &describedGroup{name: d.Group, kind: "Consumer", protocol: "consumer", state: d.State,
		assignor: d.AssignorName, coordinator: d.Coordinator, epoch: d.Epoch,
		assignmentEpoch: d.AssignmentEpoch, err: d.Err}
	for _, m := range d.Members {
		kind := "Consumer"
		if m.MemberType == 0 {
			kind = "Classic"
		}
		subscribed := slices.Sorted(slices.Values(m.SubscribedTopics))
		if m.SubscribedTopicRegex != nil && *m.SubscribedTopicRegex != "" {
			subscribed = append(subscribed, "/"+*m.SubscribedTopicRegex+"/")
		}
		g.members = append(g.members, groupMember{id: m.MemberID, instance: maybeText(m.InstanceID),
			kind: kind, client: m.ClientID, host: hostOf(m.ClientHost), rack: maybeText(m.RackID),
			epoch: m.MemberEpoch, subscribed: subscribed,
			assigned: assignmentOf(m.Assignment), target: assignmentOf(m.TargetAssignment)})
	}
	return g
}

func fromClassic(d kadm.DescribedGroup) *describedGroup {
	g := &describedGroup{name: d.Group, kind: "Classic", protocol: d.ProtocolType, state: d.State,
		assignor: d.Protocol, coordinator: d.Coordinator, epoch: -1, assignmentEpoch: -1, err: d.Err}
	if g.err == nil && g.state == "Dead" { // how brokers before 4.0 say that there is none
		g.err = kerr.GroupIDNotFound
	}
	for _, m := range d.Members {
		member := groupMember{id: m.MemberID, instance: maybeText(m.InstanceID), kind: "Classic",
			client: m.ClientID, host: hostOf(m.ClientHost), assigned: assignment{}}
		if joined, ok := m.Join.AsConsumer(); ok {
			member.subscribed = slices.Sorted(slices.Values(joined.Topics))
			member.rack = maybeText(joined.Rack)
		}
		if assigned, ok := m.Assigned.AsConsumer(); ok {
			set := kadm.TopicsSet{}
			for _, t := range assigned.Topics {
				set.Add(t.Topic, t.Partitions...)
			}
			member.assigned = assignmentOf(set)
		}
		g.members = append(g.members, member)
	}
	return g
}

// hostOf is an address without the slash that Java writes in front of it.
func hostOf(host string) string { return strings.TrimPrefix(host, "/") }

// maybeText is an optional string as a cell of a table.
func maybeText(text *string) any {
	if text == nil {
		return nil
	}
	return *text
}

// addOffsets fills in what the groups committed, and how far that is from the ends.
func addOffsets(ctx context.Context, admin *kadm.Client, groups map[string]*describedGroup) error {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		if groups[name].err == nil {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	fetched := admin.FetchManyOffsets(ctx, names...)
	topics := kadm.TopicsSet{}
	for _, name := range names {
		answer := fetched[name]
		if answer.Err != nil {
			return fail("ask for the offsets of group "+name, answer.Err)
		}
		for _, p := range groups[name].collect(answer.Fetched) {
			topics.Add(p.topic)
		}
	}
	if len(topics) == 0 {
		return nil // which would ask for all
	}
	// A partition without a leader has no end now; the others have.
	ends, err := admin.ListEndOffsets(ctx, topics.Topics()...)
	if err != nil && len(ends) == 0 {
		return fail("ask for the ends of topics", err)
	}
	for _, name := range names {
		groups[name].addEnds(ends)
	}
	return nil
}

// collect makes the partitions of a group, in order.
func (g *describedGroup) collect(committed kadm.OffsetResponses) []groupPartition {
	found := map[partitionKey]*groupPartition{}
	for _, o := range committed.Sorted() {
		if o.Err == nil && o.At >= 0 {
			p := &groupPartition{topic: o.Topic, partition: o.Partition, committed: o.At,
				metadata: o.Metadata}
			if o.LeaderEpoch >= 0 {
				p.leaderEpoch = o.LeaderEpoch
			}
			found[partitionKey{o.Topic, o.Partition}] = p
		}
	}
	for i := range g.members {
		for _, t := range g.members[i].assigned {
			for _, partition := range t.Partitions {
				p := found[partitionKey{t.Topic, partition}]
				if p == nil {
					p = &groupPartition{topic: t.Topic, partition: partition}
					found[partitionKey{t.Topic, partition}] = p
				}
				p.member = &g.members[i]
			}
		}
	}
	g.partitions = nil
	for _, p := range found {
		g.partitions = append(g.partitions, *p)
	}
	slices.SortFunc(g.partitions, func(a, b groupPartition) int {
		return cmp.Or(cmp.Compare(a.topic, b.topic), cmp.Compare(a.partition, b.partition))
	})
	return g.partitions
}

func (g *describedGroup) addEnds(ends kadm.ListedOffsets) {
	for i := range g.partitions {
		p := &g.partitions[i]
		p.end = offsetOf(ends, p.topic, p.partition)
		if end, known := p.end.(int64); known && p.committed != nil {
			p.lag = max(0, end-p.committed.(int64))
		}
	}
}

// mustDescribe is describeGroups for one group that must exist.
func mustDescribe(
	ctx context.Context, client *kgo.Client, admin *kadm.Client, name string,
) (*describedGroup, error) {
	described, err := describeGroups(ctx, admin, []string{name})
	if err != nil {
		return nil, err
	}
	if err := described[name].err; err != nil {
		return nil, groupFault(ctx, client, "ask for group "+name, name, err, "")
	}
	return described[name], nil
}
