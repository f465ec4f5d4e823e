package oracle

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"text/scanner"
)

// parser reads the values of a script: JSON with bare field names, $variables,
// functions, and a plus sign between what can be joined.
//
//	{Topics: [{Topic: "$orders", Partitions: [{Partition: 0, Records: batch("a", "k"="v")}]}]}
type parser struct {
	lex   scanner.Scanner
	token rune
	err   error
}

func newParser(source string) *parser {
	p := &parser{}
	p.lex.Init(strings.NewReader(source))
	p.lex.Mode = scanner.ScanIdents | scanner.ScanInts | scanner.ScanStrings | scanner.ScanRawStrings
	p.lex.Error = func(_ *scanner.Scanner, message string) { p.fail("%s", message) }
	p.next()
	return p
}

// parseValue reads source, which must be exactly one value.
func parseValue(source string) (expr, error) {
	p := newParser(source)
	value := p.value()
	if p.err == nil && p.token != scanner.EOF {
		p.fail("unexpected %q after the value", p.lex.TokenText())
	}
	return value, p.err
}

func (p *parser) next() { p.token = p.lex.Scan() }

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("%s: %s", p.lex.Pos(), fmt.Sprintf(format, args...))
	}
	p.token = scanner.EOF
}

// take consumes the token if it is the one wanted.
func (p *parser) take(token rune) bool {
	if p.token != token {
		return false
	}
	p.next()
	return true
}

func (p *parser) expect(token rune) {
	if !p.take(token) {
		p.fail("expected %q, found %q", string(token), p.lex.TokenText())
	}
}

func (p *parser) value() expr {
	left := p.single()
	for p.err == nil && p.take('+') {
		left = sum{left, p.single()}
	}
	return left
}

func (p *parser) single() expr {
	found := p.lex.TokenText()
	switch {
	case p.take('{'):
		return p.structure()
	case p.take('['):
		return p.array()
	case p.take('$'):
		name := p.lex.TokenText()
		p.expect(scanner.Ident)
		return variable{name}
	case p.take('-'):
		digits := p.lex.TokenText()
		p.expect(scanner.Int)
		return p.number("-" + digits)
	case p.take(scanner.Int):
		return p.number(found)
	case p.take(scanner.String), p.take(scanner.RawString):
		unquoted, err := strconv.Unquote(found)
		if err != nil {
			p.fail("bad text %s", found)
		}
		return text{unquoted}
	case p.take(scanner.Ident):
		if p.take('(') {
			return p.call(found)
		}
		return bareWord(found)
	}
	p.fail("expected a value, found %q", found)
	return literal{}
}

func bareWord(name string) expr {
	switch name {
	case "null":
		return literal{nil}
	case "true":
		return literal{true}
	case "false":
		return literal{false}
	}
	return literal{word(name)}
}

func (p *parser) number(digits string) expr {
	value, err := strconv.ParseInt(digits, 0, 64)
	if err != nil {
		p.fail("bad number %s", digits)
	}
	return literal{value}
}

func (p *parser) structure() expr {
	var out structure
	for p.err == nil && !p.take('}') {
		out.names = append(out.names, p.lex.TokenText())
		p.expect(scanner.Ident)
		p.expect(':')
		out.values = append(out.values, p.value())
		if !p.take(',') && p.token != '}' {
			p.fail("expected , or } and found %q", p.lex.TokenText())
		}
	}
	return out
}

func (p *parser) array() expr {
	var out array
	for p.err == nil && !p.take(']') {
		out.items = append(out.items, p.value())
		if !p.take(',') && p.token != ']' {
			p.fail("expected , or ] and found %q", p.lex.TokenText())
		}
	}
	return out
}

func (p *parser) call(name string) expr {
	out := call{name: name}
	for p.err == nil && !p.take(')') {
		out.args = append(out.args, p.argument())
		if !p.take(',') && p.token != ')' {
			p.fail("expected , or ) and found %q", p.lex.TokenText())
		}
	}
	return out
}

func (p *parser) argument() argument {
	var arg argument
	first := p.value()
	switch {
	case p.take('='):
		arg.value = p.value()
		if l, ok := first.(literal); ok {
			if name, isWord := l.value.(word); isWord {
				arg.name = string(name)
				break
			}
		}
		arg.key = first
	default:
		arg.value = first
	}
	if p.take('@') {
		negative := p.take('-')
		delta, err := strconv.ParseInt(p.lex.TokenText(), 0, 64)
		p.expect(scanner.Int)
		if err != nil {
			p.fail("bad time after @")
		}
		if negative {
			delta = -delta
		}
		arg.at = &delta
	}
	return arg
}

// parseHex reads hexadecimal digits; blanks are for the reader's eye.
func parseHex(digits string) ([]byte, error) {
	return hex.DecodeString(strings.Join(strings.Fields(digits), ""))
}
