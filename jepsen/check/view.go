package check

import (
	"cmp"
	"fmt"
	"slices"

	"odradek/core/kafka"
)

// view is one partition's part of a history, with what follows from it.
type view struct {
	name     string
	rules    Rules
	gone     bool
	produces []*Produce
	fetches  []*Fetch
	lists    []*ListOffsets
	deletes  []*DeleteRecords
	scans    []*Scan
	// final is the last scan, or nil.
	final *Scan

	// owners finds the operation that wrote a record.
	owners map[Hash]owner
	// places are where batches are or were in the log, in no order until
	// sorted by base; see place.
	places []place
	// firstPlace[i] is the index of a place of produces[i], or -1; the others
	// follow by place.next.
	firstPlace []int32
	// strangers are records that nobody wrote.
	strangers []sighting
	// known is what is known of the keys, once somebody has asked.
	known *keys
	// open says what the history leaves undecided.
	open []string
	// blind: records do not tell who wrote them, so no check can be made.
	blind bool
	// accused: a check objects. inverted: the sweep does.
	accused, inverted bool
}

// owner says which record of which produce has a hash.
type owner struct{ produce, index int32 }

// sighting is a record as an operation saw it.
type sighting struct {
	record Record
	by     Operation
}

// place is a position where a batch certainly is, or was, in the committed log:
// the broker acknowledged it there to acks=all, or somebody read it there.
type place struct {
	produce int32
	next    int32
	base    kafka.Offset
	// before is the earliest event at which the batch was certainly there.
	before Event
	// acknowledged: the place is the one the broker told.
	acknowledged bool
	// readBy is the ID of the first operation that read a record of it there.
	readBy int
	read   bool
}

// views splits a history by partition, in the order of topic id and partition.
func views(h *History) []*view {
	byPartition := map[kafka.TopicPartition]*view{}
	var order []kafka.TopicPartition
	of := func(partition kafka.TopicPartition) *view {
		v := byPartition[partition]
		if v == nil {
			v = &view{name: partitionName(h, partition), rules: h.Rules}
			byPartition[partition] = v
			order = append(order, partition)
		}
		return v
	}
	for i := range h.Produces {
		v := of(h.Produces[i].Partition)
		v.produces = append(v.produces, &h.Produces[i])
	}
	for i := range h.Fetches {
		if f := &h.Fetches[i]; f.Outcome == OK {
			v := of(f.Partition)
			v.fetches = append(v.fetches, f)
		}
	}
	for i := range h.Lists {
		if l := &h.Lists[i]; l.Outcome == OK {
			v := of(l.Partition)
			v.lists = append(v.lists, l)
		}
	}
	for i := range h.Deletes {
		if d := &h.Deletes[i]; d.Outcome != Failed {
			v := of(d.Partition)
			v.deletes = append(v.deletes, d)
		}
	}
	for i := range h.Scans {
		v := of(h.Scans[i].Partition)
		v.scans = append(v.scans, &h.Scans[i])
	}
	for _, partition := range h.Gone {
		of(partition).gone = true
	}
	slices.SortFunc(order, kafka.TopicPartition.Compare)
	all := make([]*view, len(order))
	for i, partition := range order {
		all[i] = byPartition[partition]
		all[i].derive()
	}
	return all
}

func partitionName(h *History, partition kafka.TopicPartition) string {
	topic, named := h.Names[partition.Topic]
	if !named {
		topic = partition.Topic.String()
	}
	return fmt.Sprintf("%s-%d", topic, partition.Partition)
}

// derive works out who wrote what, and where it is.
func (v *view) derive() {
	byCall := func(a, b *Produce) int { return cmp.Compare(a.Call, b.Call) }
	slices.SortFunc(v.produces, byCall)
	slices.SortFunc(v.fetches, func(a, b *Fetch) int { return cmp.Compare(a.Return, b.Return) })
	slices.SortFunc(v.scans, func(a, b *Scan) int { return cmp.Compare(a.Return, b.Return) })
	v.findFinal()
	v.indexOwners()
	v.firstPlace = make([]int32, len(v.produces))
	for i, p := range v.produces {
		v.firstPlace[i] = -1
		if p.Outcome == OK && p.Acks == AcksAll && p.Base >= 0 {
			v.put(int32(i), p.Base, p.Return).acknowledged = true
		}
	}
	for _, f := range v.fetches {
		v.sight(f.Records, f.Operation)
	}
	for _, s := range v.scans {
		v.sight(s.Records, s.Operation)
	}
}

