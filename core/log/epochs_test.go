package log

import (
	"testing"

	"odradek/core/kafka"

	"github.com/google/go-cmp/cmp"
)

func TestEpochsStayInOrder(t *testing.T) {
	known := []epochStart{{2, 0}, {5, 10}, {7, 20}}
	tests := []struct {
		name  string
		epoch kafka.LeaderEpoch
		at    kafka.Offset
		want  []epochStart
	}{
		{"none", -1, 30, known},
		{"the same", 7, 30, known},
		{"the same, where it begins", 7, 20, known},
		{"the same, earlier", 7, 15, []epochStart{{2, 0}, {5, 10}, {7, 15}}},
		{"a newer one", 9, 30, []epochStart{{2, 0}, {5, 10}, {7, 20}, {9, 30}}},
		{"a newer one, where one without a batch began", 9, 20, []epochStart{{2, 0}, {5, 10}, {9, 20}}},
		{"a newer one, before others", 9, 5, []epochStart{{2, 0}, {9, 5}}},
		{"an older one that was overtaken without a batch", 5, 20, []epochStart{{2, 0}, {5, 10}}},
		{"one in between", 6, 20, []epochStart{{2, 0}, {5, 10}, {6, 20}}},
		{"the oldest", 2, 30, []epochStart{{2, 0}}},
		{"older than all", 1, 0, []epochStart{{1, 0}}},
	}
	for _, test := range tests {
		e := epochs{entries: append([]epochStart(nil), known...)}
		e.assign(test.epoch, test.at)
		if diff := cmp.Diff(test.want, e.entries); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

func TestEpochsAreCut(t *testing.T) {
	known := []epochStart{{2, 0}, {5, 10}, {7, 20}}
	for at, want := range map[kafka.Offset][]epochStart{
		0: known, 5: {{2, 5}, {5, 10}, {7, 20}}, 10: {{5, 10}, {7, 20}}, 25: {{7, 25}},
	} {
		e := epochs{entries: append([]epochStart(nil), known...)}
		e.cutStart(at)
		if diff := cmp.Diff(want, e.entries); diff != "" {
			t.Errorf("start at %d: %s", at, diff)
		}
	}
	for at, want := range map[kafka.Offset][]epochStart{
		30: known, 20: known[:2], 15: known[:2], 10: known[:1], 0: {},
	} {
		e := epochs{entries: append([]epochStart(nil), known...)}
		e.cutEnd(at)
		if diff := cmp.Diff(want, e.entries); diff != "" {
			t.Errorf("end at %d: %s", at, diff)
		}
	}
}
