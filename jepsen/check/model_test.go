package check

import (
	"math/rand/v2"
	"slices"

	"odradek/core/kafka"
	"pgregory.net/rapid"
)

// chooser makes the random choices of a model run: rapid's can be shrunk, a
// seeded generator's are cheap.
type chooser interface {
	choose(n int) int // 0 <= x < n
}

type seeded struct{ *rand.Rand }

func newSeeded(seed uint64) seeded { return seeded{rand.New(rand.NewPCG(seed, 1))} }

func (s seeded) choose(n int) int { return s.IntN(n) }

type drawn struct{ t *rapid.T }

func (d drawn) choose(n int) int { return rapid.IntRange(0, n-1).Draw(d.t, "choice") }

// model is a partition that keeps every promise, with clients that see it
// through a bad network. What it records is a legal history.
type model struct {
	chooser
	h        History
	now      Event
	log      []entry
	highs    []int // high watermarks there were, the last is the present one
	starts   []int // log start offsets there were, likewise
	flying   []*flight
	limbo    []*flight // without answer, may still take effect
	told     map[int]int
	newest   map[kafka.ProducerID]Event
	settings settings
}

// settings say which kinds of operation a model run has.
type settings struct {
	operations int
	processes  int
	kinds      []string // of: produce, fetch, end, start, delete
	staleFetch bool
	plain      bool // acks=all without idempotence, sent once
	calm       bool // no crashes
	// compacted: records have keys and may be dropped; tombstonesStay as in Rules.
	compacted, tombstonesStay bool
}

// entry is a record in the model's log.
type entry struct {
	hash    Hash
	produce int // index in the history
	index   int // in the batch
	// dropped by compaction
	dropped bool
}

// flight is an operation under way.
type flight struct {
	kind    string
	index   int // in the history's slice of the kind
	process int
	sends   int // that have not arrived yet
	base    int // of the last copy, or -1
	refused bool
	done    bool // a read took place
}

func everything() settings {
	return settings{operations: 30, processes: 4,
		kinds: []string{"produce", "produce", "produce", "fetch", "fetch", "end", "start", "delete"}}
}

func (m *model) high() int  { return m.highs[len(m.highs)-1] }
func (m *model) start() int { return m.starts[len(m.starts)-1] }

// legalHistory runs the model to its end.
func legalHistory(c chooser, s settings) *History {
	m := &model{chooser: c, settings: s, highs: []int{0}, starts: []int{0}, told: map[int]int{},
		newest: map[kafka.ProducerID]Event{}}
	m.h.Rules = Rules{StaleFetch: s.staleFetch, Compacted: s.compacted,
		TombstonesStay: s.tombstonesStay}
	for started := 0; started < s.operations; {
		switch m.choose(8) {
		case 0, 1, 2:
			if m.begin() {
				started++
			}
		case 3, 4, 5:
			m.advance()
		case 6:
			m.commit()
		case 7:
			m.accident()
			m.compact()
		}
	}
	for range 3 * len(m.flying) {
		m.advance()
		m.commit()
	}
	m.commit()
	m.scan()
	return &m.h
}

func (m *model) tick() Event {
	m.now++
	return m.now
}

// begin calls an operation on an idle process.
func (m *model) begin() bool {
	process := m.choose(m.settings.processes)
	for _, f := range m.flying {
		if f.process == process {
			return false
		}
	}
	f := &flight{kind: m.settings.kinds[m.choose(len(m.settings.kinds))], process: process, base: -1}
	operation := Operation{ID: int(m.now) + 1, Process: process, Call: m.tick(), Return: Never}
	switch f.kind {
	case "produce":
		m.beginProduce(f, operation)
	case "fetch":
		f.index = len(m.h.Fetches)
		m.h.Fetches = append(m.h.Fetches, Fetch{Operation: operation})
	case "end", "start":
		f.index = len(m.h.Lists)
		m.h.Lists = append(m.h.Lists, ListOffsets{Operation: operation, Earliest: f.kind == "start"})
	case "delete":
		f.index = len(m.h.Deletes)
		m.h.Deletes = append(m.h.Deletes, DeleteRecords{Operation: operation,
			Before: kafka.Offset(m.choose(m.high()+2) - 1)})
	}
	m.flying = append(m.flying, f)
	return true
}

func (m *model) beginProduce(f *flight, operation Operation) {
	p := Produce{Operation: operation, Acks: AcksAll, Base: kafka.NoOffset, Sends: 1,
		ProducerID: kafka.NoProducerID}
	for i := range 1 + m.choose(3) {
		p.Records = append(p.Records, Hash(100*operation.ID+i))
		m.giveKey(&p)
	}
	if !m.settings.plain {
		p.Acks = []int16{AcksAll, AcksAll, AcksAll, AcksLeader, AcksNone}[m.choose(5)]
		p.Sends = 1 + m.choose(2)
		if p.Acks == AcksAll && m.choose(2) == 0 {
			p.ProducerID = kafka.ProducerID(f.process)
			m.newest[p.ProducerID] = p.Call
		}
	}
	f.index, f.sends = len(m.h.Produces), p.Sends
	m.h.Produces = append(m.h.Produces, p)
}

// advance lets an operation take effect or return.
func (m *model) advance() {
	if len(m.flying) == 0 {
		return
	}
	i := m.choose(len(m.flying))
	f := m.flying[i]
	finished := false
	switch f.kind {
	case "produce":
		finished = m.advanceProduce(f)
	case "fetch":
		finished = m.advanceFetch(f)
	case "end", "start":
		finished = m.advanceList(f)
	case "delete":
		finished = m.advanceDelete(f)
	}
	if finished {
		m.flying = slices.Delete(m.flying, i, i+1)
	}
}

