package history

import (
	"errors"
	"fmt"
	"slices"
)

// faultsMax is how many faults of each rule are told: the first ones say what is
// wrong, and a group that begins anew finds thousands.
const faultsMax = 3

// Rule is one thing that must hold of a history.
type Rule struct {
	Name string
	Doc  string
	find func(j *judge)
}

// Rules lists what Judge holds true.
func Rules() []Rule {
	return []Rule{
		{"Value", "a consumed record is the one that the log has at its offset", (*judge).values},
		{"Order", "between assigned and revoked, a member consumes each offset after the last",
			(*judge).order},
		{"NotAgain", "an ownership begins at or beyond every commit that was acknowledged before it",
			(*judge).notAgain},
		{"OwnCommit", "a member commits the end of what it consumed, or where it began",
			(*judge).ownCommits},
		{"NeverBack", "what the coordinator answers is not below any commit acknowledged before, " +
			"nor below an earlier answer", (*judge).neverBack},
		{"NoZombie", "a commit is refused once a later owner has committed more",
			(*judge).noZombies},
		{"Every", "every record of the log is consumed by somebody", (*judge).every},
		{"End", "the last answer of the coordinator has the end of every partition", (*judge).end},
	}
}

// Judge finds what is wrong with the history; nil when nothing is.
func (h *History) Judge() error {
	j := newJudge(h)
	var all []error
	for _, rule := range Rules() {
		j.faults = nil
		rule.find(j)
		for i, fault := range j.faults {
			if i == faultsMax {
				all = append(all, fmt.Errorf("%s: and %d more", rule.Name, len(j.faults)-i))
				break
			}
			all = append(all, fmt.Errorf("%s: %s", rule.Name, fault))
		}
	}
	return errors.Join(all...)
}

// ownership is a time during which a partition was a member's.
type ownership struct {
	member    string
	partition int32
	// from is a time before the member asked where to begin.
	from Millis
	// guessed: the member is silent, and nothing tells for sure where it began.
	guessed  bool
	consumed []Event
	commits  []Event
}

// begin is the first offset that the owner consumed.
func (o *ownership) begin() (Offset, bool) {
	if len(o.consumed) == 0 {
		return 0, false
	}
	return o.consumed[0].Offset, true
}

// floor is what a partition's committed offset is known to be at least, and when
// that was known.
type floor struct {
	known  Millis
	offset Offset
	by     string
}

// judge is a history in the order in which the rules want it.
type judge struct {
	history    *History
	ownerships []*ownership
	// floors are by partition, in the order of their times, and only grow: one that was
	// known when a higher one was is that one again.
	floors map[int32][]floor
	faults []string
}

func newJudge(h *History) *judge {
	j := &judge{history: h, floors: map[int32][]floor{}}
	for _, m := range h.Members {
		j.ownerships = append(j.ownerships, ownershipsOf(m)...)
		for _, e := range m.Events {
			if e.Kind == Committed {
				j.floors[e.Partition] = append(j.floors[e.Partition], floor{e.At, e.Offset, m.Name})
			}
		}
	}
	for _, o := range h.Observations {
		for partition, offset := range o.Offsets {
			j.floors[partition] = append(j.floors[partition],
				floor{o.Answered, offset, "the observer"})
		}
	}
	for _, floors := range j.floors {
		slices.SortStableFunc(floors, func(a, b floor) int { return int(a.known - b.known) })
		for i := 1; i < len(floors); i++ {
			if floors[i-1].offset > floors[i].offset {
				floors[i].offset, floors[i].by = floors[i-1].offset, floors[i-1].by
			}
		}
	}
	return j
}

// floorBefore is what was known to be committed of a partition before a time; its
// offset is -1 when nothing was.
func (j *judge) floorBefore(partition int32, at Millis) floor {
	floors := j.floors[partition]
	n, _ := slices.BinarySearchFunc(floors, at, func(f floor, at Millis) int {
		return int(f.known - at)
	})
	if n == 0 {
		return floor{offset: -1}
	}
	return floors[n-1]
}

// ownershipsOf cuts what a member said into ownerships. A silent member's begin
// where it consumes another offset than the next one; what was known when it consumed
// the last one, or when it was started, was known before that.
func ownershipsOf(m Member) []*ownership {
	var all []*ownership
	open := map[int32]*ownership{}
	start := func(partition int32, at Millis) *ownership {
		o := &ownership{member: m.Name, partition: partition, from: at, guessed: m.Silent}
		open[partition] = o
		all = append(all, o)
		return o
	}
	last := map[int32]Event{}
	for _, e := range m.Events {
		o := open[e.Partition]
		switch e.Kind {
		case Assigned:
			start(e.Partition, e.At)
		case Revoked:
			delete(open, e.Partition)
		case Consumed:
			before, seen := last[e.Partition]
			if m.Silent && (!seen || e.Offset != before.Offset+1) {
				o = start(e.Partition, max(m.Started, before.At))
			}
			if o == nil {
				// What was on its way when the partition was revoked. NotAgain knows nothing
				// of it, but Every and Value do.
				o = start(e.Partition, m.Started)
				o.guessed = true
			}
			o.consumed = append(o.consumed, e)
			last[e.Partition] = e
		case Committed:
			if o != nil {
				o.commits = append(o.commits, e)
			}
		}
	}
	return all
}

