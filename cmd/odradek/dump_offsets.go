package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/core/batch"
	"odradek/core/group/record"
	"odradek/core/kafka"
)

// object is named values in an order: {"topic":"orders","partition":1} in JSON,
// topic=orders partition=1 for a person.
type object []field

// MarshalJSON implements json.Marshaler.
func (o object) MarshalJSON() ([]byte, error) {
	var out strings.Builder
	for i, f := range o {
		encoded, err := encodeJSON(f.value)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(&out, "%q:%s", f.name, encoded)
	}
	return []byte("{" + out.String() + "}"), nil
}

// String is the object for a person.
func (o object) String() string {
	parts := make([]string, len(o))
	for i, f := range o {
		parts[i] = f.name + "=" + textOf(f.value)
	}
	return strings.Join(parts, " ")
}

// bareWord is text that reads well without quotes.
var bareWord = regexp.MustCompile(`^[A-Za-z0-9._/:+=-]+$`)

func textOf(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case object:
		return "{" + v.String() + "}"
	case assignment:
		return "[" + v.String() + "]"
	case []any:
		parts := make([]string, len(v))
		for i, one := range v {
			parts[i] = textOf(one)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case string:
		if bareWord.MatchString(v) && v != "null" {
			return v
		}
		return strconv.Quote(v)
	}
	return forPeople(value)
}

// groupRecord is a record of __consumer_offsets, to be shown.
type groupRecord struct {
	kind string
	key  object
	// value is nil for a tombstone.
	value any
}

func (r *groupRecord) String() string {
	if r.value == nil {
		return fmt.Sprintf("%s %s: tombstone", r.kind, r.key)
	}
	return fmt.Sprintf("%s %s: %s", r.kind, r.key, r.value)
}

// holdsOffsets reports whether the records of the current file are groups' and offsets.
func (d *dump) holdsOffsets() bool {
	dir := filepath.Base(filepath.Dir(d.file))
	return d.offsetsDecoder || strings.HasPrefix(dir, kafka.ConsumerOffsetsTopic+"-")
}

// groupRecord reads a record of __consumer_offsets; nil if it is none, is of a kind that
// is not known here, or is damaged, which is told.
func (d *dump) groupRecord(w *segmentWalk, b batch.Batch, r batch.Record) *groupRecord {
	if b.IsControl() || !d.holdsOffsets() {
		return nil
	}
	parsed, err := record.Parse(r.Key, r.Value)
	if errors.Is(err, record.ErrUnknown) {
		return nil
	}
	if err != nil {
		d.problem(w.position, "the record at offset %d: %v", b.Offset(r), err)
		return nil
	}
	return showGroupRecord(parsed)
}

// showGroupRecord names the fields as Kafka's own tool does. A kind's fields are those
// of the key and Value.
func showGroupRecord(parsed record.Record) *groupRecord {
	of := reflect.ValueOf(parsed).Elem()
	out := &groupRecord{kind: of.Type().Name()}
	for _, f := range fieldsIn(of) {
		switch f.name {
		case "value":
			out.value = f.value
		case "legacy":
			if f.value == true {
				out.kind = "Legacy" + out.kind
			}
		default:
			out.key = append(out.key, f)
		}
	}
	if group, ok := parsed.(*record.GroupMetadata); ok && group.Value != nil {
		decodeMembers(out.value.(object), group.Value)
	}
	return out
}

// fieldsIn are the fields of a struct, in its order.
func fieldsIn(of reflect.Value) object {
	out := object{}
	for i := range of.NumField() {
		out = append(out, field{fieldName(of.Type().Field(i).Name), shown(of.Field(i))})
	}
	return out
}

// fieldName is a name as Kafka's JSON has it: TopicID is topicId.
func fieldName(name string) string {
	name = strings.ReplaceAll(name, "ID", "Id")
	return strings.ToLower(name[:1]) + name[1:]
}

// shown is a value made of what encodes in order.
func shown(of reflect.Value) any {
	switch v := of.Interface().(type) {
	case kafka.TopicID:
		return v.String()
	case kafka.Timestamp:
		return millis(v)
	case []byte:
		text, encoded := textOrBase64(v)
		if encoded != "" {
			return encoded
		}
		return shown(reflect.ValueOf(text))
	}
	switch of.Kind() {
	case reflect.Pointer:
		if of.IsNil() {
			return nil
		}
		return shown(of.Elem())
	case reflect.Struct:
		return fieldsIn(of)
	case reflect.Slice:
		if of.IsNil() {
			return []any{}
		}
		out := []any{}
		for i := range of.Len() {
			out = append(out, shown(of.Index(i)))
		}
		return out
	case reflect.String:
		return of.String()
	case reflect.Bool:
		return of.Bool()
	}
	return of.Int()
}

// decodeMembers replaces the bytes that the members of a group of consumers sent by
// what they mean; those of other protocols stay as they are.
func decodeMembers(value object, group *record.GroupMetadataValue) {
	if group.ProtocolType != "consumer" {
		return
	}
	for _, f := range value {
		members, ok := f.value.([]any)
		if f.name != "members" || !ok {
			continue
		}
		for i, member := range members {
			fields := member.(object)
			for j := range fields {
				switch fields[j].name {
				case "subscription":
					fields[j].value = subscription(group.Members[i].Subscription, fields[j].value)
				case "assignment":
					fields[j].value = assignedIn(group.Members[i].Assignment, fields[j].value)
				}
			}
		}
	}
}

// subscription is what a member wants to read; undecoded when the bytes are something
// else.
func subscription(bytes []byte, undecoded any) any {
	var m kmsg.ConsumerMemberMetadata
	if m.ReadFrom(bytes) != nil {
		return undecoded
	}
	owned := assignment{}
	for _, t := range m.OwnedPartitions {
		owned = append(owned, topicPartitions{t.Topic, t.Partitions})
	}
	return object{{"topics", shown(reflect.ValueOf(m.Topics))},
		{"userData", shown(reflect.ValueOf(m.UserData))}, {"ownedPartitions", owned},
		{"generation", int64(m.Generation)}, {"rack", shown(reflect.ValueOf(m.Rack))}}
}

// assignedIn is what a member was given; undecoded when the bytes are something else.
func assignedIn(bytes []byte, undecoded any) any {
	var a kmsg.ConsumerMemberAssignment
	if a.ReadFrom(bytes) != nil {
		return undecoded
	}
	assigned := assignment{}
	for _, t := range a.Topics {
		assigned = append(assigned, topicPartitions{t.Topic, t.Partitions})
	}
	return object{{"assignedPartitions", assigned},
		{"userData", shown(reflect.ValueOf(a.UserData))}}
}
