package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// resetRule says which offset a partition of a group is reset to.
type resetRule struct {
	kind resetKind
	// value is an offset, a number of records, or a time in milliseconds.
	value int64
}

type resetKind int

const (
	resetToEarliest resetKind = iota
	resetToLatest
	resetToCurrent // what is committed; the end where nothing is
	resetToOffset
	resetToTail // the last value records
	resetToTime // the first record at or after it; the end when there is none
	resetByShift
	resetFromFile
)

// resetFlags are the ways in which a person may say the rule. Those named as Kafka's
// tool has them are understood and not advertised: --to takes them all.
type resetFlags struct {
	to         string
	shiftBy    int64
	byDuration string
	fromFile   string
	toOffset   int64
	toDatetime string
}

// ruleFlags are the names of the flags of which exactly one is given.
var ruleFlags = []string{"to", "shift-by", "by-duration", "from-file", "to-earliest", "to-latest",
	"to-current", "to-offset", "to-datetime"}

// rule is what was meant, where given reports whether a flag was on the command line.
func (f *resetFlags) rule(given func(flag string) bool, now time.Time) (resetRule, error) {
	var used []string
	for _, flag := range ruleFlags {
		if given(flag) {
			used = append(used, flag)
		}
	}
	if len(used) == 0 {
		return resetRule{}, usagef("say where to: --to WHERE, --shift-by N, --by-duration TIME or " +
			"--from-file FILE")
	}
	if len(used) > 1 {
		return resetRule{}, usagef("--%s and --%s exclude each other", used[0], used[1])
	}
	switch used[0] {
	case "to":
		return parseResetTo(f.to, now)
	case "shift-by":
		return resetRule{resetByShift, f.shiftBy}, nil
	case "by-duration":
		ago, err := parseDuration(f.byDuration)
		if err != nil {
			return resetRule{}, usagef("--by-duration: %v", err)
		}
		return resetRule{resetToTime, now.Add(-ago).UnixMilli()}, nil
	case "from-file":
		return resetRule{kind: resetFromFile}, nil
	case "to-earliest":
		return resetRule{kind: resetToEarliest}, nil
	case "to-latest":
		return resetRule{kind: resetToLatest}, nil
	case "to-current":
		return resetRule{kind: resetToCurrent}, nil
	case "to-offset":
		if f.toOffset < 0 {
			return resetRule{}, usagef("--to-offset is at least 0")
		}
		return resetRule{resetToOffset, f.toOffset}, nil
	}
	when, err := parseWhen(f.toDatetime, now)
	if err != nil {
		return resetRule{}, usagef("--to-datetime: %v", err)
	}
	return resetRule{resetToTime, when}, nil
}

// parseResetTo reads --to: what consume's --offset takes, and current.
func parseResetTo(text string, now time.Time) (resetRule, error) {
	if text == "current" {
		return resetRule{kind: resetToCurrent}, nil
	}
	from, err := parseStart(text, now)
	if err != nil {
		if at, isTime := strings.CutPrefix(text, "@"); isTime {
			_, err := parseWhen(at, now)
			return resetRule{}, usagef("--to: %v", err)
		}
		return resetRule{}, usagef("--to: %q is neither an offset nor earliest, latest, current, "+
			"-N or @TIME", text)
	}
	kinds := map[startKind]resetKind{startAtEarliest: resetToEarliest, startAtLatest: resetToLatest,
		startAtOffset: resetToOffset, startAtTail: resetToTail, startAtTime: resetToTime}
	return resetRule{kinds[from.kind], from.value}, nil
}

// durationMax bounds a --by-duration: a time.Duration holds 292 years.
const durationMax = 100 * 365 * 24 * time.Hour

// isoDuration is a duration as Kafka's tool takes it (ISO 8601): P7D, PT1H30M, PT0.5S.
var isoDuration = regexp.MustCompile(
	`^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$`)

// parseDuration reads a length of time: 90s, 1h30m, 7d, or as ISO 8601 has it, PT1H30M.
func parseDuration(text string) (time.Duration, error) {
	wrong := fmt.Errorf("%q is no length of time: write 15m, 1h30m, 7d, or PT1H30M", text)
	days, clock := "", strings.ToLower(text)
	if parts := isoDuration.FindStringSubmatch(strings.ToUpper(text)); parts != nil {
		days, clock = parts[1], ""
		for i, unit := range []string{"h", "m", "s"} {
			if parts[2+i] != "" {
				clock += parts[2+i] + unit
			}
		}
	} else if before, after, hasDays := strings.Cut(clock, "d"); hasDays {
		days, clock = before, after
	}
	if days == "" && clock == "" {
		return 0, wrong
	}
	var total time.Duration
	if days != "" {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return 0, wrong
		}
		total = time.Duration(n) * 24 * time.Hour
	}
	if clock != "" {
		d, err := time.ParseDuration(clock)
		if err != nil || d < 0 || clock[0] == '+' || clock[0] == '-' {
			return 0, wrong
		}
		total += d
	}
	if total < 0 || total > durationMax {
		return 0, wrong
	}
	return total, nil
}

// resetSituation is what there is to know about a partition before its reset.
type resetSituation struct {
	// first and end are the offsets of the log, [first, end).
	first, end int64
	// byTime is the first offset at or after the rule's time, negative when there is none.
	byTime int64
	// committed is the group's offset, negative when it has none.
	committed int64
}

// resolve finds the new offset. note says what differs from what was asked for: an
// offset outside of the log becomes the nearest in it, as with Kafka's tool.
func (r resetRule) resolve(s resetSituation) (offset int64, note string, err error) {
	switch r.kind {
	case resetToLatest:
		return s.end, "", nil
	case resetToTail:
		return max(s.first, s.end-r.value), "", nil
	case resetToTime:
		if s.byTime < 0 {
			return s.end, "", nil
		}
		return s.byTime, "", nil
	case resetToCurrent:
		if s.committed < 0 {
			return s.end, fmt.Sprintf("nothing is committed; taking the end, %d", s.end), nil
		}
		return s.committed, "", nil
	case resetByShift:
		if s.committed < 0 {
			return 0, "", fmt.Errorf("nothing is committed, so there is nothing to shift from")
		}
		offset, note = s.clamp(shifted(s.committed, r.value))
		return offset, note, nil
	case resetToOffset, resetFromFile:
		offset, note = s.clamp(r.value)
		return offset, note, nil
	}
	return s.first, "", nil
}

// shifted is offset + by, without running over.
func shifted(offset, by int64) int64 {
	if sum := offset + by; by < 0 || sum >= offset {
		return sum
	}
	return 1<<63 - 1
}

func (s resetSituation) clamp(offset int64) (int64, string) {
	if offset > s.end {
		return s.end, fmt.Sprintf("offset %d is past the end; taking the end, %d", offset, s.end)
	}
	if offset < s.first {
		return s.first, fmt.Sprintf("offset %d is before the first; taking the first, %d", offset,
			s.first)
	}
	return offset, ""
}
