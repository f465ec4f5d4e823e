package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

type groupsDescribe struct {
	*connection
	all     bool
	offsets bool
	members bool
	state   bool
	asJSON  *bool
}

func groupsDescribeCommand(k *connection) *cobra.Command {
	o := &groupsDescribe{connection: k}
	command := &cobra.Command{
		Use:   "describe GROUP... [flags]",
		Short: "Show a group's lag, members, assignments and state",
		Long: `Show a group's state, its members and what they read, and of each partition the committed
offset, the end and the lag between them. --offsets, --members and --state show one of these.

A consumer group (KIP-848) has epochs: the group's goes up with each change of members or topics,
the assignment's follows when the partitions are divided anew, a member's when it has taken its
part over. Until then its target differs from what it reads.

In a pipe: tab-separated group, topic, partition, committed, end, lag, member, client, host; with
--members group, member, instance, client, host, protocol, epoch, partitions, assigned, target,
subscribed; with --state group, type, state, assignor, coordinator, host, port, members, epoch,
assignment epoch, lag. --json alone prints one object per group with all of it.`,
		Example: example(
			"odradek groups describe payments",
			"odradek groups describe payments invoices --members",
			"odradek groups describe --all --state",
			"odradek groups describe payments | awk -F '\\t' '$6 > 1000'    # partitions far behind",
			"odradek groups describe payments --json",
		),
		RunE: o.run,
	}
	flags := command.Flags()
	flags.BoolVarP(&o.all, "all", "a", false, "all groups of consumers")
	flags.BoolVar(&o.offsets, "offsets", false, "only offsets and lag")
	flags.BoolVar(&o.members, "members", false, "only members and assignments")
	flags.BoolVar(&o.state, "state", false, "only a line about each group")
	o.asJSON = jsonFlag(command)
	return command
}

func (o *groupsDescribe) run(command *cobra.Command, names []string) error {
	if o.all == (len(names) > 0) {
		return usagef("name the groups to describe, or say --all: %s", command.UseLine())
	}
	if o.offsets && o.members || o.offsets && o.state || o.members && o.state {
		return usagef("--offsets, --members and --state exclude each other")
	}
	return o.both(command, func(ctx context.Context, client *kgo.Client, admin *kadm.Client) error {
		if o.all {
			listed, err := listGroups(ctx, client, groupFilter{types: []string{"Classic", "Consumer"}})
			if err != nil {
				return fail("list groups", err)
			}
			for _, g := range listed {
				names = append(names, g.name)
			}
		}
		described, err := describeGroups(ctx, admin, names)
		if err != nil {
			return err
		}
		var groups []*describedGroup
		var failed error
		for _, name := range names {
			if err := described[name].err; err != nil {
				failed = errors.Join(failed,
					groupFault(ctx, client, "ask for group "+name, name, err, ""))
				continue
			}
			groups = append(groups, described[name])
		}
		return errors.Join(o.print(groups), failed)
	})
}

func (o *groupsDescribe) print(groups []*describedGroup) error {
	forPeople := o.console.outTerminal && !*o.asJSON
	empty := "no groups; `odradek groups list` shows those there are"
	switch {
	case o.state:
		return o.console.print(groupStateRows(groups, empty), *o.asJSON)
	case o.offsets || o.members || !forPeople && !*o.asJSON:
		return o.printRows(groups)
	case *o.asJSON:
		return o.console.print(groupObjects(groups), true)
	case len(groups) == 0:
		return o.console.print(&table{empty: empty}, false)
	}
	for i, g := range groups {
		if i > 0 {
			fmt.Fprintln(o.console.out)
		}
		fmt.Fprintf(o.console.out, "%s\n", g.head())
		members, partitions := memberRows(g), partitionRows(g)
		partitions.drop("client", "host") // which stand with the members
		for _, rows := range []*table{members, partitions} {
			rows.drop("group")
			rows.hideReached()
			rows.dropEmptyColumns()
			if len(rows.rows) == 0 {
				continue
			}
			fmt.Fprintln(o.console.out)
			if err := o.console.print(rows, false); err != nil {
				return err
			}
		}
	}
	return nil
}

// printRows prints the rows of one section, of all groups.
func (o *groupsDescribe) printRows(groups []*describedGroup) error {
	section, empty := partitionRows, "no committed offsets, and no member that reads"
	if o.members {
		section, empty = memberRows, "no members"
	}
	all := section(&describedGroup{})
	all.empty = empty
	for _, g := range groups {
		all.rows = append(all.rows, section(g).rows...)
	}
	if o.console.outTerminal && !*o.asJSON {
		all.hideReached()
		all.dropEmptyColumns()
	}
	return o.console.print(all, *o.asJSON)
}

