package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// start is where to begin in each partition.
type start struct {
	kind  startKind
	value int64 // an offset, a number of records, or a time in milliseconds
}

type startKind int

const (
	startAtEarliest startKind = iota
	startAtLatest
	startAtOffset
	startAtTail // the last value records
	startAtTime
)

// parseStart reads --offset.
func parseStart(text string, now time.Time) (start, error) {
	switch text {
	case "earliest", "beginning", "start", "first":
		return start{kind: startAtEarliest}, nil
	case "latest", "end", "last":
		return start{kind: startAtLatest}, nil
	}
	if at, ok := strings.CutPrefix(text, "@"); ok {
		when, err := parseWhen(at, now)
		if err != nil {
			return start{}, usagef("--offset: %v", err)
		}
		return start{startAtTime, when}, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil:
		return start{}, usagef("--offset: %q is neither an offset nor earliest, latest, -N or @TIME",
			text)
	case strings.HasPrefix(text, "-"):
		return start{startAtTail, -n}, nil
	}
	return start{startAtOffset, n}, nil
}

// resolve turns a start into an offset, given the partition's first and end
// offset and, for a time, the first offset at or after it (negative: none).
func (s start) resolve(first, end, byTime int64) (int64, error) {
	switch s.kind {
	case startAtLatest:
		return end, nil
	case startAtTail:
		return max(first, end-s.value), nil
	case startAtTime:
		if byTime < 0 {
			return end, nil
		}
		return byTime, nil
	case startAtOffset:
		if s.value < first {
			return 0, fmt.Errorf("offset %d was deleted; the first one is %d", s.value, first)
		}
		if s.value > end {
			return 0, fmt.Errorf("offset %d is past the end, %d", s.value, end)
		}
		return s.value, nil
	}
	return first, nil
}