func (m *model) advanceProduce(f *flight) (finished bool) {
	p := &m.h.Produces[f.index]
	answer := func(outcome Outcome) bool {
		p.Return, p.Outcome = m.tick(), outcome
		if outcome != Failed && f.sends > 0 {
			m.limbo = append(m.limbo, f)
		}
		return true
	}
	committed := f.base >= 0 && f.base+len(p.Records) <= m.high()
	switch choice := m.choose(8); {
	case choice < 4 && f.sends > 0 && !f.refused:
		m.arrive(f)
	case f.base < 0 && f.sends == p.Sends && choice == 4:
		return answer(Failed) // refused each time it was sent
	case choice == 5:
		return answer(Unknown)
	case p.Acks == AcksNone:
		return answer(OK)
	case p.Acks == AcksLeader && f.base >= 0, committed:
		p.Base = kafka.Offset(f.base)
		return answer(OK)
	}
	return false
}

// arrive appends a batch, as often as it was sent, or once if idempotent.
func (m *model) arrive(f *flight) {
	p := &m.h.Produces[f.index]
	f.sends--
	if p.Idempotent() {
		for at, e := range m.log {
			if e.produce == f.index {
				f.base = at
				return
			}
			if other := &m.h.Produces[e.produce]; other.ProducerID == p.ProducerID &&
				other.Call > p.Call {
				return // the sequence is too old
			}
		}
		if m.newest[p.ProducerID] > p.Call {
			return
		}
	}
	f.base = len(m.log)
	for i, hash := range p.Records {
		m.log = append(m.log, entry{hash: hash, produce: f.index, index: i})
	}
}

func (m *model) advanceFetch(f *flight) bool {
	fetch := &m.h.Fetches[f.index]
	if f.done {
		fetch.Return = m.tick()
		return true
	}
	f.done = true
	high, start := m.high(), m.start()
	if m.settings.staleFetch {
		high = m.highs[m.choose(len(m.highs))]
		start = m.starts[m.choose(len(m.starts))]
		if high < m.told[f.process] || start > high {
			f.done = false
			return false
		}
	}
	m.told[f.process] = max(high, m.told[f.process])
	fetch.Outcome = OK
	fetch.Offset = kafka.Offset(start + m.choose(high-start+1))
	fetch.HighWatermark, fetch.LogStart = kafka.Offset(high), kafka.Offset(start)
	at := int(fetch.Offset)
	if at < high && m.choose(2) == 0 {
		at -= m.log[at].index // the whole batch, as it is sent
	}
	wanted := m.choose(8)
	for ; at < high && (wanted > 0 || m.log[at].index > 0); at++ {
		if m.log[at].dropped {
			continue
		}
		fetch.Records = append(fetch.Records, Record{kafka.Offset(at), m.log[at].hash})
		wanted--
	}
	return false
}

func (m *model) advanceList(f *flight) bool {
	list := &m.h.Lists[f.index]
	if f.done {
		list.Return, list.Outcome = m.tick(), OK
		return true
	}
	f.done = true
	list.Offset = kafka.Offset(m.high())
	if list.Earliest {
		list.Offset = kafka.Offset(m.start())
	} else {
		m.told[f.process] = max(m.high(), m.told[f.process])
	}
	return false
}

func (m *model) advanceDelete(f *flight) bool {
	d := &m.h.Deletes[f.index]
	switch {
	case !f.done && m.choose(3) == 0:
		d.Return = m.tick()
		m.limbo = append(m.limbo, f)
		return true
	case !f.done:
		m.delete(f)
		return false
	}
	d.Return, d.Outcome = m.tick(), OK
	return true
}

func (m *model) delete(f *flight) {
	d := &m.h.Deletes[f.index]
	f.done = true
	before := int(d.Before)
	if before < 0 {
		before = m.high()
	}
	m.starts = append(m.starts, max(m.start(), before))
	d.LogStart = kafka.Offset(m.start())
}

func (m *model) commit() {
	if m.high() < len(m.log) {
		m.highs = append(m.highs, len(m.log))
	}
}

// accident is a crash that loses what was not committed, or the late arrival of
// what a client has given up.
func (m *model) accident() {
	if len(m.limbo) > 0 && m.choose(2) == 0 {
		f := m.limbo[m.choose(len(m.limbo))]
		switch {
		case f.kind == "produce" && f.sends > 0:
			m.arrive(f)
		case f.kind == "delete" && !f.done:
			m.delete(f)
		}
		return
	}
	if m.settings.calm || m.choose(3) > 0 {
		return
	}
	keep := m.high() + m.choose(len(m.log)-m.high()+1)
	for keep < len(m.log) && keep > m.high() && m.log[keep].index > 0 {
		keep--
	}
	m.log = m.log[:keep]
	for _, f := range m.flying {
		if f.kind == "produce" && f.base >= keep {
			f.base = -1
			f.refused = f.sends == 0
		}
	}
}

func (m *model) scan() {
	s := Scan{Operation: Operation{ID: 9999, Process: 99, Call: m.tick(), Outcome: OK},
		LogStart: kafka.Offset(m.start()), End: kafka.Offset(m.high())}
	for at := m.start(); at < m.high(); at++ {
		if !m.log[at].dropped {
			s.Records = append(s.Records, Record{kafka.Offset(at), m.log[at].hash})
		}
	}
	m.scanBatches(&s)
	s.Return = m.tick()
	m.h.Scans = append(m.h.Scans, s)
}
