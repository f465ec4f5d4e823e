package wire

import (
	"reflect"

	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"
)

// fillRandom sets every exported field of a kmsg struct, deep down, from the
// drawn values; the Version stays. Slices are short, so that requests stay
// readable when rapid has shrunk them.
func fillRandom(t *rapid.T, message any) {
	value := reflect.ValueOf(message).Elem()
	for i := range value.NumField() {
		if value.Type().Field(i).Name != "Version" {
			fillValue(t, value.Field(i))
		}
	}
}

func fillValue(t *rapid.T, value reflect.Value) {
	if tags, ok := value.Addr().Interface().(*kmsg.Tags); ok {
		for range rapid.SampledFrom([]int{0, 0, 0, 0, 0, 1, 2}).Draw(t, "tags") {
			tags.Set(rapid.Uint32Range(100, 1<<20).Draw(t, "tag"), randomBytes(t))
		}
		return
	}
	switch value.Kind() {
	case reflect.Bool:
		value.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		value.SetInt(randomInt(t, value.Type().Bits()))
	case reflect.Float64:
		value.SetFloat(float64(rapid.Int16().Draw(t, "float")))
	case reflect.String:
		value.SetString(string(randomBytes(t)))
	case reflect.Pointer:
		if rapid.Bool().Draw(t, "present") {
			value.Set(reflect.New(value.Type().Elem()))
			fillValue(t, value.Elem())
		}
	case reflect.Array:
		for i := range value.Len() {
			value.Index(i).SetUint(uint64(rapid.Byte().Draw(t, "byte")))
		}
	case reflect.Slice:
		fillSlice(t, value)
	case reflect.Struct:
		for i := range value.NumField() {
			fillValue(t, value.Field(i))
		}
	default:
		t.Fatalf("cannot fill a %v", value.Type())
	}
}

func fillSlice(t *rapid.T, value reflect.Value) {
	if value.Type().Elem().Kind() == reflect.Uint8 {
		value.SetBytes(randomBytes(t))
		return
	}
	length := rapid.SampledFrom([]int{-1, 0, 1, 1, 2, 3}).Draw(t, "length")
	if length < 0 {
		value.SetZero()
		return
	}
	value.Set(reflect.MakeSlice(value.Type(), length, length))
	for i := range length {
		fillValue(t, value.Index(i))
	}
}

func randomInt(t *rapid.T, bits int) int64 {
	edge := int64(1)<<(bits-1) - 1
	return rapid.OneOf(
		rapid.SampledFrom([]int64{-1, 0, 1, edge, -edge - 1}),
		rapid.Int64Range(-edge-1, edge),
	).Draw(t, "int")
}

// randomBytes draws bytes whose length is now and then long enough for a
// compact length of two bytes.
func randomBytes(t *rapid.T) []byte {
	length := rapid.SampledFrom([]int{0, 1, 3, 8, 126, 127, 128, 300}).Draw(t, "size")
	bytes := make([]byte, length)
	for i := range bytes {
		bytes[i] = byte('a' + i%26)
	}
	return bytes
}

// withoutTags removes all unknown tags from a kmsg struct, deep down: our
// writers have no way to send any.
func withoutTags(value reflect.Value) {
	switch value.Kind() {
	case reflect.Struct:
		if value.Type() == reflect.TypeFor[kmsg.Tags]() {
			value.SetZero()
			return
		}
		for i := range value.NumField() {
			withoutTags(value.Field(i))
		}
	case reflect.Slice:
		for i := range value.Len() {
			withoutTags(value.Index(i))
		}
	}
}
