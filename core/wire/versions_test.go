package wire

import (
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestTableIsSortedAndFoundByKey(t *testing.T) {
	previous := int16(-1)
	for _, api := range Table() {
		if api.Key <= previous {
			t.Errorf("%s: key %d after %d", api.Name, api.Key, previous)
		}
		previous = api.Key
		if found, ok := Lookup(api.Key); !ok || found != api {
			t.Errorf("Lookup(%d) = %+v, %v", api.Key, found, ok)
		}
	}
	for _, key := range []int16{-1, -32768, 4, 5, 76, 32767} {
		if _, ok := Lookup(key); ok {
			t.Errorf("key %d is served", key)
		}
	}
}

// The table may not claim what kmsg cannot read or write, and must agree with
// it on which versions are flexible.
func TestTableIsWithinKmsg(t *testing.T) {
	for _, api := range Table() {
		request := kmsg.RequestForKey(api.Key)
		if name := kmsg.NameForKey(api.Key); !strings.EqualFold(name, api.Name) {
			t.Errorf("key %d: %q, kmsg calls it %q", api.Key, api.Name, name)
		}
		if api.Min < 0 || api.Min > api.ServedFrom || api.ServedFrom > api.Max ||
			api.Max > request.MaxVersion() {
			t.Errorf("%s: bad range %d-%d, served from %d, kmsg to %d",
				api.Name, api.Min, api.Max, api.ServedFrom, request.MaxVersion())
		}
		if api.Min != api.ServedFrom && api.Key != KeyProduce {
			t.Errorf("%s: advertised but not served", api.Name)
		}
		for version := int16(0); version <= api.Max; version++ {
			request.SetVersion(version)
			if request.IsFlexible() != api.Flexible(version) {
				t.Errorf("%s v%d: flexible %v", api.Name, version, api.Flexible(version))
			}
		}
		if api.Notes == "" {
			t.Errorf("%s: no notes", api.Name)
		}
	}
}

func TestEveryAPIHasACodec(t *testing.T) {
	for _, api := range Table() {
		byHand := api.Key == KeyProduce || api.Key == KeyFetch
		shaped := int(api.Key) < len(shapes) && shapes[api.Key] != nil
		if byHand == shaped {
			t.Errorf("%s: written by hand %v, has a shape %v", api.Name, byHand, shaped)
		}
	}
}

func TestRenderTable(t *testing.T) {
	text := RenderTable()
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(lines) != 2+len(Table()) {
		t.Fatalf("%d lines for %d APIs", len(lines), len(Table()))
	}
	for _, want := range []string{
		"| 0 | Produce | 0-13 | 9 | ", "| 46 | ListPartitionReassignments | 0 | 0 | ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("missing %q in\n%s", want, text)
		}
	}
	for _, line := range lines {
		if strings.Count(line, "|") != 6 {
			t.Errorf("not five cells: %s", line)
		}
	}
}
