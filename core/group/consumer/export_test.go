package consumer

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Internals is what of the group's records no answer tells, in words.
func (g *Group) Internals() string {
	var out strings.Builder
	fmt.Fprintln(&out, g.metadataHash, g.assignmentTimestamp, g.facts.epoch, g.facts.assignment,
		g.facts.partitionMetadata, g.facts.strays.Len(), g.counts.classic, g.counts.held)
	for id, m := range g.members.Entries() {
		fmt.Fprintln(&out, id, m.previousEpoch, m.state, m.assigned, m.revoking, m.RebalanceTimeoutMs)
	}
	for name, count := range g.counts.names.Entries() {
		fmt.Fprintln(&out, name, count)
	}
	for regex, value := range g.regexes.Entries() {
		fmt.Fprintln(&out, regex, g.countRegex(regex), *value)
	}
	for assignor, count := range g.counts.assignors.Entries() {
		fmt.Fprintln(&out, assignor, count)
	}
	for id, set := range g.targets.Entries() {
		fmt.Fprintln(&out, id, set)
	}
	for _, instance := range slices.Sorted(maps.Keys(g.counts.instances)) {
		fmt.Fprintln(&out, instance, g.counts.instances[instance])
	}
	return out.String()
}
