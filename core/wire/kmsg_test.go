package wire

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"
)

// forShaped runs body for every API that kmsg decodes, and every version of it.
func forShaped(t *testing.T, body func(t *testing.T, api API, version int16)) {
	for _, api := range Table() {
		if api.Key == KeyProduce || api.Key == KeyFetch {
			continue
		}
		for version := api.ServedFrom; version <= api.Max; version++ {
			t.Run(fmt.Sprintf("%s/%d", api.Name, version), func(t *testing.T) {
				body(t, api, version)
			})
		}
	}
}

// What kmsg writes, the shape walks over to the last byte, and ParseKmsg reads
// back the same; a byte less is never enough, a byte more is left alone.
func TestParseKmsgReadsWhatKmsgWrites(t *testing.T) {
	forShaped(t, func(t *testing.T, api API, version int16) {
		rapid.Check(t, func(t *rapid.T) {
			request := kmsg.RequestForKey(api.Key)
			request.SetVersion(version)
			fillRandom(t, request)
			body := request.AppendTo(nil)
			end, err := shapes[api.Key].walk(version, api.Flexible(version), body)
			if err != nil || end != len(body) {
				t.Fatalf("the walk ends at %d of %d: %v", end, len(body), err)
			}
			parsed, err := ParseKmsg(api.Key, version, body)
			if err != nil {
				t.Fatal(err)
			}
			if again := parsed.AppendTo(nil); !bytes.Equal(again, body) {
				t.Fatalf("written %x\nread    %x", body, again)
			}
			if len(body) > 0 {
				short := rapid.IntRange(0, len(body)-1).Draw(t, "short")
				if _, err := ParseKmsg(api.Key, version, body[:short]); err == nil {
					t.Fatalf("%d of %d bytes were enough", short, len(body))
				}
			}
			if _, err := ParseKmsg(api.Key, version, append(body, 0xff)); err != nil {
				t.Fatalf("a byte behind the request: %v", err)
			}
		})
	})
}

// Responses of all other APIs go through kmsg both ways; ours is the frame.
func TestAppendKmsgResponse(t *testing.T) {
	forShaped(t, func(t *testing.T, api API, version int16) {
		rapid.Check(t, func(t *rapid.T) {
			request := kmsg.RequestForKey(api.Key)
			request.SetVersion(version)
			response := request.ResponseKind()
			fillRandom(t, response)
			response.SetVersion(version)
			want := response.AppendTo(nil)
			response.SetVersion(0)
			frame := AppendKmsgResponse([]byte("x"), response, version, 5)
			header := AppendResponseHeader(nil, api.Key, version, 5)
			if got := frame[1+4+len(header):]; !bytes.Equal(got, want) {
				t.Fatalf("body %x, want %x", got, want)
			}
			if length := len(frame) - 5; !bytes.Equal(frame[1:5], []byte{0, byte(length >> 16),
				byte(length >> 8), byte(length)}) {
				t.Fatalf("length %x of %d bytes", frame[1:5], length)
			}
		})
	})
}