// findFinal takes the last scan as what is left, if nothing was sent after it.
func (v *view) findFinal() {
	if len(v.produces) == 0 {
		return
	}
	last := v.produces[len(v.produces)-1]
	switch {
	case len(v.scans) == 0:
		if !v.gone {
			v.open = append(v.open, "there is no final scan, so nothing says what is left")
		}
	case v.scans[len(v.scans)-1].Call < last.Call:
		v.open = append(v.open, fmt.Sprintf(
			"produce %d was sent after the last scan, so nothing says what is left", last.ID))
	default:
		v.final = v.scans[len(v.scans)-1]
	}
}

func (v *view) indexOwners() {
	records := 0
	for _, p := range v.produces {
		records += len(p.Records)
	}
	v.owners = make(map[Hash]owner, records)
	for i, p := range v.produces {
		for j, hash := range p.Records {
			if first, twice := v.owners[hash]; twice {
				v.open = append(v.open, fmt.Sprintf(
					"produce %d and produce %d have a record in common, so a read does not "+
						"say which it saw: the workload must write distinct records",
					v.produces[first.produce].ID, p.ID))
				v.blind = true
				return
			}
			v.owners[hash] = owner{int32(i), int32(j)}
		}
	}
}

// sight places the batches whose records an operation read.
func (v *view) sight(records []Record, by Operation) {
	for _, record := range records {
		wrote, known := v.owners[record.Hash]
		if !known {
			v.strangers = append(v.strangers, sighting{record, by})
			continue
		}
		at := v.put(wrote.produce, record.Offset-kafka.Offset(wrote.index), by.Return)
		if !at.read {
			at.read, at.readBy = true, by.ID
		}
	}
}

// put finds or makes the place of a produce at a base. The pointer is valid
// until the next call.
func (v *view) put(produce int32, base kafka.Offset, before Event) *place {
	for i := v.firstPlace[produce]; i >= 0; i = v.places[i].next {
		if at := &v.places[i]; at.base == base {
			at.before = min(at.before, before)
			return at
		}
	}
	v.places = append(v.places, place{
		produce: produce, next: v.firstPlace[produce], base: base, before: before})
	v.firstPlace[produce] = int32(len(v.places) - 1)
	return &v.places[len(v.places)-1]
}

// placeCount is at how many places a produce is.
func (v *view) placeCount(produce int) int {
	count := 0
	for i := v.firstPlace[produce]; i >= 0; i = v.places[i].next {
		count++
	}
	return count
}

// placesOf returns the places of a produce, from the lowest offset.
func (v *view) placesOf(produce int) []place {
	var all []place
	for i := v.firstPlace[produce]; i >= 0; i = v.places[i].next {
		all = append(all, v.places[i])
	}
	slices.SortFunc(all, func(a, b place) int { return cmp.Compare(a.base, b.base) })
	return all
}

// sortedPlaces returns all places by base, leaving out those of batches that
// failed: they have a check of their own.
func (v *view) sortedPlaces() []place {
	var all []place
	for i := range v.places {
		if v.of(&v.places[i]).Outcome != Failed {
			all = append(all, v.places[i])
		}
	}
	slices.SortFunc(all, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.base, b.base), cmp.Compare(a.produce, b.produce))
	})
	return all
}

// of is the produce that a place belongs to.
func (v *view) of(at *place) *Produce { return v.produces[at.produce] }

// end is the offset behind a place.
func (v *view) end(at *place) kafka.Offset {
	return at.base + kafka.Offset(len(v.of(at).Records))
}

// proof says how we know that a batch is where it is.
func (v *view) proof(at *place) string {
	p := v.of(at)
	if at.acknowledged {
		return fmt.Sprintf("produce %d was acknowledged at offset %d", p.ID, at.base)
	}
	return v.sightingOf(at)
}

// sightingOf says who read a batch where it is.
func (v *view) sightingOf(at *place) string {
	return fmt.Sprintf("produce %d was read at offset %d by operation %d",
		v.of(at).ID, at.base, at.readBy)
}

// concerned lists the operations behind a place.
func (v *view) concerned(at *place) []int {
	if at.acknowledged || !at.read {
		return []int{v.of(at).ID}
	}
	return []int{v.of(at).ID, at.readBy}
}
