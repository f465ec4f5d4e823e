package oracle

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	uuidA = "0a1b2c3d-0000-4000-8000-0123456789ab"
	uuidB = "ffffffff-0000-4000-8000-0123456789ab"
)

// TestMembersHaveStableNames renders the same reply with other random ids, in the other
// order: the transcript is the same.
func TestMembersHaveStableNames(t *testing.T) {
	render := func(leader, other string, swap bool) []string {
		n := newNormaliser("test-", nil)
		n.quote("oracle-" + leader)
		reply := kmsg.NewPtrJoinGroupResponse()
		reply.SetVersion(5)
		reply.Protocol = kmsg.StringPtr("range")
		reply.LeaderID, reply.MemberID = "oracle-"+leader, "oracle-"+leader
		for _, id := range []string{other, leader} {
			member := kmsg.NewJoinGroupResponseMember()
			member.MemberID, member.ProtocolMetadata = "oracle-"+id, []byte("m")
			reply.Members = append(reply.Members, member)
		}
		if swap {
			reply.Members[0], reply.Members[1] = reply.Members[1], reply.Members[0]
		}
		return renderResponse(n, reply, reply.AppendTo(nil), "")
	}
	want := []string{
		`ErrorCode NONE, Generation -1, Protocol "range", ` +
			`LeaderID "oracle-<uuid-1>", MemberID "oracle-<uuid-1>"`,
		"Members:",
		`  - MemberID "oracle-<uuid-1>", InstanceID null, ProtocolMetadata "m"`,
		`  - MemberID "oracle-<uuid-2>", InstanceID null, ProtocolMetadata "m"`,
	}
	for _, got := range [][]string{render(uuidA, uuidB, false), render(uuidB, uuidA, false),
		render(uuidB, uuidA, true)} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	}
}

func TestRandomMemberIsNamedAndTheScriptsOwnIsNot(t *testing.T) {
	n := newNormaliser("test-", nil)
	for _, c := range []struct{ id, want string }{
		{"m", `"m"`}, {"", `""`}, {"BwcHBwcHBwcHBwcHBwcH-_", "<member-1>"},
		{"AwcHBwcHBwcHBwcHBwcH-_", "<member-2>"}, {"BwcHBwcHBwcHBwcHBwcH-_", "<member-1>"},
	} {
		if got := n.member(c.id); got != c.want {
			t.Errorf("%s is shown as %s, want %s", c.id, got, c.want)
		}
	}
	if got := n.quote("Member AwcHBwcHBwcHBwcHBwcH-_ is out"); got != `"Member <member-2> is out"` {
		t.Errorf("in a sentence: %s", got)
	}
	if n.knownMember("CwcHBwcHBwcHBwcHBwcH-_") != n.knownMember("DwcHBwcHBwcHBwcHBwcH-_") {
		t.Error("what has not appeared sorts by its random part")
	}
	if a, b := n.known("a-topic-of-22-letters1"), n.known("a-topic-of-22-letters2"); a >= b {
		t.Error("a name of the same length is taken for a random id")
	}
}

// TestWhatConsumersSayIsReadable writes a subscription and an assignment as scripts do
// and shows them; bytes that are none, or not all of one, are shown as bytes.
func TestWhatConsumersSayIsReadable(t *testing.T) {
	r := renderer{normal: newNormaliser("test-", nil)}
	eval := func(source string) []byte {
		value, err := parseValue(source)
		if err != nil {
			t.Fatal(err)
		}
		run := &runner{prefix: "test-", normal: r.normal}
		content, err := value.eval(run.scope(0))
		if err != nil {
			t.Fatal(err)
		}
		return content.([]byte)
	}
	sub := `subscription({Version: 3, Topics: ["$b", "$a"], Rack: "r", Generation: 4,
		OwnedPartitions: [{Topic: "$b", Partitions: [2, 1]}, {Topic: "$a", Partitions: []}]})`
	give := `assignment({Topics: [{Topic: "$b", Partitions: [1, 0]}], UserData: bytes("u")})`
	for _, c := range []struct{ name, source, want string }{
		{"ProtocolMetadata", sub,
			`subscription v3 ["$a", "$b"] owns {"$a": [], "$b": [1 2]} generation 4 rack "r" userData null`},
		{"MemberAssignment", give, `assignment v0 {"$b": [0 1]} userData "u"`},
		{"ProtocolMetadata", `subscription({Topics: []})`, `subscription v0 [] userData null`},
		{"ProtocolMetadata", `bytes("m")`, `"m"`},
		{"MemberAssignment", give + ` + hex("00")`,
			`"\x00\x00\x00\x00\x00\x01\x00\x06$b\x00\x00\x00\x02\x00\x00\x00\x01` +
				`\x00\x00\x00\x00\x00\x00\x00\x01u\x00"`},
		{"MemberAssignment", `hex("0001 7fffffff 00")`, `"\x00\x01\x7f\xff\xff\xff\x00"`},
	} {
		if got := r.bytes(eval(c.source), c.name); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.source, got, c.want)
		}
	}
}
