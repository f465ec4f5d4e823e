package check

import (
	"slices"
	"testing"

	"odradek/core/kafka"
)

// giveKey gives the batch's last record one of a few keys, and takes its value now and
// then.
func (m *model) giveKey(p *Produce) {
	if m.settings.compacted {
		p.Keys = append(p.Keys, Hash(m.choose(4)))
		p.Tombstones = append(p.Tombstones, m.choose(4) == 0)
	}
}

func (m *model) keyOf(e *entry) (key Hash, tombstone bool) {
	p := &m.h.Produces[e.produce]
	return p.Keys[e.index], p.Tombstones[e.index]
}

// compact drops what has a newer record below some bound that is committed, and
// tombstones whose time may be over.
func (m *model) compact() {
	if !m.settings.compacted || m.choose(2) == 0 {
		return
	}
	bound := m.choose(m.high() + 1)
	newest := map[Hash]int{}
	for at := range bound {
		key, _ := m.keyOf(&m.log[at])
		newest[key] = at
	}
	for at := range bound {
		e := &m.log[at]
		key, tombstone := m.keyOf(e)
		over := tombstone && !m.settings.tombstonesStay && m.choose(3) == 0
		e.dropped = e.dropped || newest[key] > at || over
	}
}

// scanBatches tells the batches of a compacted log that a scan finds: those with
// records, the last one of each producer, and the last one of all.
func (m *model) scanBatches(s *Scan) {
	if !m.settings.compacted {
		return
	}
	s.Batches = []Batch{}
	last := map[kafka.ProducerID]int{}
	for at := range m.high() {
		p := &m.h.Produces[m.log[at].produce]
		if p.Idempotent() {
			last[p.ProducerID] = at - m.log[at].index
		}
	}
	for at := 0; at < m.high(); {
		base := at
		p := &m.h.Produces[m.log[at].produce]
		kept := false
		for ; at < m.high() && m.log[at].produce == m.log[base].produce &&
			m.log[at].index == at-base; at++ {
			kept = kept || !m.log[at].dropped
		}
		if at > m.start() && (kept || at == m.high() || p.Idempotent() && last[p.ProducerID] == base) {
			s.Batches = append(s.Batches, Batch{Base: kafka.Offset(base), Last: kafka.Offset(at - 1),
				ProducerID: p.ProducerID})
		}
	}
}

// plantedInCompacted are ways to make a legal history of a compacted log impossible.
func plantedInCompacted() map[string]func(c chooser, h *History) bool {
	return map[string]func(c chooser, h *History) bool{
		"C-SubsetOrder":    plantDisorder,
		"C-LastValue":      plantLostValue,
		"C-NotAboveHW":     plantGap,
		"C-TombstoneGrace": plantLostTombstone,
		"C-KeepLastSeq":    plantForgottenBatch,
		"C-ControlKept":    plantLostMarker,
		"C-CrashAtomic":    plantHalfASwap,
		"nothing-made-up":  plantChangedRecord,
		"place-as-told":    plantOtherOffset,
		"committed-only":   plantUncommitted,
	}
}

func plantDisorder(c chooser, h *History) bool {
	s := &h.Scans[0]
	if len(s.Records) < 2 {
		return false
	}
	i := 1 + c.choose(len(s.Records)-1)
	s.Records[i], s.Records[i-1] = s.Records[i-1], s.Records[i]
	return true
}

// recordOf finds what was written as a record.
func recordOf(h *History, r Record) (p *Produce, index int) {
	for i := range h.Produces {
		if index := slices.Index(h.Produces[i].Records, r.Hash); index >= 0 {
			return &h.Produces[i], index
		}
	}
	return nil, 0
}

// certain reports whether every batch of the history has an outcome: then there is no
// doubt to give anybody the benefit of.
func certain(h *History) bool {
	return !slices.ContainsFunc(h.Produces, func(p Produce) bool {
		return p.Outcome == Unknown || p.Acks != AcksAll || p.Base < 0 || p.Sends > 1 && !p.Idempotent()
	})
}

// loseNewest takes out of the scan a record that is its key's newest.
func loseNewest(h *History, tombstone bool) bool {
	s := &h.Scans[0]
	seen := map[Hash]bool{}
	for i := len(s.Records) - 1; i >= 0; i-- {
		p, index := recordOf(h, s.Records[i])
		if seen[p.Keys[index]] || p.Tombstones[index] != tombstone || p.Outcome != OK ||
			p.Acks != AcksAll || p.Base < 0 {
			seen[p.Keys[index]] = true
			continue
		}
		s.Records = slices.Delete(s.Records, i, i+1)
		return true
	}
	return false
}

