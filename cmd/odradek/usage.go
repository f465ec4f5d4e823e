package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// usageError is a command line that cannot be meant; it ends with status 2.
type usageError struct {
	// sentence says what is wrong and what to write instead.
	sentence string
}

func (e *usageError) Error() string { return e.sentence }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}

// flagError turns pflag's errors into sentences with a suggestion.
func flagError(command *cobra.Command, err error) error {
	if errors.Is(err, pflag.ErrHelp) {
		return err
	}
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		f := invalid.GetFlag()
		return usagef("--%s: %q is not %s", f.Name, invalid.GetValue(), kindOf(f.Value.Type()))
	}
	var lone *pflag.ValueRequiredError
	if errors.As(err, &lone) {
		return usagef("--%s wants a value after it", lone.GetFlag().Name)
	}
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return usagef("%v", err)
	}
	given := unknown.GetSpecifiedName()
	if len(given) == 1 {
		return usagef("there is no flag -%s", given)
	}
	var known []string
	command.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			known = append(known, f.Name)
		}
	})
	if best := nearest(given, known); best != "" {
		return usagef("there is no flag --%s; did you mean --%s?", given, best)
	}
	return usagef("there is no flag --%s", given)
}

// kindOf says what a flag of a pflag type wants.
func kindOf(flagType string) string {
	switch flagType {
	case "duration":
		return "a duration: write 500ms, 10s, 2m"
	case "bool":
		return "true or false"
	case "int32Slice":
		return "a list of whole numbers: write 0,3"
	}
	return "a whole number"
}

// group makes a command that only holds others: alone it prints its help, and
// a word that is none of its commands gets a suggestion.
func group(command *cobra.Command, children ...*cobra.Command) *cobra.Command {
	command.AddCommand(children...)
	command.Args = cobra.ArbitraryArgs
	command.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return c.Help()
		}
		var known []string
		for _, child := range c.Commands() {
			if child.IsAvailableCommand() {
				known = append(known, child.Name())
			}
		}
		if best := nearest(args[0], known); best != "" {
			return usagef("there is no command %q; did you mean `%s %s`?",
				args[0], c.CommandPath(), best)
		}
		return usagef("there is no command %q; there are %s", args[0], strings.Join(known, ", "))
	}
	return command
}

// wants makes a check of how many arguments a command gets; what names them in
// the sentence. A most of -1 is no bound.
func wants(least, most int, what string) cobra.PositionalArgs {
	return func(command *cobra.Command, args []string) error {
		if len(args) < least {
			return usagef("name %s: %s", what, command.UseLine())
		}
		if most >= 0 && len(args) > most {
			return usagef("%q is one argument too many: %s", args[most], command.UseLine())
		}
		return nil
	}
}

// nearest returns the known word that given is likely a slip of, or "".
func nearest(given string, known []string) string {
	best, bestDistance := "", 1+max(1, len(given)/3)
	for _, word := range known {
		d := distance(given, word)
		if len(given) >= 3 && strings.HasPrefix(word, given) {
			d = 1
		}
		if d < bestDistance {
			best, bestDistance = word, d
		}
	}
	return best
}

// distance counts the insertions, deletions, replacements and swaps of
// neighbours that make b of a.
func distance(a, b string) int {
	var before []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
