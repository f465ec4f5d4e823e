package main

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"sync"
	"time"

	"odradek/jepsen/check"
	"odradek/sim"
	"odradek/sim/campaign"
)

// simRow is a run as a campaign lists it.
type simRow struct {
	result *campaign.Result
	wall   time.Duration
}

func (row *simRow) bad() bool { return row.result.Verdict != check.Pass }

// do makes one run.
func (r *simRun) do(c sim.Config) *simRow {
	began := r.console.now()
	result := campaign.Do(c)
	return &simRow{result, r.console.now().Sub(began)}
}

// verdictOf is the exit status of a run.
func verdictOf(row *simRow) error {
	if !row.bad() {
		return nil
	}
	return &fault{sentence: fmt.Sprintf("seed %d: %s", row.result.Report.Seed, row.result.Verdict)}
}

// many runs a campaign: one run at a time on each core, told in the order in
// which they end.
func (r *simRun) many(ctx context.Context) error {
	jobs := r.jobs
	if jobs <= 0 {
		jobs = runtime.GOMAXPROCS(0)
	}
	seeds, rows := make(chan uint64), make(chan *simRow)
	go func() {
		defer close(seeds)
		for seed := r.first; ; seed++ {
			select {
			case seeds <- seed:
			case <-ctx.Done():
				return
			}
			if seed == r.last {
				return
			}
		}
	}()
	var working sync.WaitGroup
	for range jobs {
		working.Add(1)
		go func() {
			defer working.Done()
			for seed := range seeds {
				c := r.config
				c.Seed = seed
				rows <- r.do(c)
			}
		}()
	}
	go func() {
		working.Wait()
		close(rows)
	}()
	s := r.gather(rows)
	if ctx.Err() != nil {
		fmt.Fprintf(r.console.err, "interrupted after %d of %d seeds\n", s.runs, r.last-r.first+1)
	}
	s.print(r.console)
	switch {
	case ctx.Err() != nil:
		return errInterrupted
	case len(s.failed)+len(s.undecided) > 0:
		return &fault{sentence: fmt.Sprintf("%d of %d seeds failed, %d are undecided",
			len(s.failed), s.runs, len(s.undecided))}
	}
	return nil
}

// summary is what a campaign came to.
type summary struct {
	runs              int
	failed, undecided []uint64
	simulated         time.Duration
	events            uint64
	operations        int
	searched          check.Searched
	began             time.Time
	fired             map[string]int64
}

// gather takes in runs as they end.
func (r *simRun) gather(rows <-chan *simRow) *summary {
	s := &summary{began: r.console.now(), fired: map[string]int64{}}
	total := r.last - r.first + 1
	bar := newProgress(r.console)
	for row := range rows {
		s.add(row)
		bar.show(func() string {
			return fmt.Sprintf("%d of %d seeds, %d failed, %d undecided, %s simulated",
				s.runs, total, len(s.failed), len(s.undecided), s.simulated.Round(time.Second))
		})
		if *r.asJSON {
			r.printJSON(row)
		} else if row.bad() {
			bar.clear()
			r.list(row)
		}
	}
	bar.clear()
	return s
}

func (s *summary) add(row *simRow) {
	report := row.result.Report
	s.runs++
	s.simulated += report.Simulated
	s.events += report.Events
	s.operations += row.result.Operations
	s.searched.Add(row.result.Searched)
	for _, f := range report.Faults {
		s.fired[f.Kind.String()] += f.Fired
	}
	switch row.result.Verdict {
	case check.Fail:
		s.failed = append(s.failed, report.Seed)
	case check.Undecided:
		s.undecided = append(s.undecided, report.Seed)
	}
}

// list prints a run that did not pass.
func (r *simRun) list(row *simRow) {
	report := row.result.Report
	reason := ""
	if report.Failure != nil {
		reason = report.Failure.Error()
	} else if len(row.result.Open) > 0 {
		reason = row.result.Open[0]
	}
	fmt.Fprintf(r.console.out, "%s: odradek sim run --seed %d\n  %s\n", row.result.Verdict,
		report.Seed, reason)
}

// print tells a person, on the error stream, so that --json stays pure.
func (s *summary) print(c *console) {
	wall := c.now().Sub(s.began)
	fmt.Fprintf(c.err, "%d seeds: %d failed, %d undecided. %v simulated in %v (%.0f times as fast), "+
		"%d operations, %d events\n", s.runs, len(s.failed), len(s.undecided),
		s.simulated.Round(time.Second), wall.Round(time.Millisecond),
		s.simulated.Seconds()/max(wall.Seconds(), 0.001), s.operations, s.events)
	fmt.Fprintf(c.err, "A search agreed on %d operations in %d windows; %d windows were too wide "+
		"for one and %d were left out\n", s.searched.Operations, s.searched.Windows,
		s.searched.Wide, s.searched.Left)
}

// jsonRow is a run as --json prints it.
type jsonRow struct {
	Seed        uint64           `json:"seed"`
	Verdict     string           `json:"verdict"`
	Hash        string           `json:"hash"`
	Events      uint64           `json:"events"`
	Operations  int              `json:"operations"`
	SimulatedMs int64            `json:"simulated_ms"`
	WallMs      int64            `json:"wall_ms"`
	Faults      map[string]int64 `json:"faults"`
	Reason      string           `json:"reason,omitempty"`
}

func (r *simRun) printJSON(row *simRow) {
	report := row.result.Report
	line := jsonRow{Seed: report.Seed, Verdict: row.result.Verdict.String(), Hash: report.Hash,
		Events: report.Events, Operations: row.result.Operations,
		SimulatedMs: report.Simulated.Milliseconds(), WallMs: row.wall.Milliseconds(),
		Faults: map[string]int64{}}
	for _, f := range report.Faults {
		line.Faults[f.Kind.String()] = f.Fired
	}
	if report.Failure != nil {
		line.Reason = report.Failure.Error()
	}
	text, err := json.Marshal(line)
	if err != nil {
		line.Reason = err.Error() // no field of the row can fail to encode
	}
	fmt.Fprintf(r.console.out, "%s\n", text)
}
