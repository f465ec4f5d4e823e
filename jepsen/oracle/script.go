package oracle

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

// The scripts, one file for each API.
//
//go:embed scripts/*.txt
var scriptFiles embed.FS

// Script is one parsed script: requests in an order that makes sense of them.
type Script struct {
	Name       string
	statements []statement
}

// Names lists the scripts in the order in which they are run.
func Names() []string {
	entries, err := fs.ReadDir(scriptFiles, "scripts")
	if err != nil {
		return nil // cannot be: the directory is embedded
	}
	var names []string
	for _, entry := range entries {
		names = append(names, strings.TrimSuffix(entry.Name(), ".txt"))
	}
	return names
}

// Load parses the script of that name.
func Load(name string) (Script, error) {
	source, err := scriptFiles.ReadFile("scripts/" + name + ".txt")
	if err != nil {
		return Script{}, fmt.Errorf("no script %q; there are %s", name, strings.Join(Names(), ", "))
	}
	return Parse(name, string(source))
}

// Parse reads a script. name prefixes the topics that it writes with a dollar.
func Parse(name, source string) (Script, error) {
	script := Script{Name: name}
	lines := strings.Split(source, "\n")
	for at := 0; at < len(lines); at++ {
		first := at
		line := strings.TrimSpace(lines[at])
		for depth(line) > 0 && at+1 < len(lines) {
			at++
			line += " " + strings.TrimSpace(lines[at])
		}
		if line == "" {
			continue
		}
		parsed, err := parseStatement(line)
		if err != nil {
			return script, fmt.Errorf("%s.txt:%d: %w", name, first+1, err)
		}
		parsed.line = first + 1
		script.statements = append(script.statements, parsed)
	}
	return script, nil
}

// depth counts the brackets that a piece of script leaves open.
func depth(source string) int {
	open := 0
	if strings.HasPrefix(source, "#") {
		return 0
	}
	eachOutsideText(source, func(_ int, c rune) {
		switch c {
		case '(', '[', '{':
			open++
		case ')', ']', '}':
			open--
		}
	})
	return open
}

// eachOutsideText visits the characters that are not within quotes.
func eachOutsideText(source string, visit func(at int, c rune)) {
	var quote rune
	escaped := false
	for at, c := range source {
		switch {
		case escaped:
			escaped = false
		case quote == '"' && c == '\\':
			escaped = true
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '`':
			quote = c
		default:
			visit(at, c)
		}
	}
}

// splitOutside cuts source at separator where that is outside text and brackets.
func splitOutside(source string, separator rune) []string {
	var parts []string
	open, from := 0, 0
	eachOutsideText(source, func(at int, c rune) {
		switch c {
		case '(', '[', '{':
			open++
		case ')', ']', '}':
			open--
		case separator:
			if open == 0 {
				parts = append(parts, strings.TrimSpace(source[from:at]))
				from = at + 1
			}
		}
	})
	return append(parts, strings.TrimSpace(source[from:]))
}
