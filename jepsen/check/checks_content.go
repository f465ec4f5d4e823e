package check

import (
	"fmt"
	"slices"

	"odradek/core/kafka"
)

// contentChecks are about which records are in the log, and where.
func contentChecks() []Check {
	return []Check{
		{"nothing-made-up", "Every record that is read was produced, byte for byte.",
			checkNothingMadeUp},
		{"failure-without-effect", "A batch that was refused for good is never read.",
			checkFailureWithoutEffect},
		{"one-value-per-offset", "No two batches have the same offset, at any time, for " +
			"any reader.", checkOneValuePerOffset},
		{"place-as-told", "A batch is where the broker said it is.", checkPlaceAsTold},
		{"no-duplicates", "An idempotent batch is in the log at most once; another at most " +
			"as often as it was sent.", checkNoDuplicates},
		{"acknowledged-kept", "What was acknowledged to acks=all, or was ever read, is there " +
			"in the end, unless it was deleted.", checkKept},
		{"final-scan-whole", "The final scan gives one record for each offset it claims to " +
			"cover, and claims all that was ever committed.", checkFinalScan},
	}
}

func checkNothingMadeUp(v *view) []finding {
	var all []finding
	for _, s := range v.strangers {
		all = append(all, found([]int{s.by.ID},
			"operation %d read a record at offset %d that nobody produced: lost bytes, "+
				"changed bytes, or another partition's", s.by.ID, s.record.Offset))
	}
	return all
}

func checkFailureWithoutEffect(v *view) []finding {
	var all []finding
	for i := range v.places {
		at := &v.places[i]
		if p := v.of(at); p.Outcome == Failed {
			all = append(all, found([]int{p.ID, at.readBy},
				"produce %d was refused, yet operation %d read it at offset %d",
				p.ID, at.readBy, at.base))
		}
	}
	return all
}

func checkOneValuePerOffset(v *view) []finding {
	var all []finding
	sorted := v.sortedPlaces()
	var widest *place // of the places so far, the one that ends last
	for i := range sorted {
		at := &sorted[i]
		if widest != nil && at.base < v.end(widest) {
			all = append(all, found(slices.Concat(v.concerned(widest), v.concerned(at)),
				"offset %d is given twice: %s with %s, and %s", at.base, v.proof(widest),
				plural(len(v.of(widest).Records), "record"), v.proof(at)))
		}
		if widest == nil || v.end(at) > v.end(widest) {
			widest = at
		}
	}
	return all
}

func checkPlaceAsTold(v *view) []finding {
	var all []finding
	for i, p := range v.produces {
		if p.Outcome != OK || p.Acks == AcksNone || p.Base == kafka.NoOffset {
			continue
		}
		if p.Base < 0 {
			all = append(all, found([]int{p.ID},
				"produce %d was acknowledged at the impossible offset %d", p.ID, p.Base))
			continue
		}
		if !p.Idempotent() && p.Sends > 1 {
			continue // other copies may be elsewhere
		}
		for j := v.firstPlace[i]; j >= 0; j = v.places[j].next {
			if at := &v.places[j]; at.base != p.Base {
				all = append(all, found([]int{p.ID, at.readBy},
					"produce %d was acknowledged at offset %d, but operation %d read it at %d",
					p.ID, p.Base, at.readBy, at.base))
			}
		}
	}
	return all
}

func checkNoDuplicates(v *view) []finding {
	var all []finding
	for i, p := range v.produces {
		allowed := max(p.Sends, 1)
		if p.Idempotent() {
			allowed = 1
		}
		if v.placeCount(i) <= allowed || p.Outcome == Failed {
			continue
		}
		places := v.placesOf(i)
		first, last := &places[0], &places[len(places)-1]
		rule := "it was sent only " + plural(allowed, "time")
		if p.Idempotent() {
			rule = "its producer is idempotent"
		}
		all = append(all, found(slices.Concat(v.concerned(first), v.concerned(last)),
			"produce %d is in the log %d times, at offset %d and again at %d, although %s",
			p.ID, len(places), first.base, last.base, rule))
	}
	return all
}

// checkKept looks for each place in the final scan.
func checkKept(v *view) []finding {
	if v.final == nil || v.rules.Compacted {
		return nil // C-LastValue says what may be gone of a compacted log
	}
	there := v.finalPlaces()
	var all []finding
	for i := range v.places {
		at := &v.places[i]
		p := v.of(at)
		kept := max(at.base, v.final.LogStart)
		expected := int(max(v.end(at)-kept, 0))
		if p.Outcome == Failed || there[i] >= expected {
			continue
		}
		why := "yet it is not there in the end"
		if v.end(at) > v.final.End {
			why = fmt.Sprintf("yet in the end the log ends at %d", v.final.End)
		} else if there[i] > 0 {
			why = fmt.Sprintf("yet in the end only %d of its %s are there",
				there[i], plural(expected, "record"))
		}
		all = append(all, found(append(v.concerned(at), v.final.ID), "%s, %s", v.proof(at), why))
	}
	return append(all, v.lostWithoutPlace()...)
}

// finalPlaces counts, by place, the records that the final scan has of it.
func (v *view) finalPlaces() []int {
	counts := make([]int, len(v.places))
	for _, record := range v.final.Records {
		wrote, known := v.owners[record.Hash]
		if !known {
			continue
		}
		base := record.Offset - kafka.Offset(wrote.index)
		for i := v.firstPlace[wrote.produce]; i >= 0; i = v.places[i].next {
			if v.places[i].base == base {
				counts[i]++
			}
		}
	}
	return counts
}

// lostWithoutPlace finds batches that were acknowledged without an offset, as a
// retry of an old batch may be, and that nobody ever saw.
func (v *view) lostWithoutPlace() []finding {
	var all []finding
	for i, p := range v.produces {
		if p.Outcome != OK || p.Acks != AcksAll || v.firstPlace[i] >= 0 || p.Base < -1 {
			continue
		}
		if v.final.LogStart == 0 {
			all = append(all, found([]int{p.ID, v.final.ID},
				"produce %d was acknowledged, but is not there in the end", p.ID))
			continue
		}
		v.open = append(v.open, fmt.Sprintf("produce %d was acknowledged without an offset, "+
			"and may have been among the records that were deleted", p.ID))
	}
	return all
}

func checkFinalScan(v *view) []finding {
	if v.final == nil {
		return nil
	}
	all := v.finalHoles()
	for _, mark := range v.marks() {
		if mark.end > v.final.End {
			all = append(all, found([]int{mark.by.ID, v.final.ID},
				"operation %d was told that everything before %d is committed, but in the "+
					"end the log ends at %d", mark.by.ID, mark.end, v.final.End))
		}
	}
	return all
}

// finalHoles finds what is missing in the final scan, of a log that is not compacted.
func (v *view) finalHoles() (all []finding) {
	if v.rules.Compacted {
		return nil
	}
	next := v.final.LogStart
	for _, record := range v.final.Records {
		if record.Offset != next {
			all = append(all, found([]int{v.final.ID},
				"the final scan gives offset %d where %d should come", record.Offset, next))
		}
		next = record.Offset + 1
	}
	if next != v.final.End {
		all = append(all, found([]int{v.final.ID},
			"the final scan gives nothing from offset %d on, though the log is said to end at %d",
			next, v.final.End))
	}
	return all
}
