package check

import (
	"strings"
	"testing"

	"odradek/core/kafka"
)

// scanned is a scan of consecutive records.
func scanned(start kafka.Offset, hashes ...Hash) *Scan {
	s := &Scan{LogStart: start, End: start + kafka.Offset(len(hashes))}
	for i, hash := range hashes {
		s.Records = append(s.Records, Record{start + kafka.Offset(i), hash})
	}
	return s
}

func TestRemains(t *testing.T) {
	before := scanned(10, 1, 2, 3, 4)
	holed := scanned(10, 1, 2, 3)
	holed.Records = append(holed.Records[:1], holed.Records[2:]...)
	short := scanned(10, 1, 2, 3)
	short.Records = short.Records[:2]
	for name, c := range map[string]struct {
		after     *Scan
		retention bool
		want      string
	}{
		"all":                     {before, false, ""},
		"a lost end":              {scanned(10, 1, 2), false, ""},
		"nothing left":            {scanned(10), false, ""},
		"retention":               {scanned(12, 3, 4), true, ""},
		"retention beyond":        {scanned(20), true, ""},
		"a start out of the blue": {scanned(12, 3, 4), false, "nobody deleted"},
		"a start that fell":       {scanned(9, 9, 1, 2), true, "started at 10"},
		"more than there was":     {scanned(10, 1, 2, 3, 4, 5), false, "beyond its old end"},
		"another record":          {scanned(10, 1, 7), false, "offset 11 does not hold"},
		"a hole":                  {holed, false, "offset 12 comes where 11"},
		"an end that is not read": {short, false, "nothing from offset 12"},
	} {
		got := Remains(before, c.after, c.retention)
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
