package check

import (
	"cmp"
	"fmt"
	"slices"

	"odradek/core/kafka"
)

// A compacted log keeps the newest record of each key, and may drop what is older. So a
// record that is not there is no loss if a newer one of its key is. What the other
// checks say of missing records is said here for such logs:
//
//	offsets    0   1   2   3   4   5   6   7   8   9      high watermark 8
//	written    a   b   a   c   b   a   c   a | a   d
//	read           b       c       a           a          1 and 3 are stale: legal
//	                                                      4 is gone: C-LastValue
//	                                                      7 is gone, and only 8 is
//	                                                      newer: C-NotAboveHW
//
// A record whose outcome nobody knows and that nobody read may have been there in
// between. The benefit of that doubt is given.
//
// What can't be seen from the outside is asserted inside of package core/log: that the
// active segment is not touched (C-ActiveUntouched), and that a pass ends below the
// highWatermark that it was told (C-NotAboveHW again).
func compactionChecks() []Check {
	return []Check{
		{"C-SubsetOrder", "What is read of a compacted log is some of what was written, each " +
			"record at its offset, in order.", checkSubsetOrder},
		{"C-LastValue", "A record of a compacted log is gone only when a newer one of its key " +
			"is there; a key that was deleted does not come back.", checkLastValue},
		{"C-NotAboveHW", "A record of a compacted log is not gone because of one that is not " +
			"committed.", checkNotAboveHighWatermark},
		{"C-TombstoneGrace", "A tombstone that nothing has written over stays for " +
			"delete.retention.ms.", checkTombstoneGrace},
		{"C-KeepLastSeq", "The last batch of an idempotent producer stays in a compacted log, " +
			"and the log's last batch ends where the log does.", checkKeepLastSeq},
		{"C-ControlKept", "A marker stays as long as there are batches of the transaction that " +
			"it ends.", checkControlKept},
		{"C-CrashAtomic", "From one scan of a compacted log to the next, over any crash, every " +
			"key keeps its record or gets a newer one.", checkCrashAtomic},
	}
}

// Batch is what a scan tells of a batch, which may have no records.
type Batch struct {
	Base, Last kafka.Offset
	ProducerID kafka.ProducerID
	// Control: it holds a marker. Transactional: it belongs to a transaction.
	Control, Transactional bool
}

// version is a record of a key at a place.
type version struct {
	offset    kafka.Offset
	tombstone bool
}

// keys is what is known of the keys of a compacted partition.
type keys struct {
	// versions of each key, by offset.
	versions map[Hash][]version
	// doubtful is, by key, when the first batch was sent that may be or have been in the
	// log without anybody having seen it.
	doubtful map[Hash]Event
	places   []place
}

// keyed works out what is known of the keys.
func (v *view) keyed() *keys {
	if v.known != nil {
		return v.known
	}
	k := &keys{versions: map[Hash][]version{}, doubtful: map[Hash]Event{}, places: v.sortedPlaces()}
	for i := range k.places {
		at := &k.places[i]
		p := v.of(at)
		for j, key := range p.Keys {
			k.versions[key] = append(k.versions[key],
				version{at.base + kafka.Offset(j), p.Tombstones[j]})
		}
	}
	for _, all := range k.versions {
		slices.SortFunc(all, func(a, b version) int { return cmp.Compare(a.offset, b.offset) })
	}
	for i, p := range v.produces {
		if v.unseen(i) == 0 {
			continue
		}
		for _, key := range p.Keys {
			if first, known := k.doubtful[key]; !known || p.Call < first {
				k.doubtful[key] = p.Call
			}
		}
	}
	v.known = k
	return k
}

// verdict on a record that is not there.
type missing uint8

const (
	// superseded: a newer record is or may have been there.
	superseded missing = iota
	// aboveOnly: the only newer records are not committed.
	aboveOnly
	// newest: there is no newer record.
	newest
)

// newer looks for a record of a key above an offset and below a bound, as of an event.
func (k *keys) newer(key Hash, offset, bound kafka.Offset, by Event) missing {
	all := k.versions[key]
	i, _ := slices.BinarySearchFunc(all, offset+1,
		func(one version, o kafka.Offset) int { return cmp.Compare(one.offset, o) })
	doubt, doubtful := k.doubtful[key]
	switch {
	case i < len(all) && all[i].offset < bound, doubtful && doubt < by:
		return superseded
	case i < len(all):
		return aboveOnly
	}
	return newest
}

