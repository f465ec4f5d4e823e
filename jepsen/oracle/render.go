package oracle

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"odradek/core/kafka"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// renderer writes a response as indented lines: the plain fields of a struct on
// one line, each array of structs below it.
type renderer struct {
	normal  *normaliser
	wire    presence
	request string // the exchange as the script has it
}

// renderResponse shows a decoded response; body is what it was decoded from.
func renderResponse(n *normaliser, response message, body []byte, request string) []string {
	r := renderer{normal: n, wire: presenceOf(response), request: request}
	lines := r.structure(reflect.ValueOf(response).Elem(), "")
	if again := response.AppendTo(nil); !bytes.Equal(again, body) {
		lines = append(lines, fmt.Sprintf("! reply of %d bytes, its canonical form has %d",
			len(body), len(again)))
	}
	return lines
}

// Of the lists that are much the same in every reply, one of longBlock lines or
// more is shown once in a transcript and called by its name after that.
const longBlock = 20

var repeated = map[string]bool{"ApiKeys": true, "Configs": true}

func (r *renderer) structure(v reflect.Value, path string) []string {
	r.learn(v)
	var plain, nested []string
	for i := range v.NumField() {
		field, name := v.Field(i), v.Type().Field(i).Name
		at := strings.TrimPrefix(path+"."+name, ".")
		if tags, ok := field.Interface().(kmsg.Tags); ok {
			tags.Each(func(tag uint32, content []byte) {
				plain = append(plain, fmt.Sprintf("unknown tag %d of %d bytes", tag, len(content)))
			})
			continue
		}
		if !r.wire.onWire[at] || name == "ThrottleMillis" || isDefault(field) {
			continue
		}
		below := r.nested(v, field, name, at)
		if below == nil {
			plain = append(plain, name+" "+r.scalar(r.sorted(v, field, name), name, at))
			continue
		}
		if len(below) == 0 && field.Kind() == reflect.Slice {
			plain = append(plain, name+" []") // whatever is in it belongs to others
			continue
		}
		if repeated[name] && len(below) >= longBlock {
			if exchange, again := r.normal.block(below); again {
				nested = append(nested, fmt.Sprintf("%s: as in exchange %d", name, exchange))
				continue
			}
			name += fmt.Sprintf(" (exchange %d)", r.normal.exchange)
		}
		nested = append(nested, name+":")
		for _, line := range below {
			nested = append(nested, "  "+line)
		}
	}
	if len(plain) > 0 {
		return append([]string{strings.Join(plain, ", ")}, nested...)
	}
	return nested
}

// learn takes in what a reply says about a topic's id.
func (r *renderer) learn(v reflect.Value) {
	id, topic := v.FieldByName("TopicID"), v.FieldByName("Topic")
	if !id.IsValid() || !topic.IsValid() {
		return
	}
	topic = reflect.Indirect(topic)
	if topic.IsValid() && topic.Kind() == reflect.String {
		r.normal.learn(id.Interface().([16]byte), topic.String())
	}
}

// isDefault spots a tagged struct that is not sent, since nothing in it is set.
func isDefault(field reflect.Value) bool {
	return field.Kind() == reflect.Struct &&
		reflect.DeepEqual(field.Interface(), newDefault(field.Type()).Elem().Interface())
}

// nested returns the lines of a field that needs lines of its own, or nil.
func (r *renderer) nested(of, field reflect.Value, name, at string) []string {
	switch {
	case name == "RecordBatches" && field.Len() > 0:
		return r.normal.describeBatches(field.Bytes())
	case field.Kind() == reflect.Struct:
		return r.structure(field, at)
	case field.Kind() == reflect.Pointer && !field.IsNil() &&
		field.Type().Elem().Kind() == reflect.Struct:
		return r.structure(field.Elem(), at)
	case isStructSlice(field.Type()) && field.Len() > 0:
		return r.list(of, field, name, at)
	}
	return nil
}

func (r *renderer) list(of, field reflect.Value, name, at string) []string {
	var blocks []string
	order := r.listOrder(of, field, name)
	for _, i := range order {
		element := field.Index(i)
		if r.skip(element) {
			continue
		}
		lines := r.structure(element, at)
		blocks = append(blocks, "- "+strings.Join(lines, "\n  "))
	}
	lines := []string{}
	for _, block := range blocks {
		lines = append(lines, strings.Split(block, "\n")...)
	}
	return lines
}

