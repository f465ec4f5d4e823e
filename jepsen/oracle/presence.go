package oracle

import (
	"bytes"
	"reflect"
	"strings"
)

// message is what kmsg's requests and responses have in common here.
type message interface {
	AppendTo([]byte) []byte
	ReadFrom([]byte) error
	Key() int16
	SetVersion(int16)
	GetVersion() int16
	IsFlexible() bool
}

// presence tells which fields of a message are on the wire in its version, so that
// a transcript shows no default of a field that was never sent. kmsg says so only
// in comments; here each field is changed in turn and the encoding watched.
type presence struct {
	onWire   map[string]bool // by path, "Topics.Partitions.ErrorCode"
	nullable map[string]bool // arrays whose nil and empty differ on the wire
}

func presenceOf(of message) presence {
	p := presence{onWire: map[string]bool{}, nullable: map[string]bool{}}
	fresh := newDefault(reflect.TypeOf(of).Elem())
	sample := fresh.Interface().(message)
	sample.SetVersion(of.GetVersion())
	fill(fresh.Elem())
	p.probe(sample, fresh.Elem(), "")
	return p
}

// fill gives each array of structs one element, and each nullable struct a value,
// so that fields inside them can be watched.
func fill(v reflect.Value) {
	for i := range v.NumField() {
		field := v.Field(i)
		switch {
		case field.Kind() == reflect.Struct && v.Type().Field(i).Name != "UnknownTags":
			fill(field)
		case field.Kind() == reflect.Pointer && field.Type().Elem().Kind() == reflect.Struct:
			field.Set(newDefault(field.Type().Elem()))
			fill(field.Elem())
		case isStructSlice(field.Type()):
			element := newDefault(field.Type().Elem()).Elem()
			fill(element)
			field.Set(reflect.Append(reflect.MakeSlice(field.Type(), 0, 1), element))
		}
	}
}

func isStructSlice(of reflect.Type) bool {
	return of.Kind() == reflect.Slice && of.Elem().Kind() == reflect.Struct
}

func (p presence) probe(sample message, v reflect.Value, path string) {
	baseline := sample.AppendTo(nil)
	changes := func() bool { return !bytes.Equal(baseline, sample.AppendTo(nil)) }
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		if name == "UnknownTags" || path == "" && name == "Version" {
			continue
		}
		field, at := v.Field(i), strings.TrimPrefix(path+"."+name, ".")
		if field.Kind() == reflect.Struct {
			p.probe(sample, field, at)
			p.onWire[at] = p.anyWithin(at)
			continue
		}
		kept := reflect.New(field.Type()).Elem()
		kept.Set(field)
		change(field)
		p.onWire[at] = changes()
		field.Set(kept)
		if field.Kind() == reflect.Slice {
			p.nullable[at] = p.nilDiffers(sample, field)
		}
		switch {
		case isStructSlice(field.Type()):
			p.probe(sample, field.Index(0), at)
		case field.Kind() == reflect.Pointer && field.Type().Elem().Kind() == reflect.Struct:
			p.probe(sample, field.Elem(), at)
		}
	}
}

func (p presence) anyWithin(path string) bool {
	for at, present := range p.onWire {
		if present && strings.HasPrefix(at, path+".") {
			return true
		}
	}
	return false
}

func (p presence) nilDiffers(sample message, field reflect.Value) bool {
	kept := reflect.New(field.Type()).Elem()
	kept.Set(field)
	defer field.Set(kept)
	field.SetZero()
	withNil := sample.AppendTo(nil)
	field.Set(reflect.MakeSlice(field.Type(), 0, 0))
	return !bytes.Equal(withNil, sample.AppendTo(nil))
}

// change gives a field another value than it has.
func change(field reflect.Value) {
	switch field.Kind() {
	case reflect.Bool:
		field.SetBool(!field.Bool())
	case reflect.String:
		field.SetString(field.String() + "x")
	case reflect.Pointer:
		if field.IsNil() {
			field.Set(reflect.New(field.Type().Elem()))
			if field.Elem().Kind() == reflect.String {
				field.Elem().SetString("x") // nil is an empty text where null cannot be said
			}
		} else {
			field.SetZero()
		}
	case reflect.Slice:
		if field.Len() > 0 {
			field.Set(field.Slice(0, 0))
		} else {
			field.Set(reflect.MakeSlice(field.Type(), 1, 1))
		}
	case reflect.Array:
		field.Index(0).SetUint(field.Index(0).Uint() + 1)
	default:
		if field.CanInt() {
			field.SetInt(field.Int() + 1)
		} else {
			field.SetUint(field.Uint() + 1)
		}
	}
}
