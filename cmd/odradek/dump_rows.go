package main

import (
	"fmt"
	"strings"
)

// field is a named value of a row.
type field struct {
	name  string
	value any
}

// row shows one thing: aligned under titles for a person, or as fields for a
// program. widths are the columns for a person; 0 leaves the field out, a
// negative one aligns to the left.
func (d *dump) row(kind string, widths []int, fields ...field) {
	switch {
	case d.verify:
	case *d.asJSON:
		d.json(kind, fields)
	case d.forPeople():
		d.aligned(kind, widths, fields)
	default:
		d.out.WriteString(kind)
		for _, f := range fields {
			d.out.WriteByte('\t')
			d.out.WriteString(strings.NewReplacer("\t", " ", "\n", " ").Replace(forPrograms(f.value)))
		}
		d.out.WriteByte('\n')
	}
}

func (d *dump) json(kind string, fields []field) {
	encodedFile, _ := encodeJSON(d.file)
	fmt.Fprintf(d.out, `{"kind":%q,"file":%s`, kind, encodedFile)
	for _, f := range fields {
		encoded, err := encodeJSON(f.value)
		if err != nil {
			encoded = "null"
		}
		fmt.Fprintf(d.out, ",%q:%s", camel(f.name), encoded)
	}
	d.out.WriteString("}\n")
}

func (d *dump) aligned(kind string, widths []int, fields []field) {
	titles := make([]string, len(fields))
	for i, f := range fields {
		titles[i] = strings.ToUpper(f.name)
	}
	if d.titled != kind {
		d.titled = kind
		d.padded(widths, titles, titles)
	}
	values := make([]string, len(fields))
	for i, f := range fields {
		values[i] = forPeople(f.value)
	}
	d.padded(widths, titles, values)
}

// padded writes a line of columns that are at least as wide as their titles.
func (d *dump) padded(widths []int, titles, cells []string) {
	var line strings.Builder
	for i, cell := range cells {
		switch {
		case widths[i] > 0:
			fmt.Fprintf(&line, "  %*s", max(widths[i], len(titles[i])), cell)
		case widths[i] < 0:
			fmt.Fprintf(&line, "  %-*s", max(-widths[i], len(titles[i])), cell)
		}
	}
	fmt.Fprintln(d.out, strings.TrimRight(line.String(), " "))
}

// summary is the last line about a file, for people and for --verify.
func (d *dump) summary(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	switch {
	case *d.asJSON:
		d.json("summary", []field{{"summary", text}})
	case d.verify:
		fmt.Fprintf(d.out, "%s: %s\n", d.file, text)
	case d.forPeople():
		fmt.Fprintf(d.out, "  %s\n", text)
	}
}