// listOrder sorts what has no promised order by what identifies an element, before
// placeholders are numbered.
func (r *renderer) listOrder(of, field reflect.Value, name string) []int {
	order := make([]int, field.Len())
	keys := make([]string, field.Len())
	for i := range order {
		order[i], keys[i] = i, r.sortKey(field.Index(i))
	}
	if unordered[of.Type().Name()+"."+name] {
		slices.SortStableFunc(order, func(a, b int) int { return strings.Compare(keys[a], keys[b]) })
	}
	return order
}

// sorted puts a list of texts or numbers whose order Kafka does not promise in order.
func (r *renderer) sorted(of, field reflect.Value, name string) reflect.Value {
	if field.Kind() != reflect.Slice || !unordered[of.Type().Name()+"."+name] {
		return field
	}
	switch items := field.Interface().(type) {
	case []string:
		return reflect.ValueOf(slices.Sorted(slices.Values(items)))
	case []int32:
		return reflect.ValueOf(slices.Sorted(slices.Values(items)))
	}
	return field
}

// sortKey joins the fields that name an element; numbers are padded to sort as such.
func (r *renderer) sortKey(element reflect.Value) string {
	var key strings.Builder
	for i := range element.NumField() {
		field := element.Field(i)
		switch name := element.Type().Field(i).Name; {
		case name == "ErrorCode" || name == "ErrorMessage":
			continue
		case name == "MemberID" && field.Kind() == reflect.String:
			key.WriteString(r.normal.knownMember(field.String()) + "\x00")
			continue
		case field.Kind() == reflect.Pointer && !field.IsNil():
			field = field.Elem()
		}
		switch {
		case field.Kind() == reflect.String:
			key.WriteString(r.normal.known(field.String()) + "\x00")
		case field.CanInt():
			fmt.Fprintf(&key, "%020d\x00", field.Int())
		}
		switch v := field.Interface().(type) {
		case [16]byte:
			key.WriteString(r.normal.ids(kafka.TopicID(v).String()) + "\x00")
		case []byte:
			key.WriteString(string(v) + "\x00")
		}
	}
	return key.String()
}

// skip leaves out list entries about topics and groups that the script has nothing to
// do with.
func (r *renderer) skip(element reflect.Value) bool {
	for _, name := range []string{"Topic", "Name", "Group"} {
		field := element.FieldByName(name)
		if !field.IsValid() {
			continue
		}
		if field.Kind() == reflect.Pointer && !field.IsNil() {
			field = field.Elem()
		}
		if field.Kind() == reflect.String && r.normal.hidden(field.String(), r.request) {
			return true
		}
	}
	return false
}

func (r *renderer) scalar(field reflect.Value, name, at string) string {
	if field.Kind() == reflect.Pointer {
		if field.IsNil() {
			return "null"
		}
		field = field.Elem()
	}
	if placeholder, ok := fixed[name]; ok && !isAbsent(field) {
		return placeholder
	}
	switch v := field.Interface().(type) {
	case [16]byte:
		return r.normal.topicID(v)
	case fmt.Stringer:
		return v.String()
	case []byte:
		return r.bytes(v, name)
	}
	switch {
	case name == "MemberID" || name == "LeaderID" && field.Kind() == reflect.String:
		return r.normal.member(field.String())
	case strings.HasSuffix(name, "ErrorCode"):
		return kafka.ErrorCode(field.Int()).String()
	case name == "ProducerID":
		return r.normal.producer(field.Int())
	case name == "SessionID":
		return r.normal.session(field.Int())
	case name == "ApiKey":
		return fmt.Sprintf("%d %s", field.Int(), kmsg.NameForKey(int16(field.Int())))
	case field.CanInt():
		return r.normal.number(field.Int())
	case field.Kind() == reflect.String:
		return r.normal.quote(field.String())
	case field.Kind() == reflect.Slice:
		return r.scalars(field, name, at)
	}
	return fmt.Sprint(field.Interface())
}

// isAbsent spots the values that say "none", which are worth seeing: an empty
// text, or a number below zero.
func isAbsent(field reflect.Value) bool {
	return field.Kind() == reflect.String && field.Len() == 0 || field.CanInt() && field.Int() < 0
}

func (r *renderer) scalars(field reflect.Value, name, at string) string {
	if field.IsNil() && r.wire.nullable[at] {
		return "null"
	}
	items := make([]string, field.Len())
	for i := range items {
		items[i] = r.scalar(field.Index(i), name, at)
	}
	return "[" + strings.Join(items, ", ") + "]"
}
