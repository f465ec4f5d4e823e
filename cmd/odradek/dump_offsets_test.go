package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/core/batch"
	"odradek/core/group/record"
	"odradek/core/kafka"
)

// shownRecord is a record as a person sees it, and its value as a program does; the
// latter may be left out.
type shownRecord struct {
	record     record.Record
	text, json string
}

var shownTopic = kafka.TopicID{1}

const shownTopicID = "AQAAAAAAAAAAAAAAAAAAAA"

func classicRecords() []shownRecord {
	text := "i-1"
	wants := kmsg.NewConsumerMemberMetadata()
	wants.Version, wants.Topics = 0, []string{"orders"}
	has := kmsg.NewConsumerMemberAssignment()
	has.Topics = []kmsg.ConsumerMemberAssignmentTopic{
		{Topic: "orders", Partitions: []int32{0, 1, 2}}}
	member := record.GroupMember{MemberID: "m", GroupInstanceID: &text, ClientID: "c",
		ClientHost: "/h", RebalanceTimeout: 1, SessionTimeout: 2, Subscription: wants.AppendTo(nil),
		Assignment: has.AppendTo(nil)}
	return []shownRecord{
		{&record.OffsetCommit{Group: "g h", Topic: "orders", Partition: 3, Legacy: true},
			`LegacyOffsetCommit group="g h" topic=orders partition=3: tombstone`, `null`},
		{&record.OffsetCommit{Group: "g", Topic: "orders", Partition: 3,
			Value: &record.OffsetCommitValue{Offset: 7, LeaderEpoch: 1, CommitTimestamp: 1000,
				ExpireTimestamp: -1, TopicID: shownTopic}},
			"OffsetCommit group=g topic=orders partition=3: offset=7 leaderEpoch=1 metadata=\"\" " +
				"commitTimestamp=1970-01-01T00:00:01.000Z expireTimestamp=- topicId=" + shownTopicID,
			`{"offset":7,"leaderEpoch":1,"metadata":"","commitTimestamp":1000,"expireTimestamp":-1,` +
				`"topicId":"` + shownTopicID + `"}`},
		{&record.GroupMetadata{Group: "g", Value: &record.GroupMetadataValue{ProtocolType: "consumer",
			Generation: 2, Protocol: &text, CurrentStateTimestamp: 0,
			Members: []record.GroupMember{member}}},
			`GroupMetadata group=g: protocolType=consumer generation=2 protocol=i-1 leader=null ` +
				`currentStateTimestamp=1970-01-01T00:00:00.000Z members=[{memberId=m groupInstanceId=i-1 ` +
				`clientId=c clientHost=/h rebalanceTimeout=1 sessionTimeout=2 ` +
				`subscription={topics=[orders] userData=null ownedPartitions=[] generation=-1 rack=null} ` +
				`assignment={assignedPartitions=[orders:0-2] userData=null}}]`,
			`{"protocolType":"consumer","generation":2,"protocol":"i-1","leader":null,` +
				`"currentStateTimestamp":0,"members":[{"memberId":"m","groupInstanceId":"i-1",` +
				`"clientId":"c","clientHost":"/h","rebalanceTimeout":1,"sessionTimeout":2,` +
				`"subscription":{"topics":["orders"],"userData":null,"ownedPartitions":[],` +
				`"generation":-1,"rack":null},"assignment":{"assignedPartitions":[{"topic":"orders",` +
				`"partitions":[0,1,2]}],"userData":null}}]}`},
		{&record.GroupMetadata{Group: "g", Value: &record.GroupMetadataValue{ProtocolType: "connect",
			Members: []record.GroupMember{{Subscription: []byte{0xff}, Assignment: []byte("abc")}}}},
			`GroupMetadata group=g: protocolType=connect generation=0 protocol=null leader=null ` +
				`currentStateTimestamp=1970-01-01T00:00:00.000Z members=[{memberId="" ` +
				`groupInstanceId=null clientId="" clientHost="" rebalanceTimeout=0 sessionTimeout=0 ` +
				`subscription=/w== assignment=abc}]`, ``},
	}
}

