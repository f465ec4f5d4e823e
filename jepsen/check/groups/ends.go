package groups

import (
	"odradek/core/kafka"
)

// endInvariants are about what has to come about once everything works again.
func endInvariants() []Invariant {
	return []Invariant{
		{"GL-Converges", "Within a bound after the world has healed, every group is at rest: it has " +
			"all its living members and no other, and each partition with one of them.", checkConverges},
		{"GL-UnseenZero", "Within a bound after the world has healed, every group has read every " +
			"record there is, and has passed over none that was not deleted.", checkUnseenZero},
		{"GL-CoordinatorLoads", "Within a bound after a restart, the coordinator answers for every " +
			"group.", checkCoordinatorLoads},
	}
}

func checkConverges(v *view) []finding {
	var all []finding
	for _, s := range v.settlements {
		if s.Settled < 0 || s.Settled > s.Healed+s.Bound {
			all = append(all, found(nil, "it is not at rest %v after all has healed: %s", s.Bound,
				s.Story))
		}
	}
	return all
}

func checkUnseenZero(v *view) []finding {
	read := map[kafka.TopicPartition]*ranges{}
	starts := map[kafka.TopicPartition]kafka.Offset{}
	for _, s := range v.settlements {
		for _, end := range s.Ends {
			starts[end.Partition] = max(starts[end.Partition], end.LogStart)
		}
	}
	var all []finding
	for _, t := range v.takes {
		if read[t.Partition] == nil {
			read[t.Partition] = new(ranges)
		}
		start, known := starts[t.Partition]
		if t.Skipped && known && t.To > start {
			all = append(all, found([]int{t.ID}, "%s: %s passed over the offsets from %d to %d, as it "+
				"was told that they were deleted, though the log starts at %d", v.partitionName(t.Partition),
				t.Member, t.From, t.To-1, start))
		}
		read[t.Partition].add(t.From, t.To)
	}
	for _, s := range v.settlements {
		if s.Finished < 0 || s.Finished > s.Healed+s.Bound {
			all = append(all, found(nil, "it has not read and committed everything %v after all has "+
				"healed: %s", s.Bound, s.Story))
			continue
		}
		for _, end := range s.Ends {
			if read[end.Partition] == nil {
				read[end.Partition] = new(ranges)
			}
			if gap, left := read[end.Partition].gap(end.LogStart, end.End); left {
				all = append(all, found(nil, "%s: nobody has read offset %d, though the log goes from %d "+
					"to %d", v.partitionName(end.Partition), gap, end.LogStart, end.End))
			}
		}
	}
	return all
}

func checkCoordinatorLoads(v *view) []finding {
	var all []finding
	for _, l := range v.loads {
		if l.Answered < 0 || l.Answered > l.Began+l.Bound {
			all = append(all, found(nil, "its coordinator does not serve it %v after a restart, and says "+
				"%v", l.Bound, l.Code))
		}
	}
	return all
}
