package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var rewrite = flag.Bool("rewrite", false, "write testdata/*.txt again; then read the diff")

// TestScripts runs the command lines of testdata/*.txt and compares what they
// print. A line "$ odradek ARGS" is a command in a pipe, "$ tty odradek ARGS"
// one at a terminal; what follows is its output, standard error marked by "! ",
// and the exit status if it is not 0.
func TestScripts(t *testing.T) {
	names, err := filepath.Glob(filepath.Join("testdata", "*.txt"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := runScript(t, string(want), runLine)
			if *rewrite {
				if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		})
	}
}

// runScript keeps the command lines and comments and makes the outputs again.
func runScript(
	t *testing.T, script string, runLine func(t *testing.T, line string) string,
) string {
	var out strings.Builder
	for _, line := range strings.Split(strings.TrimSuffix(script, "\n"), "\n") {
		switch {
		case strings.HasPrefix(line, "# "):
			if out.Len() > 0 {
				out.WriteString("\n")
			}
			fmt.Fprintf(&out, "%s\n", line)
		case strings.HasPrefix(line, "$ "):
			if out.Len() > 0 && !strings.HasPrefix(lastLine(out.String()), "# ") {
				out.WriteString("\n")
			}
			fmt.Fprintf(&out, "%s\n%s", line, runLine(t, strings.TrimPrefix(line, "$ ")))
		}
	}
	return out.String()
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	return lines[len(lines)-1]
}

func runLine(t *testing.T, line string) string {
	words := splitWords(line)
	terminal := words[0] == "tty"
	if terminal {
		words = words[1:]
	}
	if words[0] != "odradek" {
		t.Fatalf("a script runs odradek, not %q", words[0])
	}
	return showRun(runCommand(terminal, "", words[1:]...))
}

// showRun writes what a command printed as the scripts have it.
func showRun(stdout, stderr string, status int) string {
	var out strings.Builder
	out.WriteString(stdout)
	if stdout != "" && !strings.HasSuffix(stdout, "\n") {
		out.WriteString("(no newline)\n")
	}
	for _, line := range strings.SplitAfter(stderr, "\n") {
		if line != "" {
			out.WriteString("! " + line)
		}
	}
	if status != 0 {
		fmt.Fprintf(&out, "exit status %d\n", status)
	}
	return out.String()
}

// runCommand runs one command line with buffers for its console. No broker is at
// the address it gets.
func runCommand(terminal bool, stdin string, args ...string) (stdout, stderr string, status int) {
	return runCommandAt("127.0.0.1:1", terminal, stdin, args...)
}

// runCommandAt is runCommand with a broker.
func runCommandAt(
	bootstrap string, terminal bool, stdin string, args ...string,
) (stdout, stderr string, status int) {
	var out, err bytes.Buffer
	c := &console{in: strings.NewReader(stdin), out: &out, err: &err, outTerminal: terminal,
		getenv: func(name string) string {
			return map[string]string{bootstrapVariable: bootstrap}[name]
		},
		now: func() time.Time { return time.Date(2026, 1, 31, 18, 0, 0, 0, time.UTC) },
	}
	status = run(context.Background(), args, c)
	return out.String(), err.String(), status
}

// splitWords is a shell's, as far as the scripts and examples need it.
func splitWords(line string) []string {
	var words []string
	var word strings.Builder
	quoted, begun := false, false
	flush := func() {
		if begun {
			words = append(words, word.String())
		}
		word.Reset()
		begun = false
	}
	for _, r := range line {
		switch {
		case r == '\'':
			quoted, begun = !quoted, true
		case r == ' ' && !quoted:
			flush()
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	flush()
	return words
}
