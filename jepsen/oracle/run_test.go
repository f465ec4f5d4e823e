package oracle

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"
)

// fakeBroker answers what a script of these tests asks: enough to see the runner's
// own part in a transcript.
type fakeBroker struct {
	paused int64 // milliseconds
	loaded int   // how often groups were asked for
	topics []string
	asked  int
}

func (b *fakeBroker) Connect() (Conn, error) { return &fakeConn{broker: b}, nil }

func (b *fakeBroker) Pause(millis int64) { b.paused += millis }

type fakeConn struct {
	broker  *fakeBroker
	replies [][]byte
	closed  bool
}

func (c *fakeConn) Send(frame []byte) error {
	body := frame[min(4, len(frame)):]
	if len(body) < 10 || int(binary.BigEndian.Uint32(frame)) != len(body) {
		c.closed = true
		return nil
	}
	request := kmsg.RequestForKey(int16(binary.BigEndian.Uint16(body)))
	version := int16(binary.BigEndian.Uint16(body[2:]))
	if request == nil || version < 0 || version > request.MaxVersion() {
		c.closed = true
		return nil
	}
	request.SetVersion(version)
	client := int16(binary.BigEndian.Uint16(body[8:]))
	rest := body[10+max(client, 0):]
	if request.IsFlexible() {
		rest = rest[1:]
	}
	if err := request.ReadFrom(rest); err != nil {
		c.closed = true
		return nil
	}
	response := c.broker.answer(request)
	if response == nil {
		return nil
	}
	reply := append([]byte{}, body[4:8]...)
	if response.IsFlexible() && response.Key() != apiVersionsKey {
		reply = append(reply, 0)
	}
	c.replies = append(c.replies, response.AppendTo(reply))
	return nil
}

func (c *fakeConn) Receive() ([]byte, bool, error) {
	switch {
	case len(c.replies) > 0:
		reply := c.replies[0]
		c.replies = c.replies[1:]
		return reply, false, nil
	case c.closed:
		return nil, true, nil
	}
	return nil, false, ErrNoReply
}

func (c *fakeConn) Close() {}

func (b *fakeBroker) answer(request kmsg.Request) kmsg.Response {
	b.asked++
	response := request.ResponseKind()
	switch asked := request.(type) {
	case *kmsg.MetadataRequest:
		metadata := response.(*kmsg.MetadataResponse)
		metadata.Default()
		for i, name := range b.topics {
			topic := kmsg.NewMetadataResponseTopic()
			topic.Topic, topic.TopicID = &b.topics[i], [16]byte{byte(len(name))}
			metadata.Topics = append(metadata.Topics, topic)
		}
	case *kmsg.CreateTopicsRequest:
		topic := kmsg.NewCreateTopicsResponseTopic()
		topic.Topic = asked.Topics[0].Topic
		topic.TopicID = [16]byte{byte(len(topic.Topic))}
		b.topics = append(b.topics, topic.Topic)
		created := response.(*kmsg.CreateTopicsResponse)
		created.Topics = append(created.Topics, topic)
	case *kmsg.ListOffsetsRequest:
		listed := response.(*kmsg.ListOffsetsResponse)
		topic := kmsg.NewListOffsetsResponseTopic()
		topic.Topic = asked.Topics[0].Topic
		partition := kmsg.NewListOffsetsResponseTopicPartition()
		if b.asked%3 != 0 {
			partition.ErrorCode = 3
		}
		topic.Partitions = append(topic.Partitions, partition)
		listed.Topics = append(listed.Topics, topic)
	case *kmsg.DescribeGroupsRequest:
		described := response.(*kmsg.DescribeGroupsResponse)
		b.loaded++
		for i, name := range asked.Groups {
			group := kmsg.NewDescribeGroupsResponseGroup()
			group.Group = name
			if i == b.loaded {
				group.ErrorCode = 16
			}
			described.Groups = append(described.Groups, group)
		}
	case *kmsg.InitProducerIDRequest:
		made := response.(*kmsg.InitProducerIDResponse)
		made.ProducerID = 4000 + int64(b.asked)
		if b.asked%4 != 0 {
			made.ErrorCode = 14
		}
	case *kmsg.ProduceRequest:
		if asked.Acks == 0 {
			return nil
		}
	case *kmsg.FetchRequest:
		return nil
	}
	return response
}

func play(t *testing.T, source string) string {
	t.Helper()
	script, err := Parse("test", source)
	if err != nil {
		t.Fatal(err)
	}
	transcript, err := RunAgain(script, "tag", &fakeBroker{})
	if err != nil {
		t.Fatalf("%v\n%s", err, transcript)
	}
	return transcript
}