func (j *judge) fault(format string, args ...any) {
	j.faults = append(j.faults, fmt.Sprintf(format, args...))
}

func (j *judge) values() {
	for _, m := range j.history.Members {
		for _, e := range m.Events {
			if e.Kind != Consumed {
				continue
			}
			if e.Partition < 0 || int(e.Partition) >= len(j.history.Log) ||
				e.Offset < 0 || int(e.Offset) >= len(j.history.Log[e.Partition]) {
				j.fault("%s consumed offset %d of partition %d, which the log does not have",
					m.Name, e.Offset, e.Partition)
			} else if want := j.history.Log[e.Partition][e.Offset]; e.Value != want {
				j.fault("%s consumed %q at offset %d of partition %d, where the log has %q",
					m.Name, e.Value, e.Offset, e.Partition, want)
			}
		}
	}
}

func (j *judge) order() {
	for _, o := range j.ownerships {
		for i := 1; i < len(o.consumed); i++ {
			a, b := o.consumed[i-1], o.consumed[i]
			if b.Offset != a.Offset+1 {
				j.fault("%s, assigned partition %d at %d, consumed offset %d after %d",
					o.member, o.partition, o.from, b.Offset, a.Offset)
			}
		}
	}
}

func (j *judge) notAgain() {
	for _, o := range j.ownerships {
		begin, ok := o.begin()
		if !ok {
			continue
		}
		highest := j.floorBefore(o.partition, o.from)
		if begin < highest.offset {
			j.fault("%s, assigned partition %d at %d, began at offset %d, and %s knew before, at %d,"+
				" that %d was committed", o.member, o.partition, o.from, begin, highest.by,
				highest.known, highest.offset)
		}
	}
}

func (j *judge) ownCommits() {
	for _, o := range j.ownerships {
		if o.guessed {
			continue
		}
		begin, ok := o.begin()
		for _, c := range o.commits {
			// What was consumed before the commit: the last of it.
			next := begin
			for _, e := range o.consumed {
				if e.At <= c.At {
					next = e.Offset + 1
				}
			}
			if ok && (c.Offset < begin || c.Offset > next) {
				j.fault("%s, assigned partition %d at %d, committed %d at %d, having consumed from %d up"+
					" to %d", o.member, o.partition, o.from, c.Offset, c.At, begin, next)
			}
		}
	}
}

func (j *judge) neverBack() {
	for _, o := range j.history.Observations {
		for partition := range int32(len(j.history.Log)) {
			offset, ok := o.Offsets[partition]
			if !ok {
				offset = -1
			}
			if f := j.floorBefore(partition, o.Asked); f.offset > offset {
				j.fault("the coordinator, asked at %d, said that %d is committed of partition %d,"+
					" and %s knew before, at %d, of %d", o.Asked, offset, partition, f.by, f.known, f.offset)
			}
		}
	}
}

func (j *judge) noZombies() {
	for _, late := range j.ownerships {
		for _, early := range j.ownerships {
			if early.partition != late.partition || early.member == late.member ||
				early.from >= late.from || early.guessed || late.guessed {
				continue
			}
			for _, zombie := range early.commits {
				for _, c := range late.commits {
					if c.At < zombie.At && c.Offset > zombie.Offset {
						j.fault("%s, assigned partition %d at %d, had %d committed at %d, when %s, assigned"+
							" it at %d, had committed %d at %d", early.member, early.partition, early.from,
							zombie.Offset, zombie.At, late.member, late.from, c.Offset, c.At)
					}
				}
			}
		}
	}
}

func (j *judge) every() {
	seen := make([][]bool, len(j.history.Log))
	for p, log := range j.history.Log {
		seen[p] = make([]bool, len(log))
	}
	for _, m := range j.history.Members {
		for _, e := range m.Events {
			if e.Kind == Consumed && int(e.Partition) < len(seen) &&
				int(e.Offset) < len(seen[e.Partition]) {
				seen[e.Partition][e.Offset] = true
			}
		}
	}
	for p, offsets := range seen {
		for offset, was := range offsets {
			if !was {
				j.fault("nobody consumed offset %d of partition %d (%q)%s", offset, p,
					j.history.Log[p][offset], j.around(int32(p), Offset(offset)))
			}
		}
	}
}

// around says who consumed what comes before and after an offset.
func (j *judge) around(partition int32, offset Offset) string {
	text := ""
	for _, o := range j.ownerships {
		for _, e := range o.consumed {
			switch {
			case o.partition != partition:
			case e.Offset == offset-1:
				text += fmt.Sprintf("; %s consumed the one before at %d", o.member, e.At)
			case e.Offset == offset+1:
				text += fmt.Sprintf("; %s consumed the one after at %d", o.member, e.At)
			}
		}
	}
	return text
}

func (j *judge) end() {
	observations := j.history.Observations
	if len(observations) == 0 {
		j.fault("the coordinator was never asked")
		return
	}
	last := observations[len(observations)-1]
	for p, log := range j.history.Log {
		if got, ok := last.Offsets[int32(p)]; len(log) > 0 && (!ok || int(got) != len(log)) {
			j.fault("at the end %d is committed of partition %d, whose end is %d", got, p, len(log))
		}
	}
}
