package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// table is rows under titles. It prints itself in three ways: aligned columns
// with titles for a person, tab-separated raw values without titles for a pipe,
// one JSON object a row for a program.
type table struct {
	// columns are the titles; in JSON they name the values: "min version" is
	// "minVersion".
	columns []string
	rows    [][]any
	// empty is what a person sees when there are no rows.
	empty string
}

func (t *table) add(values ...any) { t.rows = append(t.rows, values) }

// dropEmptyColumns leaves out the columns that have no value in any row, which only
// widen what a person reads. Programs count on every column.
func (t *table) dropEmptyColumns() {
	var empty []string
	for i, column := range t.columns {
		hasValue := func(row []any) bool { return forPeople(row[i]) != forPeople(nil) }
		if !slices.ContainsFunc(t.rows, hasValue) {
			empty = append(empty, column)
		}
	}
	if len(t.rows) > 0 {
		t.drop(empty...)
	}
}

// drop leaves out columns.
func (t *table) drop(columns ...string) {
	for _, column := range columns {
		i := slices.Index(t.columns, column)
		if i < 0 {
			continue
		}
		t.columns = slices.Delete(t.columns, i, i+1)
		for j, row := range t.rows {
			t.rows[j] = slices.Delete(row, i, i+1)
		}
	}
}

// jsonFlag gives a command --json.
func jsonFlag(command *cobra.Command) *bool {
	return command.Flags().Bool("json", false, "print one JSON object per line")
}

// print writes the table to the console's output.
func (c *console) print(t *table, asJSON bool) error {
	var out strings.Builder
	var err error
	switch {
	case asJSON:
		err = t.writeJSON(&out)
	case c.outTerminal:
		t.writeAligned(&out)
	default:
		t.writeTabbed(&out)
	}
	if err != nil {
		return err
	}
	_, err = io.WriteString(c.out, out.String())
	return err
}

func (t *table) writeAligned(out io.Writer) {
	if len(t.rows) == 0 {
		fmt.Fprintln(out, t.empty)
		return
	}
	cells := make([][]string, 0, len(t.rows)+1)
	titles := make([]string, len(t.columns))
	for i, column := range t.columns {
		titles[i] = strings.ToUpper(column)
	}
	cells = append(cells, titles)
	right := make([]bool, len(t.columns))
	for i := range right {
		right[i] = true
	}
	for _, row := range t.rows {
		line := make([]string, len(row))
		for i, value := range row {
			line[i] = forPeople(value)
			right[i] = right[i] && isNumber(value)
		}
		cells = append(cells, line)
	}
	for _, line := range cells {
		fmt.Fprintln(out, alignLine(line, widths(cells), right))
	}
}

func widths(cells [][]string) []int {
	width := make([]int, len(cells[0]))
	for _, line := range cells {
		for i, cell := range line {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	return width
}

func alignLine(line []string, width []int, right []bool) string {
	var out strings.Builder
	for i, cell := range line {
		pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
		if right[i] {
			out.WriteString(pad + cell)
		} else {
			out.WriteString(cell + pad)
		}
		out.WriteString("   ")
	}
	return strings.TrimRight(out.String(), " ")
}

func (t *table) writeTabbed(out io.Writer) {
	clean := strings.NewReplacer("\t", " ", "\n", " ")
	for _, row := range t.rows {
		for i, value := range row {
			if i > 0 {
				io.WriteString(out, "\t")
			}
			io.WriteString(out, clean.Replace(forPrograms(value)))
		}
		io.WriteString(out, "\n")
	}
}

func (t *table) writeJSON(out io.Writer) error {
	for _, row := range t.rows {
		io.WriteString(out, "{")
		for i, value := range row {
			if i > 0 {
				io.WriteString(out, ",")
			}
			encoded, err := encodeJSON(value)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "%q:%s", camel(t.columns[i]), encoded)
		}
		io.WriteString(out, "}\n")
	}
	return nil
}

// encodeJSON is json.Marshal without the escapes that are for HTML.
func encodeJSON(value any) (string, error) {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return strings.TrimSuffix(out.String(), "\n"), err
}

// camel makes a JSON name of a title: "min version" is minVersion.
func camel(title string) string {
	words := strings.Fields(title)
	for i, word := range words {
		if i > 0 {
			words[i] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return strings.Join(words, "")
}

func isNumber(value any) bool {
	switch value.(type) {
	case int, int16, int32, int64, byteSize, nil:
		return true
	}
	return false
}

// forPeople formats a value for a terminal.
func forPeople(value any) string {
	switch v := value.(type) {
	case nil:
		return "-"
	case bool:
		if v {
			return "yes"
		}
		return "no"
	}
	if text := plain(value); text != "" {
		return text
	}
	return "-"
}

// forPrograms formats a value for a pipe.
func forPrograms(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case byteSize:
		return fmt.Sprint(int64(v))
	case millis:
		return fmt.Sprint(int64(v))
	}
	return plain(value)
}

// plain formats what is the same for both: lists with commas.
func plain(value any) string {
	if list, ok := value.([]string); ok {
		return strings.Join(list, ",")
	}
	if list, ok := value.([]int32); ok {
		parts := make([]string, len(list))
		for i, n := range list {
			parts[i] = fmt.Sprint(n)
		}
		return strings.Join(parts, ",")
	}
	return fmt.Sprint(value)
}