func TestTranscriptReadsAsAStory(t *testing.T) {
	got := play(t, `
# A remark.
topic orders partitions=2
sync
define asked = [{Topic: "$orders",
   TopicID: $orders}]
send Metadata v0,12 {Topics: $asked}
send Metadata v99 {} | version 99
other: post Metadata v1 {Topics: []}
other: post Metadata v9 {Topics: []}
other: receive
send Produce v3 {Acks: 0, Topics: []}
until ErrorCode == NONE send InitProducerId v1
let p = ProducerID
send InitProducerId v3 {ProducerID: $p}
let q = Nothing.Here[3]
send Fetch v4 {MaxWaitMillis: 1}
raw hex("ffff")
`)
	want := `# A remark.
topic orders partitions=2
define asked = [{Topic: "$orders", TopicID: $orders}]
send Metadata v0 {Topics: $asked}
  Brokers []
  Topics:
    - ErrorCode NONE, Topic "$orders", Partitions []
send Metadata v12 {Topics: $asked}
  Brokers [], ClusterID null, ControllerID -1
  Topics:
    - ErrorCode NONE, Topic "$orders", TopicID <id of $orders>, ` +
		`IsInternal false, Partitions [], AuthorizedOperations -2147483648
send Metadata v99 {} | version 99
  closed
other: post Metadata v1 {Topics: []}
other: post Metadata v9 {Topics: []}
other: receive
  Brokers [], ControllerID -1
  Topics:
    - ErrorCode NONE, Topic "$orders", IsInternal false, Partitions []
send Produce v3 {Acks: 0, Topics: []}
  no reply expected
until ErrorCode == NONE send InitProducerId v1
  ErrorCode NONE, ProducerID <producer-1>, ProducerEpoch 0
send InitProducerId v3 {ProducerID: $p}
  ErrorCode COORDINATOR_LOAD_IN_PROGRESS, ProducerID <producer-2>, ProducerEpoch 0
  ! let q = Nothing.Here[3]: no field Nothing
send Fetch v4 {MaxWaitMillis: 1}
  no reply
raw hex("ffff")
  closed
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestWaitingLeavesNoTrace plays what only takes time: the coordinators answer one after
// the other, and a pause pauses.
func TestWaitingLeavesNoTrace(t *testing.T) {
	script, err := Parse("test", "groups\npause 100\nsync")
	if err != nil {
		t.Fatal(err)
	}
	broker := &fakeBroker{}
	transcript, err := Run(script, broker)
	if err != nil || transcript != "" {
		t.Errorf("%q, %v", transcript, err)
	}
	if broker.loaded != groupsAsked {
		t.Errorf("%d questions, want %d", broker.loaded, groupsAsked)
	}
	if want := int64(100 + (groupsAsked-1)*pauseMillis); broker.paused < want {
		t.Errorf("paused for %d milliseconds, want %d", broker.paused, want)
	}
}

func TestReplyThatIsNotCanonicalSaysSo(t *testing.T) {
	f := &frame{key: 3, version: 1, replyAs: 1, correlation: 7}
	reply := kmsg.NewPtrMetadataResponse()
	reply.SetVersion(1)
	body := reply.AppendTo([]byte{0, 0, 0, 7})
	got := f.decode(append(body, 9))
	lines := renderResponse(newNormaliser("test-", nil), got.response, got.body, "")
	if last := lines[len(lines)-1]; !strings.Contains(last, "! reply of 13 bytes") {
		t.Errorf("a byte too many is not told: %q", last)
	}
	f.correlation = 8
	if got := f.decode(body); got.instead != "! reply to the request -1 from this" {
		t.Errorf("a wrong correlation id is not told: %+v", got)
	}
}

// TestPresenceKnowsTheVersions checks a few fields against the protocol's own
// description; kmsg itself says so only in comments.
func TestPresenceKnowsTheVersions(t *testing.T) {
	for _, c := range []struct {
		message message
		version int16
		path    string
		want    bool
	}{
		{kmsg.NewPtrMetadataResponse(), 0, "Topics.IsInternal", false},
		{kmsg.NewPtrMetadataResponse(), 1, "Topics.IsInternal", true},
		{kmsg.NewPtrMetadataResponse(), 9, "Topics.TopicID", false},
		{kmsg.NewPtrMetadataResponse(), 10, "Topics.TopicID", true},
		{kmsg.NewPtrMetadataResponse(), 10, "Topics.Partitions.OfflineReplicas", true},
		{kmsg.NewPtrFetchResponse(), 11, "Topics.Partitions.CurrentLeader.LeaderID", false},
		{kmsg.NewPtrFetchResponse(), 12, "Topics.Partitions.CurrentLeader.LeaderID", true},
		{kmsg.NewPtrFetchResponse(), 12, "Topics.Partitions.CurrentLeader", true},
		{kmsg.NewPtrProduceRequest(), 13, "Topics.Topic", false},
		{kmsg.NewPtrProduceRequest(), 12, "Topics.Topic", true},
		{kmsg.NewPtrDescribeTopicPartitionsRequest(), 0, "Cursor.Partition", true},
	} {
		c.message.SetVersion(c.version)
		if got := presenceOf(c.message).onWire[c.path]; got != c.want {
			t.Errorf("%T v%d %s: %v, want %v", c.message, c.version, c.path, got, c.want)
		}
	}
}

func TestDecodingNeverPanics(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.Int16Range(0, kmsg.MaxKey).Draw(t, "key")
		like := kmsg.RequestForKey(key)
		if like == nil {
			return
		}
		f := &frame{key: key, replyAs: rapid.Int16Range(0, like.MaxVersion()).Draw(t, "version")}
		body := rapid.SliceOfN(rapid.Byte(), 0, 80).Draw(t, "body")
		got := f.decode(append(make([]byte, 5), body...))
		if got.response != nil {
			renderResponse(newNormaliser("test-", nil), got.response, got.body, "")
		}
	})
}
