package config_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"odradek/controller/config"
)

// TestPropertiesAgainstJava reads a file full of corners and compares with what
// java.util.Properties made of it.
func TestPropertiesAgainstJava(t *testing.T) {
	raw, err := os.ReadFile("testdata/java.properties")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/java.txt")
	if err != nil {
		t.Fatal(err)
	}
	properties, err := config.ParseProperties(string(raw))
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, p := range properties {
		fmt.Fprintf(&got, "%q = %q\n", p.Key, p.Value)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Error(diff)
	}
}

func TestPropertiesKnowTheirLines(t *testing.T) {
	properties, err := config.ParseProperties("# one\na=1\n\nb=\\\n 2\nc=3")
	if err != nil {
		t.Fatal(err)
	}
	want := []config.Property{{Key: "a", Value: "1", Line: 2}, {Key: "b", Value: "2", Line: 4},
		{Key: "c", Value: "3", Line: 6}}
	if diff := cmp.Diff(want, properties); diff != "" {
		t.Error(diff)
	}
}

func TestBadProperties(t *testing.T) {
	for text, want := range map[string]string{
		"a=1\nb=\\u12": "line 2: \\u must be followed by four hexadecimal digits",
		"a=\\uzzzz":    "line 1: \\u must be followed by four hexadecimal digits, not \"zzzz\"",
		"\\u12=1":      "line 1: \\u must be followed by four hexadecimal digits",
		strings.Repeat("#", 2<<20): "the file has 2097152 bytes; a properties file has at most" +
			" 1048576",
	} {
		if _, err := config.ParseProperties(text); err == nil || err.Error() != want {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

// TestAnyTextIsReadOrRefused: no text makes the parser panic, and every key
// stands on a line of the file.
func TestAnyTextIsReadOrRefused(t *testing.T) {
	pieces := rapid.SampledFrom([]string{"a", "=", ":", " ", "\\", "\n", "\r", "\t", "#", "u0041",
		"ä"})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(pieces, 0, 30).Draw(t, "text"), "")
		properties, err := config.ParseProperties(text)
		if err != nil {
			return
		}
		lines := strings.Count(text, "\n") + strings.Count(text, "\r") + 1
		for _, p := range properties {
			if p.Line < 1 || p.Line > lines {
				t.Fatalf("line %d of %d", p.Line, lines)
			}
		}
	})
}
