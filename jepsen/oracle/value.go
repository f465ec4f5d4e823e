package oracle

import (
	"bytes"
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// expr is one parsed value of a script. It is evaluated once for each exchange,
// since variables and the version may differ from one to the next.
type expr interface {
	eval(s *scope) (any, error)
}

// scope is what an expression may refer to.
type scope struct {
	version   int16
	variables map[string]any
	topic     func(text string) string // expands "$orders" and "{v}" in text
	made      func(id [16]byte)        // told of the ids that the script makes up
}

// What eval returns is one of nil, bool, int64, string (quoted text), word (a bare
// identifier, the name of an enum's value), []byte, [16]byte, []any and *object.
type (
	word   string
	object struct {
		names  []string
		values []any
	}
)

type (
	literal   struct{ value any }
	text      struct{ raw string }
	variable  struct{ name string }
	array     struct{ items []expr }
	structure struct {
		names  []string
		values []expr
	}
	sum  struct{ left, right expr }
	call struct {
		name string
		args []argument
	}
	// argument is `value`, `name=value`, or `"key"="value"`, the last two with an
	// optional `@delta`, which dates a record.
	argument struct {
		name  string
		key   expr
		value expr
		at    *int64
	}
)

func (l literal) eval(*scope) (any, error) { return l.value, nil }

func (t text) eval(s *scope) (any, error) { return s.topic(t.raw), nil }

func (v variable) eval(s *scope) (any, error) {
	value, ok := s.variables[v.name]
	if !ok {
		return nil, fmt.Errorf("no variable $%s", v.name)
	}
	if defined, ok := value.(expr); ok {
		return defined.eval(s) // anew, since it may have {v} in it
	}
	return value, nil
}

func (a array) eval(s *scope) (any, error) {
	items := make([]any, 0, len(a.items))
	for _, item := range a.items {
		value, err := item.eval(s)
		if err != nil {
			return nil, err
		}
		items = append(items, value)
	}
	return items, nil
}

func (o structure) eval(s *scope) (any, error) {
	out := &object{names: o.names}
	for _, field := range o.values {
		value, err := field.eval(s)
		if err != nil {
			return nil, err
		}
		out.values = append(out.values, value)
	}
	return out, nil
}

// eval adds numbers and joins texts, bytes and arrays.
func (p sum) eval(s *scope) (any, error) {
	left, err := p.left.eval(s)
	if err != nil {
		return nil, err
	}
	right, err := p.right.eval(s)
	if err != nil {
		return nil, err
	}
	switch l := left.(type) {
	case int64:
		if r, ok := right.(int64); ok {
			return l + r, nil
		}
	case string:
		if r, ok := right.(string); ok {
			return l + r, nil
		}
	case []byte:
		if r, ok := right.([]byte); ok {
			return bytes.Join([][]byte{l, r}, nil), nil
		}
	case []any:
		if r, ok := right.([]any); ok {
			return append(append([]any{}, l...), r...), nil
		}
	}
	return nil, fmt.Errorf("cannot add %T and %T", left, right)
}

func (c call) eval(s *scope) (any, error) {
	switch c.name {
	case "batch":
		return evalBatch(c.args, s)
	case "messages":
		return evalMessageSet(c.args, s)
	}
	values := make([]any, 0, len(c.args))
	for _, arg := range c.args {
		value, err := arg.value.eval(s)
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	value, err := callPlain(c.name, values)
	if id, ok := value.([16]byte); ok {
		s.made(id)
	}
	return value, err
}

// callPlain evaluates the functions that need nothing but their arguments.
func callPlain(name string, args []any) (any, error) {
	switch name {
	case "hex":
		if digits, ok := only[string](args); ok {
			return parseHex(digits)
		}
	case "uuid":
		if fill, ok := only[int64](args); ok {
			var id [16]byte
			for i := range id {
				id[i] = byte(fill)
			}
			return id, nil
		}
	case "bytes":
		if content, ok := only[string](args); ok {
			return []byte(content), nil
		}
	case "subscription":
		return encodeMember(&kmsg.ConsumerMemberMetadata{}, args)
	case "assignment":
		return encodeMember(&kmsg.ConsumerMemberAssignment{}, args)
	case "cut":
		if len(args) == 2 {
			content, isBytes := args[0].([]byte)
			count, isCount := args[1].(int64)
			if isBytes && isCount && count >= 0 && count <= int64(len(content)) {
				return content[:int64(len(content))-count], nil
			}
		}
	case "repeat":
		if len(args) == 2 {
			return repeat(args[0], args[1])
		}
	default:
		return nil, fmt.Errorf("no function %s", name)
	}
	return nil, fmt.Errorf("%s does not take these arguments", name)
}

// longestRepeat bounds repeat: a script's mistake must not take the memory.
const longestRepeat = 16 << 20

func repeat(what, times any) (any, error) {
	count, ok := times.(int64)
	if !ok || count < 0 {
		return nil, fmt.Errorf("repeat needs a count")
	}
	switch unit := what.(type) {
	case string:
		if count*int64(len(unit)) <= longestRepeat {
			return string(bytes.Repeat([]byte(unit), int(count))), nil
		}
	case []byte:
		if count*int64(len(unit)) <= longestRepeat {
			return bytes.Repeat(unit, int(count)), nil
		}
	default:
		if count <= longestRepeat/16 {
			items := make([]any, count)
			for i := range items {
				items[i] = what
			}
			return items, nil
		}
	}
	return nil, fmt.Errorf("repeat of %d is too long", count)
}

func only[T any](args []any) (T, bool) {
	var zero T
	if len(args) != 1 {
		return zero, false
	}
	value, ok := args[0].(T)
	return value, ok
}
