package oracle

import (
	"slices"
	"strings"
	"testing"

	"odradek/core/wire"

	"pgregory.net/rapid"
)

func loadAll(t *testing.T) []Script {
	t.Helper()
	var scripts []Script
	for _, name := range Names() {
		script, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		scripts = append(scripts, script)
	}
	return scripts
}

// intact reports whether the frame goes out as it should: only how the reply is read
// may be said.
func (s *statement) intact() bool {
	return !slices.ContainsFunc(s.edits, func(e edit) bool { return e.name != "reply" })
}

// Every version that the broker advertises has an exchange with a sound request.
func TestScriptsCoverEveryAPIInEveryVersion(t *testing.T) {
	type request struct{ key, version int16 }
	sent := map[request]bool{}
	for _, script := range loadAll(t) {
		for _, s := range script.statements {
			for _, version := range s.versions {
				if s.intact() {
					sent[request{s.key, version}] = true
				}
			}
		}
	}
	for _, api := range wire.Table() {
		for version := api.Min; version <= api.Max; version++ {
			if !sent[request{api.Key, version}] {
				t.Errorf("no script sends %s v%d", api.Name, version)
			}
		}
	}
}

// TestTranscriptsBelongToTheScripts finds scripts that were changed after Kafka's
// answers were recorded.
func TestTranscriptsBelongToTheScripts(t *testing.T) {
	total := 0
	for _, script := range loadAll(t) {
		recorded, err := Recorded(script.Name)
		if err != nil {
			t.Error(err)
			continue
		}
		var want, got []string
		for _, s := range script.statements {
			want = append(want, s.heads()...)
		}
		for _, exchange := range exchanges(recorded) {
			got = append(got, exchange.head)
		}
		total += len(got)
		if !slices.Equal(want, got) {
			t.Errorf("%s: record the transcript again, its requests are not the script's", script.Name)
		}
		for _, line := range strings.Split(recorded, "\n") {
			if strings.HasPrefix(line, "  !") {
				t.Errorf("%s: %s", script.Name, line)
			}
		}
	}
	if total < 700 {
		t.Errorf("%d exchanges, 700 were promised", total)
	}
}

func TestScriptsMistakesAreExplained(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{"sned Metadata v1 {}", "no statement \"sned\""},
		{"send Metadate v1 {}", "no API \"Metadate\""},
		{"send Metadata 1 {}", "\"1\" is no version"},
		{"send Metadata v3-1 {}", "is no version"},
		{"send Metadata v1 {Topics [}", "expected \":\""},
		{"send Metadata v1 {Topics: [1 2]}", "expected , or ]"},
		{"send Metadata v1 {Topics: 99999999999999999999}", "bad number"},
		{"let x", "let wants name = Path"},
		{"define x", "define wants name = VALUE"},
		{"pause soon", "invalid syntax"},
		{"until x send Metadata v1", "until wants a condition"},
	} {
		_, err := Parse("bad", "# first line\n"+c.source)
		if err == nil || !strings.Contains(err.Error(), c.want) ||
			!strings.HasPrefix(err.Error(), "bad.txt:2: ") {
			t.Errorf("%s\n got %v\nwant %s", c.source, err, c.want)
		}
	}
}

// TestRequestsMistakesAreExplained plays scripts that parse, but cannot be sent.
func TestRequestsMistakesAreExplained(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{"send Metadata v1 {Topic: []}", "has no field Topic"},
		{"send Metadata v1 {Topics: 5}", "does not fit"},
		{"send Metadata v1 {AllowAutoTopicCreation: true}",
			"version 1: field AllowAutoTopicCreation is not sent"},
		{"send Metadata v4 {Topics: [{Topic: $x}]}", "no variable $x"},
		{"send Produce v9 {Acks: 40000}", "does not fit a int16"},
		{"send Fetch v4 | shuffle 3", "shuffle: no such edit"},
		{"send Fetch v4 | cut 100", "cut 100 of"},
		{"send Fetch v4 | set 90 hex(\"00\")", "no 1 bytes at that place"},
		{"raw frames(3)", "no function frames"},
		{"raw hex(\"0\")", "odd length"},
		{"receive", "nothing was posted"},
		{"define x = $x", "no variable $x"},
		{"define x = 1\ndefine x = [$x]", "$x has a value already"},
		{"send JoinGroup v0 {Protocols: [{Metadata: subscription({Topic: []})}]}", "has no field Topic"},
		{"send JoinGroup v0 {Protocols: [{Metadata: assignment(5)}]}", "wants one {Field"},
	} {
		script, err := Parse("bad", c.source)
		if err != nil {
			t.Errorf("%s: %v", c.source, err)
			continue
		}
		if _, err := Run(script, &fakeBroker{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\n got %v\nwant %s", c.source, err, c.want)
		}
	}
}

func TestParserNeverPanics(t *testing.T) {
	pieces := []string{"{", "}", "[", "]", "(", ")", ":", ",", "$", "x", "Topics", "\"a\"", "\"", "`",
		"-", "1", "+", "batch", "=", "@", "hex", "null", "|", " ", "\\", "0x", "send ", "v1", "é"}
	rapid.Check(t, func(t *rapid.T) {
		source := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 30).Draw(t, "pieces"), "")
		script, err := Parse("random", "send Produce v9 "+source)
		if err == nil {
			_, _ = Run(script, &fakeBroker{}) // whatever it says, it must not panic
		}
	})
}
