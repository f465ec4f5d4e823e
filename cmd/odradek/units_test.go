package main

import (
	"strings"
	"testing"
	"time"
)

func TestUnits(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{byteSize(0).String(), "0 B"}, {byteSize(1023).String(), "1023 B"},
		{byteSize(1024).String(), "1.0 KiB"}, {byteSize(1536).String(), "1.5 KiB"},
		{byteSize(1<<20 - 1).String(), "1.0 MiB"}, {byteSize(5 << 30).String(), "5.0 GiB"},
		{count(0), "0"}, {count(999), "999"}, {count(1000), "1,000"}, {count(-1234567), "-1,234,567"},
		{plural(1, "record"), "1 record"}, {plural(2000, "record"), "2,000 records"},
		{plural(0, "entry"), "0 entries"}, {plural(3, "batch"), "3 batches"},
		{millis(-1).String(), "-"}, {millis(0).String(), "1970-01-01T00:00:00.000Z"},
		{elapsed(1234 * time.Microsecond), "1ms"}, {elapsed(1260 * time.Millisecond), "1.3s"},
		{elapsed(61500 * time.Millisecond), "1m2s"},
		{rate(1<<20, time.Second/2), "2.0 MiB/s"}, {rate(0, 0), "0 B/s"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestParseWhen(t *testing.T) {
	now := time.Date(2026, 1, 31, 18, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"1700000000000":             "2023-11-14T22:13:20.000Z",
		"0":                         "1970-01-01T00:00:00.000Z",
		"-15m":                      "2026-01-31T17:45:00.000Z",
		"-1h30m":                    "2026-01-31T16:30:00.000Z",
		"-7d":                       "2026-01-24T18:00:00.000Z",
		"2026-01-02":                "2026-01-02T00:00:00.000Z",
		"2026-01-02T03:04:05Z":      "2026-01-02T03:04:05.000Z",
		"2026-01-02T03:04:05.678":   "2026-01-02T03:04:05.678Z",
		"2026-01-02 03:04":          "2026-01-02T03:04:00.000Z",
		"2026-01-02T03:04:05+02:00": "2026-01-02T01:04:05.000Z",
	} {
		if got, err := parseWhen(text, now); err != nil || millis(got).String() != want {
			t.Errorf("%s: got %s, %v, want %s", text, millis(got), err, want)
		}
	}
	for _, text := range []string{"", "-", "--1h", "-1x", "noon", "2026-13-01", "-d", "1.5"} {
		if got, err := parseWhen(text, now); err == nil {
			t.Errorf("%q: got %s, want an error", text, millis(got))
		}
	}
}

func TestStart(t *testing.T) {
	now := time.UnixMilli(1_000_000)
	for _, c := range []struct {
		text               string
		first, end, byTime int64
		want               int64
		wrong              bool
	}{
		{text: "earliest", first: 5, end: 9, want: 5},
		{text: "latest", first: 5, end: 9, want: 9},
		{text: "7", first: 5, end: 9, want: 7},
		{text: "9", first: 5, end: 9, want: 9},
		{text: "4", first: 5, end: 9, wrong: true},
		{text: "10", first: 5, end: 9, wrong: true},
		{text: "-3", first: 5, end: 9, want: 6},
		{text: "-30", first: 5, end: 9, want: 5},
		{text: "-0", first: 5, end: 9, want: 9},
		{text: "@-1s", first: 5, end: 9, byTime: 8, want: 8},
		{text: "@-1s", first: 5, end: 9, byTime: -1, want: 9},
	} {
		from, err := parseStart(c.text, now)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		got, err := from.resolve(c.first, c.end, c.byTime)
		if (err != nil) != c.wrong || !c.wrong && got != c.want {
			t.Errorf("%s of [%d, %d): got %d, %v, want %d", c.text, c.first, c.end, got, err, c.want)
		}
	}
}

func TestUnescape(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "a": "a", `\n\t\r\0\\`: "\n\t\r\x00\\", `\x41b`: "Ab", "ü": "ü",
	} {
		if got, err := unescape(text); err != nil || got != want {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
	for _, text := range []string{`\`, `\q`, `\x`, `\x4`, `\xzz`} {
		if got, err := unescape(text); err == nil {
			t.Errorf("%q: got %q, want an error", text, got)
		}
	}
}

// A stop that could not close everything is not called clean.
func TestWhatAStopSays(t *testing.T) {
	said := func(ends ...bool) string {
		clean := make(chan bool, 1)
		for _, end := range ends {
			clean <- end
		}
		return stopped(clean)
	}
	if got := said(true); got != "stopped cleanly" {
		t.Errorf("a clean stop says %q", got)
	}
	if got := said(); got != "stopped cleanly" {
		t.Errorf("a stop before the start says %q", got)
	}
	if got := said(false); strings.Contains(got, "cleanly") {
		t.Errorf("a stop with logs left open says %q", got)
	}
}
