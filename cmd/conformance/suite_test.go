package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

func TestSameNamesTheFirstDifference(t *testing.T) {
	if err := same([]byte("abc"), []byte("abc")); err != nil {
		t.Error(err)
	}
	err := same([]byte("abX"), []byte("abcd"))
	want := "3 bytes, want 4; the first difference is at byte 2"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v", err)
	}
	if same([]byte("ab"), []byte("abc")) == nil {
		t.Error("a prefix is not the same")
	}
}

func TestSameRecordsTellsNullFromEmpty(t *testing.T) {
	if err := sameRecords(exampleRecords(), exampleRecords()); err != nil {
		t.Error(err)
	}
	null, empty := []record{{Value: nil}}, []record{{Value: text("")}}
	if sameRecords(null, empty) == nil {
		t.Error("null is not empty")
	}
	if sameRecords(nil, empty) == nil {
		t.Error("no record is not one")
	}
}

func TestExampleLinesStayTheSame(t *testing.T) {
	lines := exampleLines()
	if !bytes.Equal(lines, exampleLines()) {
		t.Error("two calls give different lines")
	}
	if n := bytes.Count(lines, []byte("\n")); n != linesPerFile || lines[len(lines)-1] != '\n' {
		t.Errorf("got %d lines", n)
	}
	for _, part := range []string{"\r\n", "\t", "é"} {
		if !bytes.Contains(lines, []byte(part)) {
			t.Errorf("no %q in the lines", part)
		}
	}
}

// TestDoCounts: what failed or was skipped is never counted as passed.
func TestDoCounts(t *testing.T) {
	var out bytes.Buffer
	s := &suite{caseTime: caseTime, only: regexp.MustCompile("^a"), out: &out}
	for name, err := range map[string]error{
		"a/pass": nil, "a/fail": errors.New("broken"), "a/skip": fmt.Errorf("%w: no client", errSkip),
		"b/not-chosen": errors.New("never run"),
	} {
		s.do(t.Context(), testCase{name, func(context.Context) error { return err }})
	}
	if s.passed != 1 || s.failed != 1 || s.skipped != 1 || !strings.Contains(out.String(), "broken") {
		t.Errorf("%d passed, %d failed, %d skipped\n%s", s.passed, s.failed, s.skipped, out.String())
	}
}
