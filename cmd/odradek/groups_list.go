package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// The states and types of groups, as Kafka writes them.
var (
	groupStates = []string{"Empty", "PreparingRebalance", "CompletingRebalance", "Assigning",
		"Reconciling", "Stable", "NotReady", "Dead"}
	groupTypes = []string{"Classic", "Consumer", "Share", "Streams"}
)

// groupFilter says which groups to list; nothing is all.
type groupFilter struct {
	states []string
	types  []string
}

// listedGroup is a group as a list of groups has it.
type listedGroup struct {
	name string
	// kind is the group's protocol: Classic or Consumer (KIP-848); "" from a broker that
	// does not tell.
	kind string
	// protocol is the type of protocol that its members named: consumer, connect ...
	protocol    string
	state       string
	coordinator int32
}

func groupsListCommand(k *connection) *cobra.Command {
	var given groupFilter
	var lag bool
	command := &cobra.Command{
		Use:   "list [PART-OF-A-NAME] [flags]",
		Short: "List groups, with their types and states",
		Long: `List groups, with their types and states. A group's type is the protocol that its members
speak: Classic, or Consumer, where the broker divides the partitions (KIP-848). With --lag, also
show how many members each has and how many records it is behind.

In a pipe: tab-separated group, type, protocol, state, coordinator; with --lag also members, lag.`,
		Example: example(
			"odradek groups list",
			"odradek groups list pay --lag                # those with pay in their name",
			"odradek groups list --state empty,stable",
			"odradek groups list --type consumer --json",
			"odradek groups list | cut -f1                # names only",
		),
		Args: wants(0, 1, "part of a name"),
	}
	asJSON := jsonFlag(command)
	flags := command.Flags()
	flags.StringSliceVar(&given.states, "state", nil,
		"only groups in these `STATES`: empty, stable, preparing-rebalance,\n"+
			"completing-rebalance, assigning, reconciling, dead")
	flags.StringSliceVar(&given.types, "type", nil,
		"only groups of these `TYPES`: classic, consumer, share, streams")
	flags.BoolVar(&lag, "lag", false, "also show members and lag")
	command.RunE = func(command *cobra.Command, args []string) error {
		filter, err := given.checked()
		if err != nil {
			return err
		}
		part := strings.Join(args, "")
		return k.both(command, func(ctx context.Context, client *kgo.Client, admin *kadm.Client) error {
			listed, err := listGroups(ctx, client, filter)
			if err != nil {
				return fail("list groups", err)
			}
			listed = slices.DeleteFunc(listed, func(g listedGroup) bool {
				return !strings.Contains(g.name, part)
			})
			if lag {
				return k.printLags(ctx, admin, listed, *asJSON)
			}
			rows := &table{
				columns: []string{"group", "type", "protocol", "state", "coordinator"},
				empty:   "no groups; `odradek consume TOPIC --group NAME` makes one",
			}
			for _, g := range listed {
				rows.add(g.name, g.kind, g.protocol, g.state, g.coordinator)
			}
			return k.console.print(rows, *asJSON)
		})
	}
	return command
}

// checked is the filter in Kafka's spelling.
func (f groupFilter) checked() (groupFilter, error) {
	states, err := knownWords("--state", f.states, groupStates)
	if err != nil {
		return f, err
	}
	types, err := knownWords("--type", f.types, groupTypes)
	return groupFilter{states, types}, err
}

// knownWords finds the words among those that are known, however they are written:
// preparing-rebalance is PreparingRebalance.
func knownWords(flag string, words, known []string) ([]string, error) {
	fold := func(word string) string {
		return strings.ToLower(strings.NewReplacer("-", "", "_", "", " ", "").Replace(word))
	}
	var out []string
	for _, word := range words {
		i := slices.IndexFunc(known, func(k string) bool { return fold(k) == fold(word) })
		if i < 0 {
			return nil, usagef("%s: there is no %q; there are %s", flag, word, strings.Join(known, ", "))
		}
		out = append(out, known[i])
	}
	return out, nil
}

// listGroups asks every broker for the groups that it coordinates, and puts them in
// order of name.
func listGroups(
	ctx context.Context, client *kgo.Client, filter groupFilter,
) ([]listedGroup, error) {
	request := kmsg.NewPtrListGroupsRequest()
	request.StatesFilter = filter.states
	request.TypesFilter = filter.types
	var out []listedGroup
	var failed error
	for _, shard := range client.RequestSharded(ctx, request) {
		err := shard.Err
		if err == nil {
			err = kerr.ErrorForCode(shard.Resp.(*kmsg.ListGroupsResponse).ErrorCode)
		}
		if err != nil {
			failed = errors.Join(failed, fail(fmt.Sprintf("broker %d", shard.Meta.NodeID), err))
			continue
		}
		for _, g := range shard.Resp.(*kmsg.ListGroupsResponse).Groups {
			out = append(out, listedGroup{g.Group, titled(g.GroupType), g.ProtocolType, g.GroupState,
				shard.Meta.NodeID})
		}
	}
	slices.SortFunc(out, func(a, b listedGroup) int { return strings.Compare(a.name, b.name) })
	return out, failed
}

// titled is a word with a capital: what brokers write in different ways.
func titled(word string) string {
	if word == "" {
		return ""
	}
	return strings.ToUpper(word[:1]) + word[1:]
}

// printLags prints a list of groups with what they are behind.
func (k *connection) printLags(
	ctx context.Context, admin *kadm.Client, listed []listedGroup, asJSON bool,
) error {
	rows := &table{
		columns: []string{"group", "type", "protocol", "state", "coordinator", "members", "lag"},
		empty:   "no groups; `odradek consume TOPIC --group NAME` makes one",
	}
	var names []string
	for _, g := range listed {
		if g.kind == "" || g.kind == "Classic" || g.kind == "Consumer" {
			names = append(names, g.name)
		}
	}
	described, err := describeGroups(ctx, admin, names)
	if err != nil {
		return err
	}
	for _, g := range listed {
		var members, lag any
		if d := described[g.name]; d != nil && d.err == nil {
			members, lag = len(d.members), d.lag()
		}
		rows.add(g.name, g.kind, g.protocol, g.state, g.coordinator, members, lag)
	}
	return k.console.print(rows, asJSON)
}
