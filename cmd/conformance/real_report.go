package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// realReport tells of a run: what happens while it does, and a table at the end.
// With JSON, results alone go to out, one a line.
type realReport struct {
	lock   sync.Mutex
	out    io.Writer
	errs   io.Writer
	json   bool
	begin  time.Time
	total  int
	passed int
	failed int
}

func newRealReport(out, errs io.Writer, json bool, total int) *realReport {
	r := &realReport{out: out, errs: errs, json: json, begin: time.Now(), total: total}
	if !json {
		r.errs = out // one stream, in order
	}
	return r
}

// say tells what happens now.
func (r *realReport) say(format string, args ...any) {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.sayLocked(format, args...)
}

func (r *realReport) sayLocked(format string, args ...any) {
	passed := time.Since(r.begin).Round(time.Second)
	fmt.Fprintf(r.errs, "%5v  %d/%d  %s\n", passed, r.passed+r.failed, r.total,
		fmt.Sprintf(format, args...))
}

// transferLine is a transfer as a line of JSON. Times are in seconds.
type transferLine struct {
	Name         string     `json:"name"`
	Writer       string     `json:"writer"`
	Codec        string     `json:"codec"`
	Kills        int        `json:"kills"`
	Bytes        int64      `json:"bytes"`
	Lines        int64      `json:"lines"`
	SHA256       string     `json:"sha256"`
	StoredBytes  int64      `json:"stored_bytes"`
	WriteSeconds float64    `json:"write_seconds"`
	Reads        []readLine `json:"reads"`
	Passed       bool       `json:"passed"`
	Error        string     `json:"error,omitempty"`
}

type readLine struct {
	Reader  string  `json:"reader"`
	Seconds float64 `json:"seconds"`
	Same    bool    `json:"same"`
}

// done tells how a transfer ended.
func (r *realReport) done(file *realFile, t *transfer) {
	r.lock.Lock()
	defer r.lock.Unlock()
	failure := t.failure()
	if failure != nil {
		r.failed++
		r.sayLocked("FAIL  %s: %v", t.name(), failure)
	} else {
		r.passed++
		r.sayLocked("pass  %s", t.name())
	}
	if !r.json {
		return
	}
	line := transferLine{Name: t.name(), Writer: t.writer.name(), Codec: t.codec, Kills: t.kills,
		Bytes: file.bytes, Lines: file.lines, SHA256: fmt.Sprintf("%x", file.sum),
		StoredBytes: t.storedBytes, WriteSeconds: t.writeTime.Seconds(), Passed: failure == nil,
		Reads: []readLine{}}
	for _, read := range t.reads {
		line.Reads = append(line.Reads, readLine{read.reader, read.took.Seconds(), read.err == nil})
	}
	if failure != nil {
		line.Error = failure.Error()
	}
	encoded, err := json.Marshal(line)
	if err != nil {
		panic(err) // it has no field that can fail
	}
	fmt.Fprintf(r.out, "%s\n", encoded)
}

// sum tells how all of it went, and returns how many transfers failed.
func (r *realReport) sum(file *realFile, transfers []*transfer) int {
	r.lock.Lock()
	defer r.lock.Unlock()
	readers := readersOf(transfers)
	table := tabwriter.NewWriter(r.errs, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "\nwriter\tcodec\tkills\twrite s\tMB/s\tstored MB\t%s\tall identical\t\n",
		strings.Join(readers, " s\t")+" s")
	for _, t := range transfers {
		identical := "yes"
		if t.failure() != nil {
			identical = "NO"
		}
		rate := "-"
		if t.writeTime > 0 {
			rate = fmt.Sprintf("%.0f", float64(file.bytes)/1e6/t.writeTime.Seconds())
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%.1f\t%s\t%.0f\t%s\t%s\t\n", t.writer.name(), t.codec, t.kills,
			t.writeTime.Seconds(), rate, float64(t.storedBytes)/1e6,
			strings.Join(readTimes(t, readers), "\t"), identical)
	}
	table.Flush()
	fmt.Fprintf(r.errs, "\nof %d transfers of %d bytes in %d lines, %d identical and %d not, in %v\n",
		r.total, file.bytes, file.lines, r.passed, r.failed,
		time.Since(r.begin).Round(time.Second))
	return r.failed
}

// readersOf are the names of all readers, in the order of their coming.
func readersOf(transfers []*transfer) []string {
	var names []string
	seen := map[string]bool{}
	for _, t := range transfers {
		for _, reader := range t.readers {
			if !seen[reader.name()] {
				seen[reader.name()] = true
				names = append(names, reader.name())
			}
		}
	}
	return names
}

// readTimes has a column for each reader.
func readTimes(t *transfer, readers []string) []string {
	columns := make([]string, len(readers))
	for i, name := range readers {
		columns[i] = "-"
		for _, read := range t.reads {
			if read.reader == name {
				columns[i] = fmt.Sprintf("%.1f", read.took.Seconds())
			}
		}
	}
	return columns
}
