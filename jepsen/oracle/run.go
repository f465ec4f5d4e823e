package oracle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"odradek/core/kafka"
)

// Run plays a script against the broker behind transport and returns the
// transcript. What a broker does, however odd, is part of the transcript; an error
// means that the script is wrong or the broker cannot be reached.
func Run(script Script, transport Transport) (string, error) {
	return RunAgain(script, "", transport)
}

// RunAgain is Run with a tag in all topic names, for a broker on which the script
// has been run before. The transcript does not show it.
func RunAgain(script Script, tag string, transport Transport) (string, error) {
	prefix := script.Name + "-"
	if tag != "" {
		prefix += tag + "-"
	}
	var foreign []string
	for _, name := range Names() {
		foreign = append(foreign, name+"-")
	}
	r := &runner{transport: transport, prefix: prefix, conns: map[string]*connection{},
		variables: map[string]any{}, normal: newNormaliser(prefix, foreign)}
	defer r.closeAll()
	for _, s := range script.statements {
		if err := r.statement(s); err != nil {
			return r.out.String(), fmt.Errorf("%s.txt:%d: %w", script.Name, s.line, err)
		}
	}
	return r.out.String(), nil
}

// runner is one run of one script.
type runner struct {
	transport   Transport
	prefix      string
	conns       map[string]*connection
	order       []*connection
	variables   map[string]any
	normal      *normaliser
	correlation int32
	barriers    int
	last        any // the last decoded reply
	out         strings.Builder
}

// connection is one of the script's named connections; it is opened when first
// used and again after either side has closed it.
type connection struct {
	conn   Conn
	posted []*frame
}

func (r *runner) statement(s statement) error {
	switch s.verb {
	case say:
		r.line("", s.text)
	case send:
		return r.eachVersion(s, r.exchange)
	case post:
		return r.eachVersion(s, r.post)
	case receive:
		return r.receive(s)
	case raw:
		return r.raw(s)
	case let:
		r.remember(s)
	case define:
		return r.define(s)
	case topic:
		return r.topic(s)
	case barrier:
		return r.barrier()
	case hangUp:
		r.connection(s.conn).hangUp()
	case awaitGroups:
		return r.awaitGroups()
	case pause:
		r.transport.Pause(s.millis)
	}
	return nil
}

func (r *runner) line(indent, content string) {
	r.out.WriteString(indent + content + "\n")
}

// head writes the exchange as the script has it, in the version it was sent.
func (r *runner) head(s statement, version int16) { r.line("", s.head(version)) }

func (r *runner) eachVersion(s statement, do func(statement, int16) error) error {
	for _, version := range s.versions {
		if err := do(s, version); err != nil {
			return err
		}
	}
	return nil
}

// untilLimit bounds the repeats of `until` and of the barrier, each after a pause.
const (
	untilLimit  = 1_000
	pauseMillis = 5
)

func (r *runner) exchange(s statement, version int16) error {
	r.head(s, version)
	for try := 1; ; try++ {
		f, err := r.frame(&s, version)
		if err != nil {
			return err
		}
		got, err := r.roundTrip(s.conn, f)
		if err != nil {
			return err
		}
		if s.until == nil || r.holds(*s.until) || try == untilLimit {
			r.show(got, s.text)
			return nil
		}
		r.transport.Pause(pauseMillis)
	}
}

// outcome is what came of a request: a reply, or a sentence about why there is none.
type outcome struct {
	response message
	body     []byte // what response was read from
	instead  string
}

// show writes an outcome into the transcript. Placeholders are numbered only here,
// so that what is not shown has no part in it.
func (r *runner) show(got outcome, request string) {
	r.normal.exchange++
	lines := []string{got.instead}
	if got.response != nil {
		lines = renderResponse(r.normal, got.response, got.body, request)
	}
	for _, line := range lines {
		r.line("  ", line)
	}
}

func (r *runner) holds(wanted condition) bool {
	found, err := follow(r.last, wanted.path)
	if err != nil {
		return false
	}
	shown := fmt.Sprint(found.Interface())
	if strings.HasSuffix(wanted.path, "ErrorCode") {
		shown = kafka.ErrorCode(found.Int()).String()
	}
	return shown == wanted.value
}

func (r *runner) frame(s *statement, version int16) (*frame, error) {
	r.correlation++
	scope := r.scope(version)
	f, err := newFrame(s, version, scope, r.correlation)
	return f, err
}

var nameInText = regexp.MustCompile(`\$[a-zA-Z0-9._-]+`)

func (r *runner) scope(version int16) *scope {
	return &scope{version: version, variables: r.variables, made: r.normal.made,
		topic: func(content string) string {
			content = strings.ReplaceAll(content, "{v}", fmt.Sprint(version))
			return nameInText.ReplaceAllStringFunc(content, func(name string) string {
				return r.prefix + name[1:]
			})
		}}
}

