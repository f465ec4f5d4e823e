package check

import (
	"cmp"
	"slices"

	"odradek/core/kafka"
)

// readChecks are about what one fetch may give.
func readChecks() []Check {
	return []Check{
		{"fetch-contiguous", "A fetch gives consecutive offsets, from the batch with the " +
			"offset that was asked.", checkFetchContiguous},
		{"committed-only", "A fetch gives nothing at or above the high watermark it tells.",
			checkCommittedOnly},
		{"deleted-stays-deleted", "After records were deleted, no fetch gives them any more.",
			checkDeletedStaysDeleted},
	}
}

func checkFetchContiguous(v *view) []finding {
	if v.rules.Compacted {
		return nil // C-SubsetOrder and C-LastValue say which gaps there may be
	}
	var all []finding
	for _, f := range v.fetches {
		if len(f.Records) == 0 {
			continue
		}
		if first := f.Records[0].Offset; first > f.Offset {
			all = append(all, found([]int{f.ID},
				"fetch %d asked for offset %d and got %d first: %d were skipped",
				f.ID, f.Offset, first, first-f.Offset))
		} else if first < f.Offset && !v.sameBatch(f.Records[0], f.Offset) {
			all = append(all, found([]int{f.ID},
				"fetch %d asked for offset %d and got %d first, of a batch that ends before",
				f.ID, f.Offset, first))
		}
		for i := 1; i < len(f.Records); i++ {
			if before, at := f.Records[i-1].Offset, f.Records[i].Offset; at != before+1 {
				all = append(all, found([]int{f.ID},
					"fetch %d gave offset %d right after %d", f.ID, at, before))
				break
			}
		}
	}
	return all
}

// sameBatch reports whether a record's batch reaches up to an offset. Of a
// record that nobody wrote there is nothing to say.
func (v *view) sameBatch(record Record, offset kafka.Offset) bool {
	wrote, known := v.owners[record.Hash]
	if !known {
		return true
	}
	end := record.Offset - kafka.Offset(wrote.index) +
		kafka.Offset(len(v.produces[wrote.produce].Records))
	return offset < end
}

func checkCommittedOnly(v *view) []finding {
	var all []finding
	for _, f := range v.fetches {
		for _, record := range f.Records {
			if record.Offset >= f.HighWatermark {
				all = append(all, found([]int{f.ID},
					"fetch %d gave offset %d, though its high watermark is %d",
					f.ID, record.Offset, f.HighWatermark))
				break
			}
		}
	}
	return all
}

func checkDeletedStaysDeleted(v *view) []finding {
	if v.rules.StaleFetch {
		return nil
	}
	var deletes []*DeleteRecords
	for _, d := range v.deletes {
		if d.Outcome == OK {
			deletes = append(deletes, d)
		}
	}
	slices.SortFunc(deletes, func(a, b *DeleteRecords) int { return cmp.Compare(a.Return, b.Return) })
	fetches := slices.Clone(v.fetches)
	slices.SortFunc(fetches, func(a, b *Fetch) int { return cmp.Compare(a.Call, b.Call) })
	var all []finding
	var furthest *DeleteRecords // of those that were over when the fetch began
	next := 0
	for _, f := range fetches {
		for ; next < len(deletes) && deletes[next].Return < f.Call; next++ {
			if furthest == nil || deletes[next].LogStart > furthest.LogStart {
				furthest = deletes[next]
			}
		}
		if furthest != nil && len(f.Records) > 0 && f.Offset < furthest.LogStart {
			all = append(all, found([]int{furthest.ID, f.ID},
				"operation %d deleted everything before offset %d, but fetch %d asked for "+
					"%d later and got records", furthest.ID, furthest.LogStart, f.ID, f.Offset))
		}
	}
	return all
}
