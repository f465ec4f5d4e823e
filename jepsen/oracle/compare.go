package oracle

import (
	"embed"
	"fmt"
	"regexp"
	"strings"
)

// The transcripts of Apache Kafka, one for each script.
//
//go:embed testdata/kafka/*.txt
var kafkaFiles embed.FS

// differencesFile lists where we answer otherwise than Kafka, and why.
//
//go:embed differences.txt
var differencesFile string

// Settings are the broker settings under which the transcripts were recorded, as
// lines of a properties file.
//
//go:embed settings.properties
var Settings string

// Difference is one exchange that was answered otherwise than by Kafka.
type Difference struct {
	Script   string
	Exchange string   // the request, as the script has it
	Lines    []string // "- " and Kafka's line, "+ " and ours; context has two blanks
}

// String shows the difference as a piece of a diff.
func (d Difference) String() string {
	return fmt.Sprintf("%s: %s\n%s\n", d.Script, d.Exchange, strings.Join(d.Lines, "\n"))
}

// allowance is one line of differences.txt: `script sign pattern @ exchange :: reason`.
type allowance struct {
	script   string // or * for any
	sign     string // "-" a line of Kafka's that we lack, "+" one of ours
	pattern  *regexp.Regexp
	exchange *regexp.Regexp // what the request has to match
	text     string
	seen     bool
}

// Comparison gathers the differences of several scripts, so that in the end the
// listed differences that no longer exist can be told, too.
type Comparison struct {
	allowed []*allowance
	played  map[string]bool
}

// NewComparison reads differences.txt.
func NewComparison() (*Comparison, error) { return newComparison(differencesFile) }

func newComparison(list string) (*Comparison, error) {
	c := &Comparison{played: map[string]bool{}}
	for at, line := range strings.Split(list, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		entry, err := parseAllowance(line)
		if err != nil {
			return nil, fmt.Errorf("differences.txt:%d: %w", at+1, err)
		}
		c.allowed = append(c.allowed, entry)
	}
	return c, nil
}

func parseAllowance(line string) (*allowance, error) {
	rule, reason, ok := strings.Cut(line, " :: ")
	rule, exchange, _ := strings.Cut(rule, " @ ")
	words := strings.SplitN(rule, " ", 3)
	if !ok || reason == "" || len(words) != 3 || words[1] != "-" && words[1] != "+" {
		return nil, fmt.Errorf("%q is not `script sign pattern @ exchange :: reason`", line)
	}
	pattern, err := regexp.Compile(strings.TrimSpace(words[2]))
	if err != nil {
		return nil, err
	}
	where, err := regexp.Compile(strings.TrimSpace(exchange))
	return &allowance{script: words[0], sign: words[1], pattern: pattern, exchange: where,
		text: line}, err
}

// Add compares one script's transcript with Kafka's and returns the differences
// that are not listed.
func (c *Comparison) Add(name, transcript string) ([]Difference, error) {
	recorded, err := Recorded(name)
	if err != nil {
		return nil, err
	}
	c.played[name] = true
	want, got := exchanges(recorded), exchanges(transcript)
	var out []Difference
	for i := range max(len(want), len(got)) {
		var w, g exchangeText
		if i < len(want) {
			w = want[i]
		}
		if i < len(got) {
			g = got[i]
		}
		d := Difference{Script: name, Exchange: w.head}
		if w.head != g.head {
			d.Lines = []string{"- " + w.head, "+ " + g.head, "(record the transcript again)"}
			return append(out, d), nil
		}
		d.Lines = diffLines(w.lines, g.lines)
		if c.unlisted(d) {
			out = append(out, d)
		}
	}
	return out, nil
}

// unlisted marks the allowances that the lines use, and tells whether any line
// that differs has none.
func (c *Comparison) unlisted(d Difference) bool {
	found := false
	for _, line := range d.Lines {
		if strings.HasPrefix(line, " ") {
			continue
		}
		allowed := false
		for _, entry := range c.allowed {
			if entry.covers(d, line[:1], line[2:]) {
				entry.seen, allowed = true, true
			}
		}
		found = found || !allowed
	}
	return found
}

func (a *allowance) covers(d Difference, sign, content string) bool {
	return a.sign == sign && (a.script == "*" || a.script == d.Script) &&
		a.pattern.MatchString(content) && a.exchange.MatchString(d.Exchange)
}

// Stale returns the listed differences of the scripts that were played which did
// not show.
func (c *Comparison) Stale() []string {
	var out []string
	for _, entry := range c.allowed {
		if !entry.seen && (entry.script == "*" || c.played[entry.script]) {
			out = append(out, entry.text)
		}
	}
	return out
}

// Compare is a Comparison of one script: the unlisted differences between a
// transcript and Kafka's.
func Compare(name, transcript string) ([]Difference, error) {
	c, err := NewComparison()
	if err != nil {
		return nil, err
	}
	return c.Add(name, transcript)
}

// Recorded returns Kafka's transcript of a script.
func Recorded(name string) (string, error) {
	content, err := kafkaFiles.ReadFile("testdata/kafka/" + name + ".txt")
	if err != nil {
		return "", fmt.Errorf("no transcript of %s by Kafka: record it", name)
	}
	return string(content), nil
}

// exchangeText is a request of a transcript with the lines of its reply.
type exchangeText struct {
	head  string
	lines []string
}

// exchanges splits a transcript; remarks are left out.
func exchanges(transcript string) []exchangeText {
	var out []exchangeText
	for _, line := range strings.Split(transcript, "\n") {
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case !strings.HasPrefix(line, " ") || len(out) == 0:
			out = append(out, exchangeText{head: line})
		default:
			last := &out[len(out)-1]
			last.lines = append(last.lines, line[2:])
		}
	}
	return out
}

// diffLines aligns two lists by their longest common subsequence. Replies are short
// enough for the plain quadratic table.
func diffLines(want, got []string) []string {
	common := make([][]int, len(want)+1)
	for i := range common {
		common[i] = make([]int, len(got)+1)
	}
	for i := len(want) - 1; i >= 0; i-- {
		for j := len(got) - 1; j >= 0; j-- {
			if want[i] == got[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out []string
	i, j := 0, 0
	for i < len(want) || j < len(got) {
		switch {
		case i < len(want) && j < len(got) && want[i] == got[j]:
			out = append(out, "  "+want[i])
			i, j = i+1, j+1
		case j == len(got) || i < len(want) && common[i+1][j] >= common[i][j+1]:
			out = append(out, "- "+want[i])
			i++
		default:
			out = append(out, "+ "+got[j])
			j++
		}
	}
	return out
}
