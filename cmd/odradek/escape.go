package main

import (
	"fmt"
	"strconv"
	"strings"
)

// unescape reads \n \t \r \0 \\ and \xHH, so that separators can be typed.
func unescape(text string) (string, error) {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			out.WriteByte(text[i])
			continue
		}
		i++
		if i == len(text) {
			return "", fmt.Errorf("%q ends in a lone backslash: write \\\\ for one", text)
		}
		switch text[i] {
		case 'n':
			out.WriteByte('\n')
		case 't':
			out.WriteByte('\t')
		case 'r':
			out.WriteByte('\r')
		case '0':
			out.WriteByte(0)
		case '\\':
			out.WriteByte('\\')
		case 'x':
			if i+2 >= len(text) {
				return "", fmt.Errorf("%q: \\x wants two hexadecimal digits", text)
			}
			b, err := strconv.ParseUint(text[i+1:i+3], 16, 8)
			if err != nil {
				return "", fmt.Errorf("%q: \\x wants two hexadecimal digits", text)
			}
			out.WriteByte(byte(b))
			i += 2
		default:
			return "", fmt.Errorf("%q: there is no \\%c; there are \\n \\t \\r \\0 \\\\ \\xHH",
				text, text[i])
		}
	}
	return out.String(), nil
}
