package group

import (
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// listGroups decides on a ListGroups: all groups, or those in certain states (version 4,
// KIP-518) and of certain types (version 5, KIP-848), whose names may be written in any
// case. An unknown name is that of no group.
func (c *Coordinator) listGroups(s *Step, q *kmsg.ListGroupsRequest) {
	var states []string
	for _, state := range q.StatesFilter {
		states = append(states, strings.ToLower(strings.TrimSpace(state)))
	}
	var types []string
	for _, name := range q.TypesFilter {
		types = append(types, strings.ToLower(name))
	}
	answer := kmsg.NewPtrListGroupsResponse()
	answer.Version = q.Version
	for id, g := range c.groups.Entries() {
		if len(states) > 0 && !slices.Contains(states, strings.ToLower(g.State())) ||
			len(types) > 0 && !slices.Contains(types, string(g.Type())) {
			continue
		}
		group := kmsg.NewListGroupsResponseGroup()
		group.Group, group.ProtocolType = id, g.ProtocolType()
		group.GroupState, group.GroupType = g.State(), string(g.Type())
		answer.Groups = append(answer.Groups, group)
	}
	s.answer(answer)
}