// roundTrip sends a frame and returns what comes back.
func (r *runner) roundTrip(conn string, f *frame) (outcome, error) {
	c := r.connection(conn)
	if err := c.send(r.transport, f); err != nil {
		return outcome{}, err
	}
	if !f.expectReply {
		r.last = nil
		return outcome{instead: "no reply expected"}, nil
	}
	return r.await(c, f)
}

func (r *runner) post(s statement, version int16) error {
	r.head(s, version)
	f, err := r.frame(&s, version)
	if err != nil {
		return err
	}
	c := r.connection(s.conn)
	if err := c.send(r.transport, f); err != nil {
		return err
	}
	f.request = s.text
	c.posted = append(c.posted, f)
	return nil
}

func (r *runner) receive(s statement) error {
	r.head(s, 0)
	c := r.connection(s.conn)
	if len(c.posted) == 0 {
		return errors.New("nothing was posted")
	}
	f := c.posted[0]
	c.posted = c.posted[1:]
	got, err := r.await(c, f)
	if err == nil {
		r.show(got, f.request)
	}
	return err
}

// await takes the next frame and reads it as the reply to f.
func (r *runner) await(c *connection, f *frame) (outcome, error) {
	r.last = nil
	if c.conn == nil {
		return outcome{instead: "closed"}, nil
	}
	reply, closed, err := c.conn.Receive()
	switch {
	case errors.Is(err, ErrNoReply):
		c.hangUp()
		return outcome{instead: "no reply"}, nil
	case err != nil:
		return outcome{}, err
	case closed:
		c.hangUp()
		return outcome{instead: "closed"}, nil
	}
	got := f.decode(reply)
	if got.response != nil {
		r.last = got.response
	}
	return got, nil
}

// raw sends bytes that need not be a frame, and shows what comes back.
func (r *runner) raw(s statement) error {
	r.head(s, 0)
	value, err := s.body.eval(r.scope(0))
	if err != nil {
		return err
	}
	content, ok := value.([]byte)
	if !ok {
		return errors.New("raw wants bytes")
	}
	c := r.connection(s.conn)
	if err := c.sendBytes(r.transport, content); err != nil {
		return err
	}
	reply, closed, err := c.conn.Receive()
	switch {
	case errors.Is(err, ErrNoReply):
		r.line("  ", "no reply")
	case err != nil:
		return err
	case closed:
		r.line("  ", "closed")
	default:
		r.line("  ", describeRaw(reply))
	}
	c.hangUp()
	return nil
}

func (r *runner) remember(s statement) {
	found, err := follow(r.last, s.path)
	if err != nil {
		r.line("  ", fmt.Sprintf("! %s: %v", s.text, err))
		r.variables[s.name] = missing{}
		return
	}
	r.variables[s.name] = remember(reflect.Indirect(found))
}

// define keeps the value as it is written: it may have {v} in it. What it refers to has
// to be there already, so that no value refers to itself.
func (r *runner) define(s statement) error {
	r.head(s, 0)
	if _, known := r.variables[s.name]; known {
		return fmt.Errorf("$%s has a value already", s.name)
	}
	_, err := s.body.eval(r.scope(0))
	r.variables[s.name] = s.body
	return err
}

func (r *runner) connection(name string) *connection {
	c, ok := r.conns[name]
	if !ok {
		c = &connection{}
		r.conns[name] = c
		r.order = append(r.order, c)
	}
	return c
}

func (r *runner) closeAll() {
	for _, c := range r.order {
		c.hangUp()
	}
}

func (c *connection) send(transport Transport, f *frame) error {
	content, err := f.encode()
	if err != nil {
		return err
	}
	return c.sendBytes(transport, content)
}

// sendBytes opens the connection if need be. A failed Send is left to Receive to
// explain: the broker may have closed in the middle of it.
func (c *connection) sendBytes(transport Transport, content []byte) error {
	if c.conn == nil {
		conn, err := transport.Connect()
		if err != nil {
			return fmt.Errorf("connect: %w", err)
		}
		c.conn = conn
	}
	_ = c.conn.Send(content) // see above
	return nil
}

func (c *connection) hangUp() {
	if c.conn != nil {
		c.conn.Close()
	}
	c.conn, c.posted = nil, nil
}

// describeRaw tells only which request a reply to raw bytes belongs to: nobody knows
// in which version the rest would be.
func describeRaw(reply []byte) string {
	if len(reply) < 4 {
		return fmt.Sprintf("reply of %d bytes", len(reply))
	}
	return fmt.Sprintf("reply to correlation id %d", int32(binary.BigEndian.Uint32(reply)))
}
