package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDocumentation is the gate: nothing in the Markdown files is broken.
func TestDocumentation(t *testing.T) {
	root, err := findRoot()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := check(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range problems {
		t.Error(problem)
	}
}

// TestReferenceIsCurrent: the generated pages say what the code says.
func TestReferenceIsCurrent(t *testing.T) {
	root, err := findRoot()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages() {
		got, err := os.ReadFile(filepath.Join(root, "docs", "reference", p.name))
		if err != nil {
			t.Errorf("%v: run `make docs`", err)
			continue
		}
		if diff := cmp.Diff(p.text, string(got)); diff != "" {
			t.Errorf("docs/reference/%s is stale, run `make docs` (-want +got):\n%s", p.name, diff)
		}
	}
}

// TestCheckFindsWhatIsBroken runs the checks on a small repository where
// everything that can be wrong is.
func TestCheckFindsWhatIsBroken(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module odradek\n",
		"core/log/log.go": "package log\n\ntype Log struct{ Size int }\n\nfunc (l *Log) Append() {}\n\n" +
			"func replay() {}\n\ntype Door interface{ Opened() }\n\n// See docs/chapters/01-log.md,\n" +
			"// docs/chapters/04-planned.md and docs/chapters/05-lost.md.\nconst Max = 1\n",
		"docs/README.md": "# Syllabus\n\n[one](chapters/01-log.md) and later `04-planned.md`\n",
		"docs/chapters/01-log.md": "# The log\n\n## What it is, in short\n\n" +
			"Good: `log.Log`, `log.(*Log).Append`, `core/log.Log.Size`, `log.replay()`, `log.Max`,\n" +
			"`log.Door.Opened`, `log.dirs`, `kgo.Client`, `core/log/log.go`, `core/log`, [a](#the-log),\n" +
			"[b](../README.md#syllabus), [c](https://example.org/nowhere), [d](01-log.md#what-it-is-in-short)\n" +
			"Bad: `log.Lag`, `log.(*Log).Prepend`, `log.redo()`, `log.Door.Closed`, `core/log/gone.go`\n" +
			"Bad: [e](02-gone.md) [f](#nowhere) [g](../README.md#nowhere)\n" +
			"```\n`log.Lag` in a block is a quotation\n```\n",
	} {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := check(root)
	if err != nil {
		t.Fatal(err)
	}
	chapter := "docs/chapters/01-log.md"
	want := []string{
		chapter + ":8: core/log has no Lag",
		chapter + ":8: core/log has no Log.Prepend",
		chapter + ":8: core/log has no redo",
		chapter + ":8: core/log has no Door.Closed",
		chapter + ":8: there is no core/log/gone.go",
		chapter + ":9: the link 02-gone.md leads nowhere",
		chapter + ":9: the link #nowhere leads to no heading of " + chapter,
		chapter + ":9: the link ../README.md#nowhere leads to no heading of docs/README.md",
		"core/log/log.go:12: there is no docs/chapters/05-lost.md; docs/README.md lists the chapters",
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestStories: a story that has changed is a problem, unless only its times have;
// telling it anew leaves everything around it as it was.
func TestStories(t *testing.T) {
	root := t.TempDir()
	page := "# Page\n\n<!-- story of seed 7 -->\n```\n1s broker dies\n```\n\nafter\n\n" +
		"<!-- story of seed 8 -->\nno block\n"
	path := filepath.Join(root, "page.md")
	if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
	told := []string{"  2s  broker  dies"}
	problems := func() []string {
		r, err := open(root)
		if err == nil {
			err = r.checkStories("page.md", func(uint64) []string { return told })
		}
		if err != nil {
			t.Fatal(err)
		}
		return r.problems
	}
	lost := "page.md:10: after this mark a block has to follow, with the story of a seed"
	if diff := cmp.Diff([]string{lost}, problems()); diff != "" {
		t.Errorf("only times differ (-want +got):\n%s", diff)
	}
	told = append(told, "3s broker starts")
	stale := "page.md:5: seed 7 tells another story now: run `go run ./cmd/docs -stories`, " +
		"and see whether it still shows what the chapter says"
	if diff := cmp.Diff([]string{lost, stale}, problems()); diff != "" {
		t.Errorf("a line more (-want +got):\n%s", diff)
	}
	if err := writeStories(root, func(uint64) []string { return told }); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(page, "1s broker dies", "  2s  broker  dies\n3s broker starts", 1)
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("told anew (-want +got):\n%s", diff)
	}
	lost = strings.Replace(lost, ":10:", ":11:", 1)
	if diff := cmp.Diff([]string{lost}, problems()); diff != "" {
		t.Errorf("and then (-want +got):\n%s", diff)
	}
}
