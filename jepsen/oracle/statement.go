package oracle

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// verb is what a statement does.
type verb int

const (
	say         verb = iota // # a remark, repeated in the transcript
	send                    // send API vN {body} | edits: one request and its reply, for each version
	post                    // post ...: the request only
	receive                 // receive: the reply to the oldest posted request
	raw                     // raw BYTES: bytes as they are, and whatever comes back
	let                     // let name = Path.To[0].Field: remember a field of the last reply
	define                  // define name = VALUE: what $name stands for
	topic                   // topic name key=value...: a fresh topic, ready to be used
	barrier                 // sync: wait until the broker has applied all metadata so far
	hangUp                  // close: end the connection from this side
	pause                   // pause 100: let so many milliseconds pass
	awaitGroups             // groups: wait until the coordinators of all groups answer
)

type statement struct {
	verb verb
	line int
	text string // as written, blanks collapsed, without the connection's name
	conn string

	key      int16
	versions []int16
	several  bool // a range: fields that a version lacks are left out
	body     expr
	edits    []edit
	until    *condition

	name, path string // of let and topic
	millis     int64  // of pause
}

// condition is `until Path == VALUE`: the request is repeated until its reply says so.
type condition struct{ path, value string }

// edit breaks a well-formed frame on its way out.
type edit struct {
	name string
	args []expr
}

var connPrefix = regexp.MustCompile(`^([a-z]+[0-9]*): `)

func parseStatement(line string) (statement, error) {
	if remark, ok := strings.CutPrefix(line, "#"); ok {
		return statement{verb: say, text: "#" + remark}, nil
	}
	parsed := statement{conn: "main"}
	if found := connPrefix.FindStringSubmatch(line); found != nil {
		parsed.conn = found[1]
		line = line[len(found[0]):]
	}
	parsed.text = collapse(line)
	first, rest, _ := strings.Cut(line, " ")
	switch first {
	case "send":
		parsed.verb = send
		return parsed, parsed.parseRequest(rest)
	case "post":
		parsed.verb = post
		return parsed, parsed.parseRequest(rest)
	case "until":
		parsed.verb = send
		return parsed, parsed.parseUntil(rest)
	case "receive":
		parsed.verb = receive
		return parsed, nil
	case "raw":
		parsed.verb = raw
		return parsed, parsed.parseRaw(rest)
	case "let":
		parsed.verb = let
		name, path, ok := strings.Cut(rest, "=")
		parsed.name, parsed.path = strings.TrimSpace(name), strings.TrimSpace(path)
		if !ok {
			return parsed, fmt.Errorf("let wants name = Path")
		}
		return parsed, nil
	case "define":
		parsed.verb = define
		name, value, ok := strings.Cut(rest, "=")
		parsed.name = strings.TrimSpace(name)
		if !ok {
			return parsed, errors.New("define wants name = VALUE")
		}
		var err error
		parsed.body, err = parseValue(value)
		return parsed, err
	case "topic":
		parsed.verb = topic
		parsed.name, parsed.path, _ = strings.Cut(rest, " ")
		return parsed, nil
	case "sync":
		parsed.verb = barrier
		return parsed, nil
	case "close":
		parsed.verb = hangUp
		return parsed, nil
	case "groups":
		parsed.verb = awaitGroups
		return parsed, nil
	case "pause":
		parsed.verb = pause
		var err error
		parsed.millis, err = strconv.ParseInt(rest, 10, 64)
		return parsed, err
	}
	return parsed, fmt.Errorf("no statement %q; there are send, post, receive, until, raw, "+
		"let, define, topic, groups, sync, close, pause and # remarks", first)
}

func (s *statement) parseUntil(rest string) error {
	before, request, ok := strings.Cut(rest, " send ")
	path, value, ok2 := strings.Cut(before, "==")
	if !ok || !ok2 {
		return errors.New("until wants a condition, Path == VALUE, and a request")
	}
	s.until = &condition{strings.TrimSpace(path), strings.TrimSpace(value)}
	return s.parseRequest(request)
}

func (s *statement) parseRaw(rest string) error {
	parts := splitOutside(rest, '|')
	body, err := parseValue(parts[0])
	s.body = body
	if err != nil {
		return err
	}
	return s.parseEdits(parts[1:])
}

// parseRequest reads `API v1,3-5 {body} | edit args | ...`.
func (s *statement) parseRequest(source string) error {
	parts := splitOutside(source, '|')
	words := strings.SplitN(strings.TrimSpace(parts[0]), " ", 3)
	if len(words) < 2 {
		return fmt.Errorf("a request is API vN {body}")
	}
	key, ok := keyOf(words[0])
	if !ok {
		return fmt.Errorf("no API %q", words[0])
	}
	s.key = key
	body := "{}"
	if len(words) == 3 {
		body = words[2]
	}
	var err error
	if s.versions, s.several, err = parseVersions(words[1]); err != nil {
		return err
	}
	if s.body, err = parseValue(body); err != nil {
		return err
	}
	return s.parseEdits(parts[1:])
}

func (s *statement) parseEdits(parts []string) error {
	for _, part := range parts {
		name, args, _ := strings.Cut(part, " ")
		one := edit{name: name}
		for _, arg := range splitOutside(args, ' ') {
			if arg == "" {
				continue
			}
			value, err := parseValue(arg)
			if err != nil {
				return fmt.Errorf("%s: %w", part, err)
			}
			one.args = append(one.args, value)
		}
		s.edits = append(s.edits, one)
	}
	return nil
}

func keyOf(name string) (int16, bool) {
	for key := int16(0); key <= kmsg.MaxKey; key++ {
		if strings.EqualFold(kmsg.NameForKey(key), name) {
			return key, true
		}
	}
	return 0, false
}

// parseVersions reads v3, v3-5 and v1,4-6.
func parseVersions(source string) (versions []int16, several bool, err error) {
	list, ok := strings.CutPrefix(source, "v")
	if !ok {
		return nil, false, fmt.Errorf("%q is no version", source)
	}
	for _, part := range strings.Split(list, ",") {
		low, high, isRange := strings.Cut(part, "-")
		if !isRange {
			high = low
		}
		from, err1 := strconv.ParseInt(low, 10, 16)
		to, err2 := strconv.ParseInt(high, 10, 16)
		if err1 != nil || err2 != nil || from > to {
			return nil, false, fmt.Errorf("%q is no version", source)
		}
		for v := from; v <= to; v++ {
			versions = append(versions, int16(v))
		}
	}
	return versions, len(versions) > 1, nil
}

func collapse(line string) string { return strings.Join(strings.Fields(line), " ") }

var versionsInText = regexp.MustCompile(`^((?:send|post|until .* send) \w+) v[0-9,-]+`)

// head is the statement as a transcript shows it, in one version.
func (s *statement) head(version int16) string {
	shown := s.text
	if s.several {
		shown = versionsInText.ReplaceAllString(shown, fmt.Sprintf("$1 v%d", version))
	}
	if s.conn != "main" {
		shown = s.conn + ": " + shown
	}
	return shown
}

// heads are the lines that the statement begins in a transcript, remarks excepted.
func (s *statement) heads() []string {
	switch s.verb {
	case send, post:
		var lines []string
		for _, version := range s.versions {
			lines = append(lines, s.head(version))
		}
		return lines
	case receive, raw, topic, define:
		return []string{s.head(0)}
	}
	return nil
}
