package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// unhex reads bytes written in groups, for golden frames.
func unhex(t testing.TB, text string) []byte {
	t.Helper()
	raw, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestParseRequestHeaderGolden(t *testing.T) {
	cases := []struct {
		name, frame string
		want        RequestHeader
		body        string
		err         error
	}{
		{"v1", "0003 0001 00000007 0002 6d65 ffffffff",
			RequestHeader{3, 1, 7, []byte("me")}, "ffffffff", nil},
		{"v1, null client id", "0003 0001 00000007 ffff 01",
			RequestHeader{3, 1, 7, nil}, "01", nil},
		{"v1, empty client id", "0003 0001 00000007 0000",
			RequestHeader{3, 1, 7, []byte{}}, "", nil},
		{"v2: the client id stays classic", "0003 0009 00000007 0002 6d65 00 02",
			RequestHeader{3, 9, 7, []byte("me")}, "02", nil},
		{"v2 with unknown tags", "0003 0009 00000007 0000 02 05 02 abcd 8101 00 02",
			RequestHeader{3, 9, 7, []byte{}}, "02", nil},
		{"ApiVersions v0", "0012 0000 80000000 0000",
			RequestHeader{18, 0, -1 << 31, []byte{}}, "", nil},
		{"ApiVersions of the future", "0012 0063 00000009 0001 61 00 0102",
			RequestHeader{18, 99, 9, []byte("a")}, "", ErrUnsupportedVersion},
		{"ApiVersions of a negative version", "0012 ffff 00000009 0001 61",
			RequestHeader{18, -1, 9, []byte("a")}, "", ErrUnsupportedVersion},
		{"Produce 2 is advertised, not served", "0000 0002 00000001 0000",
			RequestHeader{0, 2, 1, nil}, "", ErrUnsupportedVersion},
		{"Fetch 19", "0001 0013 00000001 0000", RequestHeader{1, 19, 1, nil}, "",
			ErrUnsupportedVersion},
		{"unknown key", "4745 5420 2f206874 7470", RequestHeader{0x4745, 0x5420,
			0x2f206874, nil}, "", ErrUnknownKey},
		{"negative key", "8000 0000 00000000", RequestHeader{-32768, 0, 0, nil}, "",
			ErrUnknownKey},
		{"too short", "0003 0001 000000", RequestHeader{3, 1, 0, nil}, "", ErrMalformed},
		{"nothing", "", RequestHeader{}, "", ErrMalformed},
		{"client id longer than the frame", "0003 0001 00000007 0003 6d65",
			RequestHeader{3, 1, 7, nil}, "", ErrMalformed},
		{"tags without end", "0003 0009 00000007 0000 ffffffff0f",
			RequestHeader{3, 9, 7, []byte{}}, "", ErrMalformed},
		{"a tag longer than the frame", "0003 0009 00000007 0000 01 00 05 00",
			RequestHeader{3, 9, 7, []byte{}}, "", ErrMalformed},
	}
	for _, c := range cases {
		h, body, err := ParseRequestHeader(unhex(t, c.frame))
		if !errors.Is(err, c.err) || !bytes.Equal(body, unhex(t, c.body)) ||
			h.Key != c.want.Key || h.Version != c.want.Version ||
			h.CorrelationID != c.want.CorrelationID ||
			!bytes.Equal(h.ClientID, c.want.ClientID) ||
			(h.ClientID == nil) != (c.want.ClientID == nil) {
			t.Errorf("%s: %+v body %x, %v", c.name, h, body, err)
		}
	}
}

func TestResponseHeaderGolden(t *testing.T) {
	cases := []struct {
		key, version int16
		want         string
	}{
		{KeyMetadata, 8, "01020304"},
		{KeyMetadata, 9, "0102030400"},
		{KeyAPIVersions, 0, "01020304"},
		{KeyAPIVersions, 3, "01020304"},
		{KeyAPIVersions, 5, "01020304"},
		{KeyProduce, 8, "01020304"},
		{KeyProduce, 9, "0102030400"},
		{KeyDescribeCluster, 0, "0102030400"},
	}
	for _, c := range cases {
		got := AppendResponseHeader(nil, c.key, c.version, 0x01020304)
		if !bytes.Equal(got, unhex(t, c.want)) {
			t.Errorf("key %d v%d: %x, want %s", c.key, c.version, got, c.want)
		}
	}
}

// Our parser reads what kmsg's formatter writes, for every API and version.
func TestHeaderAgainstKmsg(t *testing.T) {
	named := kmsg.NewRequestFormatter(kmsg.FormatterClientID("a client"))
	anonymous := kmsg.NewRequestFormatter()
	for _, api := range Table() {
		for version := api.ServedFrom; version <= api.Max; version++ {
			request := kmsg.RequestForKey(api.Key)
			request.SetVersion(version)
			want := request.AppendTo(nil)
			for _, formatter := range []*kmsg.RequestFormatter{named, anonymous} {
				frame := formatter.AppendRequest(nil, request, 77)
				h, body, err := ParseRequestHeader(frame[4:])
				if err != nil || h.Key != api.Key || h.Version != version ||
					h.CorrelationID != 77 || !bytes.Equal(body, want) ||
					(h.ClientID != nil) != (formatter == named) {
					t.Errorf("%s v%d: %+v, %v", api.Name, version, h, err)
				}
			}
		}
	}
}

func TestFrameLength(t *testing.T) {
	dst := BeginFrame([]byte("before"))
	dst = append(dst, "body"...)
	EndFrame(dst, len("before"), 0)
	if want := "before\x00\x00\x00\x04body"; string(dst) != want {
		t.Errorf("%q, want %q", dst, want)
	}
	EndFrame(dst, len("before"), 1<<20)
	if want := "before\x00\x10\x00\x04body"; string(dst) != want {
		t.Errorf("with spliced bytes %q, want %q", dst, want)
	}
}

func TestHeaderAllocatesNothing(t *testing.T) {
	frame := unhex(t, "0003 0009 00000007 0002 6d65 00 02")
	dst := make([]byte, 0, 64)
	allocations := testing.AllocsPerRun(100, func() {
		h, _, err := ParseRequestHeader(frame)
		if err != nil {
			t.Fatal(err)
		}
		dst = AppendResponseHeader(BeginFrame(dst[:0]), h.Key, h.Version, h.CorrelationID)
		EndFrame(dst, 0, 0)
	})
	if allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
}

func FuzzHeader(f *testing.F) {
	for _, seed := range []string{
		"0003 0001 00000007 0002 6d65 ffffffff", "0003 0009 00000007 0000 02 05 02 abcd 8101 00",
		"0012 0063 00000009 0001 61 00 0102", "4745 5420 2f20 4854 5450", "1603 0100 a501 0000",
	} {
		f.Add(unhex(f, seed))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		h, body, err := ParseRequestHeader(frame)
		if err != nil {
			return
		}
		if len(body) > len(frame)-8 || !bytes.HasSuffix(frame, body) {
			t.Fatalf("%+v: body %x is not the end of the frame", h, body)
		}
		if api, ok := Lookup(h.Key); !ok || !api.Serves(h.Version) {
			t.Fatalf("%+v was let in", h)
		}
	})
}

func BenchmarkParseRequestHeader(b *testing.B) {
	frame := unhex(b, "0000 0009 00000007 0009 6d792d636c69656e74 00 02")
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := ParseRequestHeader(frame); err != nil {
			b.Fatal(err)
		}
	}
}
