package oracle

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// What consumers tell each other through the coordinator, which is bytes to the classic
// protocol: a member's subscription, and its assignment. Each begins with its version.
//
//	Metadata: subscription({Version: 1, Topics: ["$a"], OwnedPartitions: [...]})
//	MemberAssignment: assignment({Topics: [{Topic: "$a", Partitions: [0, 1]}]})

// codec is what kmsg's two structs of the consumer protocol have in common.
type codec interface {
	AppendTo([]byte) []byte
	ReadFrom([]byte) error
}

// newestOfMembers is the last version of the consumer protocol (KIP-881).
const newestOfMembers = 3

// encodeMember evaluates subscription({...}) and assignment({...}).
func encodeMember(into codec, args []any) ([]byte, error) {
	fields, ok := only[*object](args)
	if !ok {
		return nil, errors.New("wants one {Field: value, ...}")
	}
	target := newDefault(reflect.TypeOf(into).Elem())
	if err := bindStruct(target.Elem(), fields); err != nil {
		return nil, err
	}
	filled, ok := target.Interface().(codec)
	if !ok {
		return nil, fmt.Errorf("%T has no encoding", target.Interface())
	}
	return filled.AppendTo(nil), nil
}

// bytes shows a field of bytes, those of the consumer protocol by their meaning.
func (r *renderer) bytes(content []byte, name string) string {
	switch name {
	case "ProtocolMetadata":
		var read kmsg.ConsumerMemberMetadata
		if exactly(&read, content) {
			return r.normal.subscription(read)
		}
	case "MemberAssignment":
		var read kmsg.ConsumerMemberAssignment
		if exactly(&read, content) {
			return r.normal.assignment(read)
		}
	}
	return r.normal.content(content)
}

// exactly reads content and tells whether it holds just that, in a version that is one.
func exactly(into codec, content []byte) bool {
	return len(content) > 2 && content[0] == 0 && content[1] <= newestOfMembers &&
		into.ReadFrom(content) == nil && bytes.Equal(into.AppendTo(nil), content)
}

func (n *normaliser) subscription(s kmsg.ConsumerMemberMetadata) string {
	var out strings.Builder
	topics := make([]string, len(s.Topics))
	for i, topic := range s.Topics {
		topics[i] = n.quote(topic)
	}
	slices.Sort(topics)
	fmt.Fprintf(&out, "subscription v%d [%s]", s.Version, strings.Join(topics, ", "))
	if s.Version >= 1 {
		owned := make([]topicPartitions, len(s.OwnedPartitions))
		for i, o := range s.OwnedPartitions {
			owned[i] = topicPartitions{o.Topic, o.Partitions}
		}
		fmt.Fprintf(&out, " owns %s", n.partitions(owned))
	}
	if s.Version >= 2 {
		fmt.Fprintf(&out, " generation %d", s.Generation)
	}
	if s.Version >= 3 && s.Rack != nil {
		fmt.Fprintf(&out, " rack %s", n.quote(*s.Rack))
	}
	fmt.Fprintf(&out, " userData %s", n.content(s.UserData))
	return out.String()
}

func (n *normaliser) assignment(a kmsg.ConsumerMemberAssignment) string {
	assigned := make([]topicPartitions, len(a.Topics))
	for i, t := range a.Topics {
		assigned[i] = topicPartitions{t.Topic, t.Partitions}
	}
	return fmt.Sprintf("assignment v%d %s userData %s", a.Version, n.partitions(assigned),
		n.content(a.UserData))
}

type topicPartitions struct {
	topic      string
	partitions []int32
}

// partitions lists them sorted: neither order means anything.
func (n *normaliser) partitions(of []topicPartitions) string {
	slices.SortFunc(of, func(a, b topicPartitions) int { return cmp.Compare(a.topic, b.topic) })
	shown := make([]string, len(of))
	for i, t := range of {
		slices.Sort(t.partitions)
		shown[i] = fmt.Sprintf("%s: %v", n.quote(t.topic), t.partitions)
	}
	return "{" + strings.Join(shown, ", ") + "}"
}