// look is a read of a compacted log: [from, to) was covered, and records were there.
type look struct {
	by       Operation
	what     string
	from, to kafka.Offset
	records  []Record
	// bound is the high watermark as it was told.
	bound kafka.Offset
}

// looks are all reads.
func (v *view) looks() []look {
	var all []look
	for _, f := range v.fetches {
		if n := len(f.Records); n > 0 {
			all = append(all, look{f.Operation, "fetch", max(f.Offset, f.LogStart),
				f.Records[n-1].Offset + 1, f.Records, f.HighWatermark})
		}
	}
	for _, s := range v.scans {
		all = append(all, look{s.Operation, "scan", s.LogStart, s.End, s.Records, s.End})
	}
	return all
}

// miss is a record that a look did not find.
type miss struct {
	key       Hash
	offset    kafka.Offset
	tombstone bool
	proof     string
	verdict   missing
}

// misses are the records that were written to where somebody looked, and were not there.
func (v *view) misses(l *look) []miss {
	k := v.keyed()
	there := make(map[kafka.Offset]bool, len(l.records))
	for _, r := range l.records {
		there[r.Offset] = true
	}
	var all []miss
	first, _ := slices.BinarySearchFunc(k.places, l.from,
		func(p place, from kafka.Offset) int { return cmp.Compare(v.end(&p), from+1) })
	for i := first; i < len(k.places) && k.places[i].base < l.to; i++ {
		at := &k.places[i]
		p := v.of(at)
		for j, key := range p.Keys {
			offset := at.base + kafka.Offset(j)
			if offset < l.from || offset >= l.to || there[offset] {
				continue
			}
			all = append(all, miss{key, offset, p.Tombstones[j], v.proof(at),
				k.newer(key, offset, l.bound, l.by.Return)})
		}
	}
	return all
}

// eachMiss finds what is wrong with what was not there.
func (v *view) eachMiss(wrong func(l *look, m *miss) string) []finding {
	if !v.rules.Compacted {
		return nil
	}
	var all []finding
	looks := v.looks()
	for i := range looks {
		missed := v.misses(&looks[i])
		for j := range missed {
			if sentence := wrong(&looks[i], &missed[j]); sentence != "" {
				all = append(all, found([]int{looks[i].by.ID},
					"%s %d did not find offset %d (%s), %s", looks[i].what, looks[i].by.ID,
					missed[j].offset, missed[j].proof, sentence))
				break
			}
		}
	}
	return all
}

func checkLastValue(v *view) []finding {
	all := v.eachMiss(func(_ *look, m *miss) string {
		if m.verdict == newest && !m.tombstone {
			return "and no newer record of its key is known"
		}
		return ""
	})
	if !v.rules.Compacted {
		return all
	}
	k := v.keyed()
	for _, s := range v.scans {
		all = append(all, v.resurrected(k, s)...)
	}
	return all
}

// resurrected finds keys of a scan whose deletion is not there any more, while an older
// record is.
func (v *view) resurrected(k *keys, s *Scan) (all []finding) {
	there := make(map[kafka.Offset]bool, len(s.Records))
	for _, r := range s.Records {
		there[r.Offset] = true
	}
	for _, r := range s.Records {
		wrote, known := v.owners[r.Hash]
		if !known || int(wrote.index) >= len(v.produces[wrote.produce].Keys) {
			continue
		}
		versions := k.versions[v.produces[wrote.produce].Keys[wrote.index]]
		last := len(versions) - 1
		for last >= 0 && versions[last].offset >= s.End {
			last--
		}
		if last >= 0 && versions[last].tombstone && versions[last].offset > r.Offset &&
			!there[versions[last].offset] {
			all = append(all, found([]int{s.ID}, "scan %d finds offset %d, whose key was deleted at "+
				"offset %d; that is not there any more", s.ID, r.Offset, versions[last].offset))
		}
	}
	return all
}

func checkNotAboveHighWatermark(v *view) []finding {
	return v.eachMiss(func(l *look, m *miss) string {
		if m.verdict == aboveOnly && (!m.tombstone || v.rules.TombstonesStay) {
			return fmt.Sprintf("and the newer records of its key are at the high watermark %d or "+
				"above", l.bound)
		}
		return ""
	})
}

func checkTombstoneGrace(v *view) []finding {
	return v.eachMiss(func(_ *look, m *miss) string {
		if m.verdict == newest && m.tombstone && v.rules.TombstonesStay {
			return "a tombstone that its topic keeps, and nothing has written over it"
		}
		return ""
	})
}

