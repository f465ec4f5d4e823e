package config

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Property is one key and value of a properties file.
type Property struct {
	Key   string
	Value string
	// Line is where it begins, from 1.
	Line int
}

// propertiesBytesMax bounds a properties file: far more than all settings with
// their documentation, far less than a log that was given by mistake.
const propertiesBytesMax = 1 << 20

// ParseProperties reads text in Java's properties format: a key and a value on
// each line, separated by '=', ':' or spaces; '#' and '!' begin comments; a
// backslash at a line's end continues it, and before a character takes its
// meaning away or makes \t \n \r \f \uXXXX of it. The same key may come twice;
// all are returned, in order. Source: java.util.Properties.
func ParseProperties(text string) ([]Property, error) {
	if len(text) > propertiesBytesMax {
		return nil, fmt.Errorf("the file has %d bytes; a properties file has at most %d",
			len(text), propertiesBytesMax)
	}
	var properties []Property
	lines := splitLines(text)
	for at := 0; at < len(lines); at++ {
		line := trimBlanks(lines[at])
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		first := at
		var logical strings.Builder
		for endsOpen(line) && at+1 < len(lines) {
			logical.WriteString(line[:len(line)-1])
			at++
			line = trimBlanks(lines[at])
		}
		logical.WriteString(strings.TrimSuffix(line, openEnd(line)))
		property, err := parseProperty(logical.String())
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", first+1, err)
		}
		property.Line = first + 1
		properties = append(properties, property)
	}
	return properties, nil
}

func splitLines(text string) []string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.Split(strings.ReplaceAll(text, "\r", "\n"), "\n")
}

// trimBlanks takes the blanks off a line's front; those at its end belong to
// the value.
func trimBlanks(line string) string { return strings.TrimLeft(line, " \t\f") }

// endsOpen reports whether a line ends in an odd number of backslashes, so that
// the next line continues it.
func endsOpen(line string) bool {
	backslashes := len(line) - len(strings.TrimRight(line, `\`))
	return backslashes%2 == 1
}

// openEnd is the backslash that a last line ends in with nothing to follow.
func openEnd(line string) string {
	if endsOpen(line) {
		return `\`
	}
	return ""
}

// parseProperty cuts a logical line into key and value.
func parseProperty(line string) (Property, error) {
	end := len(line)
	for i := 0; i < len(line); i++ {
		if line[i] == '\\' {
			i++
		} else if strings.IndexByte("=: \t\f", line[i]) >= 0 {
			end = i
			break
		}
	}
	rest := trimBlanks(line[end:])
	if rest != "" && (rest[0] == '=' || rest[0] == ':') {
		rest = trimBlanks(rest[1:])
	}
	key, err := unescape(line[:end])
	if err != nil {
		return Property{}, err
	}
	value, err := unescape(rest)
	return Property{Key: key, Value: value}, err
}

// unescape replaces what begins with a backslash.
func unescape(text string) (string, error) {
	if !strings.Contains(text, `\`) {
		return text, nil
	}
	var out strings.Builder
	var units []uint16
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			writeUnits(&out, &units)
			out.WriteByte(text[i])
			continue
		}
		i++
		if text[i] == 'u' {
			if len(text)-i < 5 {
				return "", fmt.Errorf(`\u must be followed by four hexadecimal digits`)
			}
			unit, err := strconv.ParseUint(text[i+1:i+5], 16, 16)
			if err != nil {
				return "", fmt.Errorf(`\u must be followed by four hexadecimal digits, not %q`,
					text[i+1:i+5])
			}
			units = append(units, uint16(unit))
			i += 4
			continue
		}
		writeUnits(&out, &units)
		out.WriteByte(unescapeByte(text[i]))
	}
	writeUnits(&out, &units)
	return out.String(), nil
}

// writeUnits writes the run of \uXXXX that just ended: two of them may be one
// character.
func writeUnits(out *strings.Builder, units *[]uint16) {
	out.WriteString(string(utf16.Decode(*units)))
	*units = (*units)[:0]
}

func unescapeByte(c byte) byte {
	switch c {
	case 't':
		return '\t'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 'f':
		return '\f'
	}
	return c
}
