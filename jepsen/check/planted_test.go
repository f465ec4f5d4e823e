package check

import (
	"slices"
	"testing"

	"odradek/core/kafka"
)

// planted are ways to make a legal history impossible. Each returns false when
// the history has nothing to spoil in that way.
func planted() map[string]func(c chooser, h *History) bool {
	return map[string]func(c chooser, h *History) bool{
		"nothing-made-up":        plantChangedRecord,
		"failure-without-effect": plantFailureThatWasRead,
		"one-value-per-offset":   plantSameOffset,
		"place-as-told":          plantOtherOffset,
		"no-duplicates":          plantDuplicate,
		"acknowledged-kept":      plantLoss,
		"final-scan-whole":       plantHole,
		"linearizable":           plantOldEnd,
		"fetch-contiguous":       plantSkip,
		"committed-only":         plantUncommitted,
		"deleted-stays-deleted":  plantUndelete,
		"high-watermark-rises":   plantLowHighWatermark,
		"log-start-rises":        plantOldStart,
		"log-start-justified":    plantStart,
	}
}

func plantChangedRecord(c chooser, h *History) bool {
	f := pick(c, h.Fetches)
	if f == nil || len(f.Records) == 0 {
		return false
	}
	f.Records[c.choose(len(f.Records))].Hash ^= 1 << 40
	return true
}

// lastOf finds the produce whose record the final scan ends with.
func lastOf(h *History) *Produce {
	records := h.Scans[0].Records
	if len(records) == 0 {
		return nil
	}
	for i := range h.Produces {
		if slices.Contains(h.Produces[i].Records, records[len(records)-1].Hash) {
			return &h.Produces[i]
		}
	}
	return nil
}

func plantFailureThatWasRead(_ chooser, h *History) bool {
	p := lastOf(h)
	if p == nil {
		return false
	}
	p.Outcome, p.Return = Failed, p.Call+1
	return true
}

func plantSameOffset(c chooser, h *History) bool {
	a, b := pick(c, h.Produces), pick(c, h.Produces)
	if a == nil || a == b || a.Outcome != OK || b.Outcome != OK ||
		a.Acks != AcksAll || b.Acks != AcksAll {
		return false
	}
	a.Base = b.Base
	return true
}

func plantOtherOffset(_ chooser, h *History) bool {
	p := lastOf(h)
	if p == nil || p.Outcome != OK || p.Base < 0 || p.Sends > 1 && !p.Idempotent() {
		return false
	}
	p.Base++
	return true
}

func plantDuplicate(_ chooser, h *History) bool {
	p, s := lastOf(h), &h.Scans[0]
	if p == nil || !p.Idempotent() || p.Outcome == Failed {
		return false
	}
	for _, hash := range p.Records {
		s.Records = append(s.Records, Record{s.End, hash})
		s.End++
	}
	return true
}

func plantLoss(c chooser, h *History) bool {
	p, s := lastOf(h), &h.Scans[0]
	if p == nil || p.Outcome != OK || p.Acks != AcksAll || p.Sends > 1 && !p.Idempotent() {
		return false
	}
	lost := 1 + c.choose(min(len(p.Records), len(s.Records)))
	s.Records = s.Records[:len(s.Records)-lost]
	s.End -= kafka.Offset(lost)
	return true
}

func plantHole(c chooser, h *History) bool {
	s := &h.Scans[0]
	if len(s.Records) == 0 {
		return false
	}
	at := c.choose(len(s.Records))
	s.Records = slices.Delete(s.Records, at, at+1)
	return true
}

// before is a time just before the final scan.
func before(h *History) (call, answer Event) {
	s := &h.Scans[0]
	call, answer = s.Call, s.Call+1
	s.Call, s.Return = s.Call+2, s.Return+2
	return call, answer
}

// ask adds an operation that asks for an end of the log, just before the scan.
func ask(h *History, earliest bool, offset kafka.Offset) bool {
	call, answer := before(h)
	h.Lists = append(h.Lists, ListOffsets{Operation{ID: 7777, Process: 77, Call: call,
		Return: answer, Outcome: OK}, kafka.TopicPartition{}, earliest, offset})
	return true
}

func plantOldEnd(_ chooser, h *History) bool {
	for _, p := range h.Produces {
		if p.Outcome == OK && p.Acks == AcksAll && p.Base >= 0 && p.Return < h.Scans[0].Call {
			return ask(h, false, p.Base)
		}
	}
	return false
}

func plantSkip(c chooser, h *History) bool {
	f := pick(c, h.Fetches)
	if f == nil || len(f.Records) < 3 {
		return false
	}
	f.Records = slices.Delete(f.Records, 1, 2)
	return true
}

func plantUncommitted(c chooser, h *History) bool {
	f := pick(c, h.Fetches)
	if f == nil || len(f.Records) == 0 {
		return false
	}
	f.HighWatermark = f.Records[c.choose(len(f.Records))].Offset
	return true
}

func plantUndelete(_ chooser, h *History) bool {
	start := kafka.Offset(0)
	for _, d := range h.Deletes {
		if d.Outcome == OK {
			start = max(start, d.LogStart)
		}
	}
	for _, f := range h.Fetches {
		if len(f.Records) > 0 && f.Offset < start {
			f.Call, f.Return = before(h)
			h.Fetches = append(h.Fetches, f)
			return true
		}
	}
	return false
}

func plantLowHighWatermark(c chooser, h *History) bool {
	f := pick(c, h.Fetches)
	if f == nil || f.Outcome != OK || f.HighWatermark == 0 {
		return false
	}
	return ask(h, false, kafka.Offset(c.choose(int(f.HighWatermark))))
}

func plantOldStart(_ chooser, h *History) bool {
	for _, d := range h.Deletes {
		if d.Outcome == OK && d.LogStart > 0 {
			return ask(h, true, d.LogStart-1)
		}
	}
	return false
}

func plantStart(_ chooser, h *History) bool {
	for _, d := range h.Deletes {
		if d.Before == kafka.NoOffset && d.Outcome == Unknown {
			return false // it excuses anything
		}
	}
	return ask(h, true, h.Scans[0].End+5)
}

// Whatever is planted into whatever history, its check finds it.
func TestPlantedViolationsAreFound(t *testing.T) {
	for name, plant := range planted() {
		t.Run(name, func(t *testing.T) {
			tried := 0
			for seed := range uint64(2000) {
				c := newSeeded(seed)
				h := legalHistory(c, everything())
				if !plant(c, h) {
					continue
				}
				tried++
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
