package offset

import (
	"strings"
	"testing"

	"odradek/core/group/record"
)

func TestMetadataTooLong(t *testing.T) {
	text := func(s string) *string { return &s }
	for _, c := range []struct {
		metadata *string
		limit    int32
		want     bool
	}{
		{nil, 0, false},
		{text(""), 0, false},
		{text("a"), 0, true},
		{text("four"), 4, false},
		{text("fives"), 4, true},
		// Java counts characters of 16 bits: ü is one, and what is beyond them two.
		{text("üüüü"), 4, false},
		{text("üüüüü"), 4, true},
		{text("𝄞𝄞"), 4, false},
		{text("𝄞𝄞a"), 4, true},
		// More than a record holds is too long whatever is set.
		{text(strings.Repeat("a", record.StringBytesMax)), 1 << 30, false},
		{text(strings.Repeat("a", record.StringBytesMax+1)), 1 << 30, true},
		{text(strings.Repeat("ü", record.StringBytesMax/2+1)), 1 << 30, true},
	} {
		if got := tooLong(c.metadata, Settings{OffsetMetadataMaxBytes: c.limit}); got != c.want {
			t.Errorf("%.20q with a limit of %d: %v", *c.metadata, c.limit, got)
		}
	}
}
