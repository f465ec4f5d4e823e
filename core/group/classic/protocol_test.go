package classic

import (
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/core/env"
	"odradek/core/group/decision"
)

// TestSubscriptionTopics reads what another implementation wrote, in every version, and
// cut anywhere.
func TestSubscriptionTopics(t *testing.T) {
	for version := int16(0); version <= 3; version++ {
		for _, topics := range [][]string{{}, {"t"}, {"orders", "payments", ""}} {
			q := kmsg.NewConsumerMemberMetadata()
			q.Version, q.Topics, q.UserData = version, topics, []byte("user data")
			raw := q.AppendTo(nil)
			got, ok := subscriptionTopics(raw)
			if !ok || !slices.Equal(got, topics) {
				t.Errorf("version %d of %q is read as %q, %v", version, topics, got, ok)
			}
			for cut := range raw {
				got, ok := subscriptionTopics(raw[:cut])
				if ok && !slices.Equal(got, topics) {
					t.Errorf("%q cut to %d bytes is read as %q", topics, cut, got)
				}
			}
		}
	}
}

func TestNotSubscriptions(t *testing.T) {
	for _, raw := range []string{"", "\x00\x01\x00\x00\x00", "\x00\x01\xff\xff\xff\xff",
		"\x00\x01\x7f\xff\xff\xff",
		"\x00\x01\x00\x00\x00\x01\xff\xff", "\x00\x01\x00\x00\x00\x01\x00\x02t"} {
		if topics, ok := subscriptionTopics([]byte(raw)); ok {
			t.Errorf("%q is read as %q", raw, topics)
		}
	}
}

// FuzzSubscriptionTopics: a client may send anything as its metadata.
func FuzzSubscriptionTopics(f *testing.F) {
	q := kmsg.NewConsumerMemberMetadata()
	q.Topics = []string{"t", "u"}
	f.Add(q.AppendTo(nil))
	f.Fuzz(func(t *testing.T, raw []byte) {
		topics, ok := subscriptionTopics(raw)
		if !ok && topics != nil {
			t.Fatalf("half of %x is read: %q", raw, topics)
		}
		length := 6
		for _, topic := range topics {
			length += 2 + len(topic)
		}
		if ok && length > len(raw) {
			t.Fatalf("%x holds no %q", raw, topics)
		}
	})
}

// allOnes is a random with as many bits set as there can be.
type allOnes struct{}

func (allOnes) Uint64() uint64         { return 1<<64 - 1 }
func (allOnes) Fork(string) env.Random { return allOnes{} }

// TestNewMemberID: the id is a name and a UUID of version 4, variant 1, whatever the bits.
func TestNewMemberID(t *testing.T) {
	s := &Step{Random: allOnes{}, Decision: &decision.Decision{}}
	id := newMemberID(s, "name")
	if id != "name-ffffffff-ffff-4fff-bfff-ffffffffffff" ||
		len(id) != len("name")+MemberIDSuffixBytes {
		t.Error(id)
	}
}