func plantLostValue(_ chooser, h *History) bool { return certain(h) && loseNewest(h, false) }

func plantLostTombstone(_ chooser, h *History) bool {
	h.Rules.TombstonesStay = true
	return certain(h) && loseNewest(h, true)
}

// plantGap adds a partition with nothing else: a, b and a again, a fetch that finds b
// alone, and the high watermark before the last.
func plantGap(_ chooser, h *History) bool {
	at := kafka.TopicPartition{Partition: 5}
	operation := func(id int, call Event) Operation {
		return Operation{ID: id, Call: call, Return: call + 1, Outcome: OK}
	}
	for i, key := range []Hash{1, 2, 1} {
		h.Produces = append(h.Produces, Produce{Operation: operation(8000+i, Event(1+10*i)),
			Partition: at, Records: []Hash{Hash(9_000_000 + i)}, Keys: []Hash{key},
			Tombstones: []bool{false}, Acks: AcksAll, Base: kafka.Offset(i), Sends: 1,
			ProducerID: kafka.NoProducerID})
	}
	h.Fetches = append(h.Fetches, Fetch{Operation: operation(8010, 15), Partition: at,
		Records: []Record{{1, 9_000_001}}, HighWatermark: 2})
	h.Scans = append(h.Scans, Scan{Operation: operation(8011, 40), Partition: at, End: 3,
		Records: []Record{{1, 9_000_001}, {2, 9_000_002}},
		Batches: []Batch{{Base: 1, Last: 1, ProducerID: -1}, {Base: 2, Last: 2, ProducerID: -1}}})
	return true
}

func plantForgottenBatch(_ chooser, h *History) bool {
	s := &h.Scans[0]
	for i := len(s.Batches) - 1; i >= 0; i-- {
		if b := s.Batches[i]; b.ProducerID != kafka.NoProducerID &&
			!slices.ContainsFunc(s.Batches[i+1:],
				func(o Batch) bool { return o.ProducerID == b.ProducerID }) &&
			slices.ContainsFunc(h.Produces, func(p Produce) bool {
				return p.Base == b.Base && p.Outcome == OK && b.Base >= s.LogStart
			}) {
			s.Batches = slices.Delete(s.Batches, i, i+1)
			return true
		}
	}
	return false
}

// again adds a second scan that finds the same as the first.
func again(h *History) (first, second *Scan) {
	s := h.Scans[0]
	s.Records, s.Batches = slices.Clone(s.Records), slices.Clone(s.Batches)
	s.Operation.ID++
	s.Call, s.Return = s.Return+1, s.Return+2
	h.Scans = append(h.Scans, s)
	return &h.Scans[0], &h.Scans[1]
}

func plantLostMarker(_ chooser, h *History) bool {
	first, second := again(h)
	first.Batches = append(first.Batches,
		Batch{Base: 900, Last: 900, ProducerID: 3, Transactional: true},
		Batch{Base: 901, Last: 901, ProducerID: 3, Transactional: true, Control: true})
	second.Batches = append(second.Batches,
		Batch{Base: 900, Last: 900, ProducerID: 3, Transactional: true})
	return true
}

func plantHalfASwap(_ chooser, h *History) bool {
	if !certain(h) {
		return false
	}
	again(h)
	h.Scans[0], h.Scans[1] = h.Scans[1], h.Scans[0] // loseNewest takes of the first
	done := loseNewest(h, false)
	h.Scans[0], h.Scans[1] = h.Scans[1], h.Scans[0]
	return done
}

// Whatever is planted into whatever history of a compacted log, its check finds it.
func TestPlantedViolationsOfCompactionAreFound(t *testing.T) {
	s := everything()
	s.compacted, s.operations = true, 12
	for name, plant := range plantedInCompacted() {
		t.Run(name, func(t *testing.T) {
			tried := 0
			for seed := range uint64(20_000) {
				c := newSeeded(seed)
				h := legalHistory(c, s)
				if !plant(c, h) {
					continue
				}
				if tried++; tried > 300 {
					break
				}
				verdict := Run(h)
				if !slices.ContainsFunc(verdict.Violations,
					func(v Violation) bool { return v.Check == name }) {
					t.Fatalf("seed %d: %v\n%s", seed, verdict, story(h))
				}
			}
			if tried < 50 {
				t.Errorf("only %d histories could be spoiled", tried)
			}
		})
	}
}
