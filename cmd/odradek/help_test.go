package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func eachCommand(root *cobra.Command, visit func(command *cobra.Command)) {
	visit(root)
	for _, child := range root.Commands() {
		if !child.Hidden {
			eachCommand(child, visit)
		}
	}
}

// TestEveryCommandHasAnExampleThatParses: an example that does not work is worse
// than none.
func TestEveryCommandHasAnExampleThatParses(t *testing.T) {
	eachCommand(newRoot(newConsole()), func(command *cobra.Command) {
		if command.Short == "" || strings.HasSuffix(command.Short, ".") {
			t.Errorf("%s: Short is a phrase without full stop, got %q", command.CommandPath(), command.Short)
		}
		if command.Example == "" {
			t.Errorf("%s has no Example", command.CommandPath())
		}
		own := false
		for _, line := range strings.Split(command.Example, "\n") {
			line, _, _ = strings.Cut(line, " #")
			for _, part := range strings.Split(line, "|") {
				words := splitWords(part)
				if len(words) > 0 && words[0] == "odradek" {
					found := parses(t, command.CommandPath(), words[1:])
					own = own || strings.HasPrefix(found+" ", command.CommandPath()+" ")
				}
			}
		}
		if !own {
			t.Errorf("%s: no example calls it", command.CommandPath())
		}
	})
}

// parses checks one example line and returns the path of the command it calls.
func parses(t *testing.T, of string, words []string) string {
	for i, word := range words {
		if word == ">" {
			words = words[:i]
			break
		}
	}
	command, rest, err := newRoot(newConsole()).Find(words)
	if err != nil {
		t.Errorf("%s: example %q: %v", of, words, err)
		return ""
	}
	if err := command.ParseFlags(rest); err != nil {
		t.Errorf("%s: example %q: %v", of, words, err)
	}
	if command.Args != nil {
		if err := command.Args(command, command.Flags().Args()); err != nil {
			t.Errorf("%s: example %q: %v", of, words, err)
		}
	}
	return command.CommandPath()
}

func TestEveryFlagIsExplained(t *testing.T) {
	eachCommand(newRoot(newConsole()), func(command *cobra.Command) {
		for _, line := range strings.Split(command.Flags().FlagUsages(), "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), "-") && len(strings.Fields(line)) < 4 {
				t.Errorf("%s: flag without explanation: %q", command.CommandPath(), line)
			}
		}
	})
}

func TestNearest(t *testing.T) {
	known := []string{"topics", "produce", "consume", "offsets", "configs", "bootstrap", "partitions"}
	for given, want := range map[string]string{
		"topcis": "topics", "topic": "topics", "prod": "produce", "consum": "consume",
		"partition": "partitions", "boostrap": "bootstrap", "xyz": "", "": "", "c": "",
		"cofnigs": "configs",
	} {
		if got := nearest(given, known); got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
}
