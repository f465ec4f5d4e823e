package oracle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// clientID names us to the broker.
const clientID = "oracle"

// frame is a request on its way to becoming bytes, still open to edits.
//
//	length int32 | key int16, version int16, correlationId int32, clientId string [, tags] | body
type frame struct {
	key, version int16
	correlation  int32
	client       *string
	flexible     bool
	tags         []byte
	body         []byte

	length      *int64 // a lie about the length
	replyAs     int16  // the version in which the reply is to be read
	expectReply bool
	cut         int64
	request     string // the exchange as the script has it, when it was posted
}

// newFrame binds body to the API's request and encodes it. With several versions
// in one statement, fields that this version lacks are left out; a statement about
// one version may only say what is sent.
func newFrame(s *statement, version int16, scope *scope, correlation int32) (*frame, error) {
	request := kmsg.RequestForKey(s.key)
	defaults, ok := request.(interface{ Default() })
	if !ok {
		return nil, fmt.Errorf("no request for key %d", s.key)
	}
	defaults.Default()
	request.SetVersion(version)
	value, err := s.body.eval(scope)
	if err != nil {
		return nil, err
	}
	fields, ok := value.(*object)
	if !ok {
		return nil, errors.New("a body is {Field: value, ...}")
	}
	if err := bindStruct(reflect.ValueOf(request).Elem(), fields); err != nil {
		return nil, err
	}
	if !s.several && len(s.edits) == 0 {
		if err := checkOnWire(presenceOf(request), fields, ""); err != nil {
			return nil, fmt.Errorf("version %d: %w", version, err)
		}
	}
	name := clientID
	out := &frame{key: s.key, version: version, correlation: correlation, client: &name,
		flexible: request.IsFlexible(), tags: []byte{0}, replyAs: version, expectReply: true}
	if produce, ok := request.(*kmsg.ProduceRequest); ok && produce.Acks == 0 {
		out.expectReply = false
	}
	out.body = request.AppendTo(nil)
	for _, e := range s.edits {
		if err := out.apply(e, scope); err != nil {
			return nil, fmt.Errorf("%s: %w", e.name, err)
		}
	}
	return out, nil
}

// checkOnWire refuses a field that the version does not send.
func checkOnWire(wire presence, value any, path string) error {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			if err := checkOnWire(wire, item, path); err != nil {
				return err
			}
		}
	case *object:
		for i, name := range v.names {
			at := name
			if path != "" {
				at = path + "." + name
			}
			if !wire.onWire[at] {
				return fmt.Errorf("field %s is not sent", at)
			}
			if err := checkOnWire(wire, v.values[i], at); err != nil {
				return err
			}
		}
	}
	return nil
}

// apply makes one edit:
//
//	key N, version N    another key or version in the header
//	client TEXT|null    another client id
//	tags BYTES          the header's tagged fields, from their count on
//	body BYTES          another body
//	append BYTES        more bytes after the body
//	set N BYTES         overwrite from byte N of the body, or from its end if N < 0
//	cut N               the last N bytes are missing, from the length, too
//	length N            the length in front says N
//	reply vN            the reply is in version N
//	noreply             none is expected: do not wait for one
func (f *frame) apply(e edit, s *scope) error {
	args := make([]any, len(e.args))
	for i, arg := range e.args {
		value, err := arg.eval(s)
		if err != nil {
			return err
		}
		args[i] = value
	}
	switch e.name {
	case "noreply":
		f.expectReply = false
		return nil
	case "client":
		return f.setClient(args)
	case "tags", "body", "append":
		return f.setBytes(e.name, args)
	case "set":
		return f.overwrite(args)
	}
	if e.name == "reply" {
		if name, ok := only[word](args); ok {
			_, err := fmt.Sscanf(string(name), "v%d", &f.replyAs)
			return err
		}
	}
	number, ok := only[int64](args)
	if !ok {
		return errors.New("wants one number")
	}
	switch e.name {
	case "key":
		f.key = int16(number)
	case "version":
		f.version = int16(number)
	case "length":
		f.length = &number
	case "cut":
		f.cut = number
	default:
		return errors.New("no such edit")
	}
	return nil
}

func (f *frame) setClient(args []any) error {
	if len(args) == 1 && args[0] == nil {
		f.client = nil
		return nil
	}
	name, ok := only[string](args)
	if !ok {
		return errors.New("wants a text or null")
	}
	f.client = &name
	return nil
}

func (f *frame) setBytes(name string, args []any) error {
	content, ok := only[[]byte](args)
	if !ok {
		return errors.New("wants bytes")
	}
	switch name {
	case "tags":
		f.tags = content
	case "body":
		f.body = content
	case "append":
		f.body = append(f.body, content...)
	}
	return nil
}

func (f *frame) overwrite(args []any) error {
	if len(args) != 2 {
		return errors.New("wants a place and bytes")
	}
	at, isNumber := args[0].(int64)
	content, isBytes := args[1].([]byte)
	if at < 0 {
		at += int64(len(f.body))
	}
	if !isNumber || !isBytes || at < 0 || at+int64(len(content)) > int64(len(f.body)) {
		return fmt.Errorf("no %d bytes at that place of a body of %d", len(content), len(f.body))
	}
	copy(f.body[at:], content)
	return nil
}

// encode returns the bytes for the stream.
func (f *frame) encode() ([]byte, error) {
	out := make([]byte, 4)
	out = binary.BigEndian.AppendUint16(out, uint16(f.key))
	out = binary.BigEndian.AppendUint16(out, uint16(f.version))
	out = binary.BigEndian.AppendUint32(out, uint32(f.correlation))
	if f.client == nil {
		out = binary.BigEndian.AppendUint16(out, 0xffff)
	} else {
		out = binary.BigEndian.AppendUint16(out, uint16(len(*f.client)))
		out = append(out, *f.client...)
	}
	if f.flexible {
		out = append(out, f.tags...)
	}
	out = append(out, f.body...)
	if f.cut < 0 || f.cut > int64(len(out)-4) {
		return nil, fmt.Errorf("cut %d of %d bytes", f.cut, len(out)-4)
	}
	out = out[:int64(len(out))-f.cut]
	length := int64(len(out) - 4)
	if f.length != nil {
		length = *f.length
	}
	binary.BigEndian.PutUint32(out, uint32(length))
	return out, nil
}

// apiVersionsKey is the API whose replies never have tags in the header: a client
// reads them before it knows what the broker speaks (KIP-511).
const apiVersionsKey = 18

// decode reads a reply: correlation id, a tag section if the version is flexible,
// and the body.
func (f *frame) decode(reply []byte) outcome {
	if len(reply) < 4 {
		return outcome{instead: fmt.Sprintf("! reply of %d bytes: %x", len(reply), reply)}
	}
	got, body := int32(binary.BigEndian.Uint32(reply)), reply[4:]
	if got != f.correlation {
		return outcome{instead: fmt.Sprintf("! reply to the request %+d from this", got-f.correlation)}
	}
	like := kmsg.RequestForKey(f.key)
	if like == nil {
		return outcome{instead: fmt.Sprintf("! reply of %d bytes to an unknown key", len(reply))}
	}
	like.SetVersion(f.replyAs)
	response := like.ResponseKind()
	if response.IsFlexible() && f.key != apiVersionsKey {
		if len(body) == 0 || body[0] != 0 {
			return outcome{instead: "! reply without an empty tag section in its header"}
		}
		body = body[1:]
	}
	if err := response.ReadFrom(body); err != nil {
		return outcome{instead: fmt.Sprintf("! reply not understood: %x", body)}
	}
	return outcome{response: response, body: body}
}
