package oracle

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// missing is the value of a variable whose `let` found nothing in the reply: the
// transcript has said so already, and the rest of the script goes on with zeros.
type missing struct{}

// follow finds Topics[0].Partitions[1].Offset in a reply.
func follow(reply any, path string) (reflect.Value, error) {
	v := reflect.ValueOf(reply)
	if !v.IsValid() {
		return v, fmt.Errorf("there is no reply")
	}
	for _, step := range strings.Split(path, ".") {
		name, index, indexed := strings.Cut(strings.TrimSuffix(step, "]"), "[")
		v = reflect.Indirect(v)
		if v.Kind() != reflect.Struct {
			return v, fmt.Errorf("nothing at %s", step)
		}
		if v = v.FieldByName(name); !v.IsValid() {
			return v, fmt.Errorf("no field %s", name)
		}
		if !indexed {
			continue
		}
		at, err := strconv.Atoi(index)
		if err != nil || v.Kind() != reflect.Slice || at < 0 || at >= v.Len() {
			return v, fmt.Errorf("nothing at %s", step)
		}
		v = v.Index(at)
	}
	return reflect.Indirect(v), nil
}

// remember turns a field of a reply into a variable's value.
func remember(v reflect.Value) any {
	if !v.IsValid() {
		return nil
	}
	if id, ok := v.Interface().([16]byte); ok {
		return id
	}
	switch {
	case v.CanInt():
		return v.Int()
	case v.Kind() == reflect.String:
		return v.String()
	case v.Kind() == reflect.Bool:
		return v.Bool()
	}
	return missing{}
}
