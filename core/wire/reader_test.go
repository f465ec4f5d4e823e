package wire

import "testing"

func TestUvarint(t *testing.T) {
	cases := []struct {
		bytes string
		want  uint32
		end   int
		ok    bool
	}{
		{"00", 0, 1, true},
		{"7f ff", 127, 1, true},
		{"8001", 128, 2, true},
		{"8000", 0, 2, true}, // wasteful, but legal
		{"ffffffff0f", 1<<32 - 1, 5, true},
		{"8080808010", 0, 5, false}, // the 33rd bit
		{"808080808000", 0, 6, false},
		{"80", 0, 1, false},
		{"", 0, 0, false},
	}
	for _, c := range cases {
		r := reader{data: unhex(t, c.bytes)}
		got := r.uvarint()
		if got != c.want || r.failed == c.ok || c.ok && r.at != c.end {
			t.Errorf("%s: %d, at %d, failed %v", c.bytes, got, r.at, r.failed)
		}
		if written := appendUvarint(nil, got); c.ok && len(written) != uvarintBytes(got) {
			t.Errorf("%d: %d bytes, not %d", got, len(written), uvarintBytes(got))
		}
	}
}
