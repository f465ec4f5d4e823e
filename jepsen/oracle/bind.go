package oracle

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
)

// bind writes an evaluated value into a field of a kmsg request. What a number
// type cannot hold is refused: a script that wants broken bytes edits the frame.
func bind(target reflect.Value, value any) error {
	if _, ok := value.(missing); ok {
		target.SetZero()
		return nil
	}
	if object, ok := value.(*object); ok && target.Kind() == reflect.Struct {
		return bindStruct(target, object)
	}
	if name, ok := value.(word); ok && target.CanAddr() {
		if enum, isEnum := target.Addr().Interface().(encoding.TextUnmarshaler); isEnum {
			return enum.UnmarshalText([]byte(name))
		}
	}
	switch target.Kind() {
	case reflect.Pointer:
		if value == nil {
			target.SetZero()
			return nil
		}
		fresh := newDefault(target.Type().Elem())
		target.Set(fresh)
		return bind(fresh.Elem(), value)
	case reflect.Slice:
		return bindSlice(target, value)
	case reflect.Array:
		id, ok := value.([16]byte)
		if !ok {
			return fmt.Errorf("%T is no id", value)
		}
		target.Set(reflect.ValueOf(id))
		return nil
	}
	return bindScalar(target, value)
}

func bindScalar(target reflect.Value, value any) error {
	switch v := value.(type) {
	case bool:
		if target.Kind() == reflect.Bool {
			target.SetBool(v)
			return nil
		}
	case string:
		if target.Kind() == reflect.String {
			target.SetString(v)
			return nil
		}
	case int64:
		if target.CanInt() && !target.OverflowInt(v) {
			target.SetInt(v)
			return nil
		}
		if target.CanUint() && v >= 0 && v <= math.MaxUint32 && !target.OverflowUint(uint64(v)) {
			target.SetUint(uint64(v))
			return nil
		}
	}
	return fmt.Errorf("%v (%T) does not fit a %s", value, value, target.Type())
}

func bindSlice(target reflect.Value, value any) error {
	switch v := value.(type) {
	case nil:
		target.SetZero()
		return nil
	case []byte:
		if target.Type().Elem().Kind() == reflect.Uint8 {
			target.SetBytes(v)
			return nil
		}
	case string:
		if target.Type().Elem().Kind() == reflect.Uint8 {
			target.SetBytes([]byte(v))
			return nil
		}
	case []any:
		out := reflect.MakeSlice(target.Type(), 0, len(v))
		for i, item := range v {
			element := newDefault(target.Type().Elem()).Elem()
			if err := bind(element, item); err != nil {
				return fmt.Errorf("[%d]: %w", i, err)
			}
			out = reflect.Append(out, element)
		}
		target.Set(out)
		return nil
	}
	return fmt.Errorf("%T does not fit a %s", value, target.Type())
}

func bindStruct(target reflect.Value, value *object) error {
	for i, name := range value.names {
		field := target.FieldByName(name)
		if !field.IsValid() {
			return fmt.Errorf("%s has no field %s", target.Type().Name(), name)
		}
		if err := bind(field, value.values[i]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// newDefault makes a pointer to a fresh value, with kmsg's defaults where it has any.
func newDefault(of reflect.Type) reflect.Value {
	fresh := reflect.New(of)
	if defaulter, ok := fresh.Interface().(interface{ Default() }); ok {
		defaulter.Default()
	}
	return fresh
}