func consumerRecords() []shownRecord {
	return []shownRecord{
		{&record.ConsumerGroupMetadata{GroupID: "g", Value: &record.ConsumerGroupMetadataValue{Epoch: 4,
			MetadataHash: 5}}, `ConsumerGroupMetadata groupId=g: epoch=4 metadataHash=5`,
			`{"epoch":4,"metadataHash":5}`},
		{&record.ConsumerGroupPartitionMetadata{GroupID: "g"},
			`ConsumerGroupPartitionMetadata groupId=g: tombstone`, `null`},
		{&record.ConsumerGroupMemberMetadata{GroupID: "g", MemberID: "m",
			Value: &record.ConsumerGroupMemberMetadataValue{ClientID: "c", ClientHost: "/h",
				SubscribedTopicNames: []string{"orders", "a b"}, RebalanceTimeoutMs: 5}},
			`ConsumerGroupMemberMetadata groupId=g memberId=m: instanceId=null rackId=null clientId=c ` +
				`clientHost=/h subscribedTopicNames=[orders, "a b"] subscribedTopicRegex=null ` +
				`rebalanceTimeoutMs=5 serverAssignor=null classicMemberMetadata=null`, ``},
		{&record.ConsumerGroupTargetAssignmentMetadata{GroupID: "g",
			Value: &record.ConsumerGroupTargetAssignmentMetadataValue{AssignmentEpoch: 4}},
			`ConsumerGroupTargetAssignmentMetadata groupId=g: assignmentEpoch=4 ` +
				`assignmentTimestamp=1970-01-01T00:00:00.000Z`, ``},
		{&record.ConsumerGroupTargetAssignmentMember{GroupID: "g", MemberID: "m",
			Value: &record.ConsumerGroupTargetAssignmentMemberValue{
				TopicPartitions: []record.TopicPartitions{{TopicID: shownTopic,
					Partitions: []kafka.Partition{1, 2}}}}},
			`ConsumerGroupTargetAssignmentMember groupId=g memberId=m: ` +
				`topicPartitions=[{topicId=` + shownTopicID + ` partitions=[1, 2]}]`,
			`{"topicPartitions":[{"topicId":"` + shownTopicID + `","partitions":[1,2]}]}`},
		{&record.ConsumerGroupCurrentMemberAssignment{GroupID: "g", MemberID: "m",
			Value: &record.ConsumerGroupCurrentMemberAssignmentValue{MemberEpoch: 4}},
			`ConsumerGroupCurrentMemberAssignment groupId=g memberId=m: memberEpoch=4 ` +
				`previousMemberEpoch=0 state=0 assignedPartitions=[] partitionsPendingRevocation=[]`, ``},
		{&record.ConsumerGroupRegularExpression{GroupID: "g", RegularExpression: "a.*",
			Value: &record.ConsumerGroupRegularExpressionValue{Topics: []string{"a1"}, Version: 9}},
			`ConsumerGroupRegularExpression groupId=g regularExpression="a.*": topics=[a1] version=9 ` +
				`timestamp=1970-01-01T00:00:00.000Z`, ``},
	}
}

// TestShowGroupRecords has every kind of record.
func TestShowGroupRecords(t *testing.T) {
	for _, c := range append(classicRecords(), consumerRecords()...) {
		shown := showGroupRecord(c.record)
		if got := shown.String(); got != c.text {
			t.Errorf("got  %s\nwant %s", got, c.text)
		}
		encoded, err := encodeJSON(shown.value)
		if err != nil || c.json != "" && encoded != c.json {
			t.Errorf("%s: got %s, %v\nwant %s", shown.kind, encoded, err, c.json)
		}
	}
}

// A copy that lies elsewhere is read with --offsets-decoder, and what is no such record
// is told.
func TestOffsetsDecoder(t *testing.T) {
	data, err := os.ReadFile("testdata/kafka/__consumer_offsets-5/00000000000000000000.log")
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "00000000000000000000.log")
	if err := os.WriteFile(copied, data, 0o600); err != nil {
		t.Fatal(err)
	}
	const decoded = "GroupMetadata group=n-classic: "
	for flag, want := range map[string]bool{"--records": false, "--offsets-decoder": true} {
		stdout, stderr, status := runCommand(false, "", "dump-log", copied, flag)
		if status != exitDone || strings.Contains(stdout, decoded) != want {
			t.Errorf("%s: status %d\n%s%s", flag, status, stdout, stderr)
		}
	}
	_, stderr, status := runCommand(false, "", "dump-log", "--verify", "--offsets-decoder",
		"testdata/kafka/sample-0/00000000000000000000.log")
	if status != exitDone {
		t.Errorf("keys of kinds that are not known are no damage: status %d, %s", status, stderr)
	}
}

// A record that is damaged although its batch is whole is told, and the others shown.
func TestDumpFindsDamagedGroupRecords(t *testing.T) {
	commit := &record.OffsetCommit{Group: "g", Topic: "orders",
		Value: &record.OffsetCommitValue{Offset: 7, ExpireTimestamp: kafka.NoTimestamp}}
	key, value := commit.AppendKey(nil), commit.AppendValue(nil)
	b := batch.NewBuilder()
	b.Append(1000, key, value[:len(value)-3])
	b.Append(1000, key, value)
	dir := filepath.Join(t.TempDir(), "__consumer_offsets-0")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "00000000000000000000.log")
	if err := os.WriteFile(path, b.Build(), 0o600); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, status := runCommand(false, "", "dump-log", dir, "--records")
	const damaged = "the record at offset 0: a malformed record"
	if status != exitFailed || !strings.Contains(stderr, damaged) ||
		!strings.Contains(stdout, "record\t1\t1000\tOffsetCommit group=g ") {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
}