// head is what a person reads above the tables of a group.
func (g *describedGroup) head() string {
	kind := "classic group"
	if g.kind == "Consumer" {
		kind = "consumer group"
	}
	head := fmt.Sprintf("%s: %s, %s", g.name, kind, g.state)
	if g.protocol != "consumer" && g.protocol != "" {
		head += ", protocol " + g.protocol
	}
	head += ", " + plural(int64(len(g.members)), "member")
	if lag, known := g.lag().(int64); known {
		head += ", lag " + count(lag)
	}
	head += fmt.Sprintf("\n  coordinator %d at %s:%d", g.coordinator.NodeID, g.coordinator.Host,
		g.coordinator.Port)
	if g.assignor != "" {
		head += ", assignor " + g.assignor
	}
	if g.epoch >= 0 {
		head += fmt.Sprintf(", group epoch %d, assignment epoch %d", g.epoch, g.assignmentEpoch)
	}
	return head
}

func groupStateRows(groups []*describedGroup, empty string) *table {
	rows := &table{columns: []string{"group", "type", "state", "assignor", "coordinator", "host",
		"port", "members", "epoch", "assignment epoch", "lag"}, empty: empty}
	for _, g := range groups {
		rows.add(g.name, g.kind, g.state, orNil(g.assignor), g.coordinator.NodeID, g.coordinator.Host,
			g.coordinator.Port, len(g.members), maybe(int64(g.epoch)), maybe(int64(g.assignmentEpoch)),
			g.lag())
	}
	return rows
}

func orNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func memberRows(g *describedGroup) *table {
	rows := &table{columns: []string{"group", "member", "instance", "client", "host", "protocol",
		"epoch", "partitions", "assigned", "target", "subscribed"}}
	for _, m := range g.members {
		var target any
		if m.target != nil {
			target = m.target
		}
		rows.add(g.name, m.id, m.instance, m.client, m.host, m.kind, m.epoch, m.assigned.count(),
			m.assigned, target, m.subscribed)
	}
	return rows
}

// hideReached leaves out the targets that are reached: a person looks for the others.
func (t *table) hideReached() {
	assigned, target := slices.Index(t.columns, "assigned"), slices.Index(t.columns, "target")
	if target < 0 {
		return
	}
	for _, row := range t.rows {
		if forPeople(row[assigned]) == forPeople(row[target]) {
			row[target] = nil
		}
	}
}

func partitionRows(g *describedGroup) *table {
	rows := &table{columns: []string{"group", "topic", "partition", "committed", "end", "lag",
		"member", "client", "host"}}
	for _, p := range g.partitions {
		var member, client, host any
		if p.member != nil {
			member, client, host = p.member.id, p.member.client, p.member.host
		}
		rows.add(g.name, p.topic, p.partition, p.committed, p.end, p.lag, member, client, host)
	}
	return rows
}

// jsonMember is a member of a group in --json.
type jsonMember struct {
	Member     string     `json:"member"`
	Instance   any        `json:"instance"`
	Client     string     `json:"client"`
	Host       string     `json:"host"`
	Rack       any        `json:"rack"`
	Protocol   string     `json:"protocol"`
	Epoch      any        `json:"epoch"`
	Assigned   assignment `json:"assigned"`
	Target     assignment `json:"target"` // null in a classic group
	Subscribed []string   `json:"subscribed"`
}

// jsonGroupOffset is a partition of a group in --json.
type jsonGroupOffset struct {
	Topic       string `json:"topic"`
	Partition   int32  `json:"partition"`
	Committed   any    `json:"committed"`
	LeaderEpoch any    `json:"leaderEpoch"`
	Metadata    string `json:"metadata"`
	End         any    `json:"end"`
	Lag         any    `json:"lag"`
	Member      any    `json:"member"`
}

// groupObjects are the groups with all that is known, an object each.
func groupObjects(groups []*describedGroup) *table {
	rows := &table{columns: []string{"group", "type", "state", "protocol", "assignor", "coordinator",
		"host", "port", "epoch", "assignment epoch", "lag", "members", "offsets"}}
	for _, g := range groups {
		members, offsets := []jsonMember{}, []jsonGroupOffset{}
		for _, m := range g.members {
			members = append(members, jsonMember{m.id, m.instance, m.client, m.host, m.rack, m.kind,
				m.epoch, m.assigned, m.target, m.subscribed})
		}
		for _, p := range g.partitions {
			offset := jsonGroupOffset{p.topic, p.partition, p.committed, p.leaderEpoch, p.metadata, p.end,
				p.lag, nil}
			if p.member != nil {
				offset.Member = p.member.id
			}
			offsets = append(offsets, offset)
		}
		rows.add(g.name, g.kind, g.state, g.protocol, orNil(g.assignor), g.coordinator.NodeID,
			g.coordinator.Host, g.coordinator.Port, maybe(int64(g.epoch)),
			maybe(int64(g.assignmentEpoch)), g.lag(), members, offsets)
	}
	return rows
}