func checkSubsetOrder(v *view) []finding {
	if !v.rules.Compacted {
		return nil
	}
	var all []finding
	for _, l := range v.looks() {
		for i := 1; i < len(l.records); i++ {
			if before, at := l.records[i-1].Offset, l.records[i].Offset; at <= before {
				all = append(all, found([]int{l.by.ID}, "%s %d gave offset %d right after %d",
					l.what, l.by.ID, at, before))
				break
			}
		}
		for _, r := range l.records {
			if r.Offset >= l.to {
				all = append(all, found([]int{l.by.ID}, "%s %d gave offset %d, beyond the end %d",
					l.what, l.by.ID, r.Offset, l.to))
				break
			}
		}
	}
	return all
}

func checkKeepLastSeq(v *view) []finding {
	s := v.final
	if !v.rules.Compacted || s == nil || s.Batches == nil {
		return nil
	}
	var all []finding
	last := map[kafka.ProducerID]*place{}
	var order []kafka.ProducerID
	places := v.keyed().places
	for i := range places {
		at := &places[i]
		if p := v.of(at); p.Idempotent() && at.base >= s.LogStart {
			if last[p.ProducerID] == nil {
				order = append(order, p.ProducerID)
			}
			last[p.ProducerID] = at
		}
	}
	for _, id := range order {
		at := last[id]
		if !slices.ContainsFunc(s.Batches, func(b Batch) bool {
			return b.ProducerID == id && b.Base >= at.base
		}) {
			all = append(all, found([]int{v.of(at).ID, s.ID}, "%s, the last batch of producer %d; "+
				"scan %d finds not even an empty one there", v.proof(at), id, s.ID))
		}
	}
	if n := len(s.Batches); s.End > s.LogStart && (n == 0 || s.Batches[n-1].Last+1 != s.End) {
		all = append(all, found([]int{s.ID},
			"scan %d: no batch ends where the log does, at %d", s.ID, s.End))
	}
	return all
}

func checkControlKept(v *view) []finding {
	if !v.rules.Compacted {
		return nil
	}
	var all []finding
	v.eachPair(func(a, b *Scan) {
		there := map[kafka.Offset]bool{}
		for _, one := range b.Batches {
			there[one.Base] = true
		}
		open := map[kafka.ProducerID]bool{} // a batch of the transaction is there still
		for _, one := range a.Batches {
			switch {
			case !one.Control && one.Transactional:
				open[one.ProducerID] = open[one.ProducerID] || there[one.Base]
			case one.Control:
				if open[one.ProducerID] && !there[one.Base] && one.Base >= b.LogStart {
					all = append(all, found([]int{a.ID, b.ID}, "scan %d found a marker of producer %d at "+
						"offset %d; scan %d does not, and finds the transaction", a.ID, one.ProducerID,
						one.Base, b.ID))
				}
				delete(open, one.ProducerID)
			}
		}
	})
	return all
}

func checkCrashAtomic(v *view) []finding {
	if !v.rules.Compacted {
		return nil
	}
	var all []finding
	keyOf := func(r Record) (key Hash, tombstone, ok bool) {
		wrote, known := v.owners[r.Hash]
		if !known || int(wrote.index) >= len(v.produces[wrote.produce].Keys) {
			return 0, false, false
		}
		p := v.produces[wrote.produce]
		return p.Keys[wrote.index], p.Tombstones[wrote.index], true
	}
	v.eachPair(func(a, b *Scan) {
		newest := map[Hash]kafka.Offset{}
		for _, r := range b.Records {
			if key, _, ok := keyOf(r); ok {
				newest[key] = r.Offset
			}
		}
		for _, r := range a.Records {
			key, tombstone, ok := keyOf(r)
			at, has := newest[key]
			if !ok || r.Offset < b.LogStart || has && at >= r.Offset || tombstone {
				continue
			}
			// What deleted it may be gone itself by now.
			if v.keyed().newer(key, r.Offset, b.End, b.Return) == superseded && !has {
				continue
			}
			all = append(all, found([]int{a.ID, b.ID}, "scan %d found offset %d; scan %d finds neither "+
				"that nor a newer record of its key", a.ID, r.Offset, b.ID))
			return
		}
	})
	return all
}

// eachPair visits every scan with the one after it.
func (v *view) eachPair(visit func(a, b *Scan)) {
	for i := 1; i < len(v.scans); i++ {
		if v.scans[i].Call > v.scans[i-1].Return {
			visit(v.scans[i-1], v.scans[i])
		}
	}
}