func TestParseKmsgRefuses(t *testing.T) {
	cases := []struct {
		name         string
		key, version int16
		body         string
		want         error
	}{
		{"unknown key", 4, 0, "", ErrUnknownKey},
		{"negative key", -1, 0, "", ErrUnknownKey},
		{"an API with its own parser", KeyProduce, 9, "", ErrUnknownKey},
		{"old version", KeyCreateTopics, 1, "", ErrUnsupportedVersion},
		{"future version", KeyMetadata, 14, "", ErrUnsupportedVersion},
		{"count of 2 GiB", KeyMetadata, 1, "7fffffff 0001 61", ErrMalformed},
		{"compact count of 4 GiB", KeyMetadata, 9, "ffffffff0f 00 00 00 00", ErrMalformed},
		{"4 billion tags", KeyMetadata, 12, "00 00 00 ffffffff0f", ErrMalformed},
		{"null where none may be", KeyAPIVersions, 3, "00 02 61 00", ErrMalformed},
		{"null topics in v0", KeyMetadata, 0, "ffffffff", ErrMalformed},
		{"null topics in v1", KeyMetadata, 1, "ffffffff", nil},
		{"null array", KeyCreateTopics, 2, "ffffffff 00000000 00", ErrMalformed},
		{"null topics of offsets in v1", KeyOffsetFetch, 1, "0001 67 ffffffff", ErrMalformed},
		{"null topics of offsets in v2", KeyOffsetFetch, 2, "0001 67 ffffffff", nil},
		{"null bytes", KeySyncGroup, 0,
			"0001 67 00000001 0001 6d 00000001 0001 6d ffffffff", ErrMalformed},
		{"empty bytes", KeySyncGroup, 0, "0001 67 00000001 0001 6d 00000001 0001 6d 00000000", nil},
		{"null compact bytes", KeySyncGroup, 4,
			"02 67 00000001 02 6d 00 02 02 6d 00 00 00", ErrMalformed},
		{"varint without end", KeyMetadata, 9, "ffffffffffff", ErrMalformed},
	}
	for _, c := range cases {
		if _, err := ParseKmsg(c.key, c.version, unhex(t, c.body)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func TestParseKmsgLimitsEntries(t *testing.T) {
	names := bytes.Repeat([]byte{0, 0}, KmsgElementsMax+1)
	full := append([]byte{0, 4, 0, 0}, names[:2*KmsgElementsMax]...)
	if _, err := ParseKmsg(KeyMetadata, 1, full); err != nil {
		t.Errorf("as many as may be: %v", err)
	}
	over := append([]byte{0, 4, 0, 1}, names...)
	if _, err := ParseKmsg(KeyMetadata, 1, over); !errors.Is(err, ErrTooLarge) {
		t.Errorf("one more: %v", err)
	}
	tags := []byte{0, 0, 0, 0x81, 0x08}
	for range UnknownTagsMax + 1 {
		tags = append(tags, 99, 0)
	}
	if _, err := ParseKmsg(KeyMetadata, 12, tags); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too many tags: %v", err)
	}
}

// kmsgBytesPerElement bounds what kmsg allocates for one array element,
// measured over all APIs; its largest is a topic of CreateTopics.
const kmsgBytesPerElement = 96

// A hostile request is one with as many and as small elements as it may have.
// What kmsg allocates for it must stay a fixed amount.
func TestKmsgAllocatesLittle(t *testing.T) {
	worst := 0.0
	for _, api := range Table() {
		if api.Key == KeyProduce || api.Key == KeyFetch {
			continue
		}
		body := hostile(shapes[api.Key], api.Max, api.Flexible(api.Max))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := ParseKmsg(api.Key, api.Max, body)
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Errorf("%s: %v", api.Name, err)
		}
		each := float64(after.TotalAlloc-before.TotalAlloc-uint64(len(body))) / KmsgElementsMax
		if each > kmsgBytesPerElement {
			t.Errorf("%s: %.0f bytes an element", api.Name, each)
		}
		worst = math.Max(worst, each)
	}
	t.Logf("at worst %.0f bytes an element, %.0f MiB a request",
		worst, worst*KmsgElementsMax/(1<<20))
}

// hostile writes a request whose first outermost array has as many elements as
// may be, each as small as may be, all else empty.
func hostile(fields shape, version int16, flexible bool) []byte {
	var body []byte
	remaining := KmsgElementsMax
	var object func(fields shape)
	length := func(count int) {
		if flexible {
			body = append(body, byte(count+1)|0x80, byte((count+1)>>7)|0x80, byte((count+1)>>14))
			return
		}
		body = append(body, byte(count>>24), byte(count>>16), byte(count>>8), byte(count))
	}
	one := func(f *field) {
		switch {
		case f.kind == fixedField:
			body = append(body, make([]byte, f.bytes)...)
		case f.kind == textField && flexible:
			body = append(body, 1)
		case f.kind == textField:
			body = append(body, 0, 0)
		case f.kind == bytesField && flexible:
			body = append(body, 1)
		case f.kind == bytesField:
			body = append(body, 0, 0, 0, 0)
		case f.kind == optionField:
			body = append(body, 0xff)
		case f.kind == listField && remaining == 0 && flexible,
			f.kind == structsField && remaining == 0 && flexible:
			body = append(body, 1)
		default:
			length(remaining)
			count := remaining
			remaining = 0
			for range count {
				if f.kind == listField {
					body = append(body, make([]byte, f.of[0].bytes)...)
					if f.of[0].kind == textField {
						body = append(body, 1)
					}
					continue
				}
				object(f.of)
			}
		}
	}
	object = func(fields shape) {
		for i := range fields {
			if f := &fields[i]; f.since <= version && version <= f.until {
				one(f)
			}
		}
		if flexible {
			body = append(body, 0)
		}
	}
	object(fields)
	return body
}

func FuzzParseKmsg(f *testing.F) {
	for _, api := range Table() {
		if api.Key == KeyProduce || api.Key == KeyFetch {
			continue
		}
		for _, version := range []int16{api.ServedFrom, api.Max} {
			request := kmsg.RequestForKey(api.Key)
			request.SetVersion(version)
			f.Add(api.Key, version, request.AppendTo(nil))
		}
	}
	f.Add(KeyMetadata, int16(12), unhex(f, "02 00000000000000000000000000000000 02 61 00 01 01 00"))
	f.Fuzz(func(t *testing.T, key, version int16, body []byte) {
		request, err := ParseKmsg(key, version, body)
		if err != nil {
			return
		}
		written := request.AppendTo(nil)
		again, err := ParseKmsg(key, version, written)
		if err != nil {
			t.Fatalf("read %x, written as %x: %v", body, written, err)
		}
		tags := cmpopts.IgnoreTypes(kmsg.Tags{})
		if diff := cmp.Diff(request, again, tags, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%s: %s", reflect.TypeOf(request), diff)
		}
	})
}
