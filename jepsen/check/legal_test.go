package check

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// No check may object to a history of a partition that kept its promises.
func TestLegalHistoriesPass(t *testing.T) {
	for name, change := range map[string]func(*settings){
		"strict":    func(*settings) {},
		"stale":     func(s *settings) { s.staleFetch = true },
		"calm":      func(s *settings) { s.calm = true },
		"busy":      func(s *settings) { s.processes, s.operations = 12, 60 },
		"compacted": func(s *settings) { s.compacted = true },
		"compacted, keeps tombstones": func(s *settings) {
			s.compacted, s.tombstonesStay = true, true
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := everything()
			change(&s)
			rapid.Check(t, func(t *rapid.T) {
				h := legalHistory(drawn{t}, s)
				if verdict := Run(h); verdict.Result != Pass {
					t.Fatalf("%v\n%s", verdict, story(h))
				}
			})
			undecided := 0
			for seed := range uint64(3000) {
				h := legalHistory(newSeeded(seed), s)
				switch verdict := Run(h); verdict.Result {
				case Fail:
					t.Fatalf("seed %d: %v\n%s", seed, verdict, story(h))
				case Undecided:
					undecided++
				}
			}
			if undecided > 0 {
				t.Errorf("%d of 3000 were undecided", undecided)
			}
		})
	}
}

// story lists a history's operations, for failures.
func story(h *History) string {
	text := ""
	line := func(o Operation, format string, args ...any) {
		text += fmt.Sprintf("%4d p%d [%d, %d] %v ", o.ID, o.Process, o.Call, o.Return, o.Outcome) +
			fmt.Sprintf(format, args...) + "\n"
	}
	for _, p := range h.Produces {
		line(p.Operation, "produce %v acks %d base %d producer %d sent %d",
			p.Records, p.Acks, p.Base, p.ProducerID, p.Sends)
	}
	for _, f := range h.Fetches {
		line(f.Operation, "fetch at %d: %v high watermark %d log start %d",
			f.Offset, f.Records, f.HighWatermark, f.LogStart)
	}
	for _, l := range h.Lists {
		line(l.Operation, "list offsets, earliest %v: %d", l.Earliest, l.Offset)
	}
	for _, d := range h.Deletes {
		line(d.Operation, "delete before %d: log start %d", d.Before, d.LogStart)
	}
	for _, s := range h.Scans {
		line(s.Operation, "scan [%d, %d): %v", s.LogStart, s.End, s.Records)
	}
	return text
}
