package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// printHelp writes the help of a command: what it does, how to call it,
// examples to copy, its commands, its flags.
func printHelp(out io.Writer, command *cobra.Command) {
	text := command.Long
	if text == "" {
		text = command.Short + "."
	}
	fmt.Fprintf(out, "%s\n\nUsage:\n  %s\n", strings.TrimSpace(text), useLine(command))
	if command.Example != "" {
		fmt.Fprintf(out, "\nExamples:\n%s\n", indent(command.Example))
	}
	printCommands(out, command)
	if flags := command.LocalNonPersistentFlags(); flags.HasAvailableFlags() {
		fmt.Fprintf(out, "\nFlags:\n%s", flags.FlagUsagesWrapped(helpColumns))
	}
	if shared := command.InheritedFlags(); shared.HasAvailableFlags() && !command.HasSubCommands() {
		fmt.Fprintf(out, "\nConnection:\n%s", shared.FlagUsagesWrapped(helpColumns))
	}
	if command.HasAvailableSubCommands() {
		fmt.Fprintf(out, "\n`%s COMMAND --help` shows a command's flags and examples.\n",
			command.CommandPath())
	}
}

// helpColumns is how wide the help is at most: a small terminal.
const helpColumns = 96

func useLine(command *cobra.Command) string {
	if command.HasAvailableSubCommands() {
		return command.CommandPath() + " COMMAND [flags]"
	}
	return command.UseLine()
}

// printCommands lists the commands below a command, by their groups.
func printCommands(out io.Writer, command *cobra.Command) {
	width := 0
	for _, child := range command.Commands() {
		width = max(width, len(child.Name()))
	}
	list := func(title, id string) {
		for _, child := range command.Commands() {
			if !child.IsAvailableCommand() || child.GroupID != id {
				continue
			}
			if title != "" {
				fmt.Fprintf(out, "\n%s:\n", title)
				title = ""
			}
			fmt.Fprintf(out, "  %-*s  %s\n", width, child.Name(), child.Short)
		}
	}
	for _, g := range command.Groups() {
		list(g.Title, g.ID)
	}
	list("Commands", "")
}

// example joins lines of examples; it is what every command's help shows.
func example(lines ...string) string { return strings.Join(lines, "\n") }

func indent(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, line := range lines {
		if line != "" {
			lines[i] = "  " + line
		}
	}
	return strings.Join(lines, "\n")
}
