package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// byteSize is a number of bytes: 1.5 MiB for people, 1572864 for programs.
type byteSize int64

// String is the size for people.
func (b byteSize) String() string {
	if b < 1024 {
		return strconv.FormatInt(int64(b), 10) + " B"
	}
	value, unit := float64(b), ""
	for _, unit = range []string{"KiB", "MiB", "GiB", "TiB", "PiB"} {
		value /= 1024
		if value < 1023.95 {
			break
		}
	}
	return fmt.Sprintf("%.1f %s", value, unit)
}

// count writes a number with its thousands apart: 1,234,567.
func count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	var out strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			out.WriteByte(',')
		}
		out.WriteRune(d)
	}
	return sign + out.String()
}

// plural is "1 record", "2 records", "3 batches", "4 entries".
func plural(n int64, noun string) string {
	if n != 1 {
		stem, isY := strings.CutSuffix(noun, "y")
		switch {
		case isY:
			noun = stem + "ies"
		case strings.HasSuffix(noun, "ch"):
			noun += "es"
		default:
			noun += "s"
		}
	}
	return count(n) + " " + noun
}

// millis is a record's timestamp: a date for people, milliseconds since 1970
// for programs, nothing when there is none.
type millis int64

// String is the timestamp for people, in UTC.
func (m millis) String() string {
	if m < 0 {
		return "-"
	}
	return time.UnixMilli(int64(m)).UTC().Format("2006-01-02T15:04:05.000Z")
}

// elapsed rounds a duration to what a person reads.
func elapsed(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// parseWhen reads a point in time, in milliseconds since 1970: such a number
// itself, a date, a date and time (UTC unless it says otherwise), or an age as
// -15m, -2h, -7d.
func parseWhen(text string, now time.Time) (int64, error) {
	if age, isAge := strings.CutPrefix(text, "-"); isAge {
		if days, isDays := strings.CutSuffix(age, "d"); isDays {
			if n, err := strconv.Atoi(days); err == nil && n >= 0 {
				return now.AddDate(0, 0, -n).UnixMilli(), nil
			}
		}
		if d, err := time.ParseDuration(age); err == nil && d >= 0 {
			return now.Add(-d).UnixMilli(), nil
		}
	} else if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	for _, layout := range []string{
		time.RFC3339Nano, "2006-01-02T15:04:05.999", "2006-01-02 15:04:05.999", "2006-01-02T15:04",
		"2006-01-02 15:04", "2006-01-02",
	} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UnixMilli(), nil
		}
	}
	return 0, fmt.Errorf("%q is not a time: write 2026-01-31T18:00:00Z, milliseconds since 1970, "+
		"or an age as -15m, -2h, -7d", text)
}
