package oracle

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"odradek/core/kafka"
)

// Times between nowFrom and nowTo can only be the broker's own clock: no script
// uses them. A broker under test must have its clock there (2021 to 2096).
const (
	nowFrom int64 = 1_610_000_000_000
	nowTo   int64 = 4_000_000_000_000
)

// normaliser replaces what may differ between two runs by stable names, numbered
// in the order of their first appearance.
type normaliser struct {
	prefix    string   // what "$" stands for in this script's topic names
	foreign   []string // the prefixes of all scripts
	topicIDs  map[string]string
	producers map[int64]string
	sessions  map[int64]string
	uuids     map[string]string // in the ids of members, "oracle-<uuid>"
	members   map[string]string // ids of members that are nothing but random
	exchange  int               // the number of the exchange being shown, from 1
	blocks    map[string]int    // long lists, by the exchange that showed them first
	idsOf     map[string]int    // how many ids a topic has had
	literals  map[string]bool   // ids that the script itself made up
}

func newNormaliser(prefix string, foreign []string) *normaliser {
	return &normaliser{
		prefix:    prefix,
		foreign:   foreign,
		topicIDs:  map[string]string{},
		producers: map[int64]string{},
		sessions:  map[int64]string{},
		uuids:     map[string]string{},
		members:   map[string]string{},
		blocks:    map[string]int{},
		idsOf:     map[string]int{},
		literals:  map[string]bool{},
	}
}

func (n *normaliser) number(v int64) string {
	if v >= nowFrom && v < nowTo {
		return "<now>"
	}
	return strconv.FormatInt(v, 10)
}

func (n *normaliser) topicID(id [16]byte) string {
	plain := kafka.TopicID(id).String()
	if id == ([16]byte{}) {
		return "<zero>"
	}
	if n.literals[plain] {
		return plain
	}
	return appearance(n.topicIDs, plain, "topic-id")
}

// learn names an id after its topic, so that one answer that differs does not change
// the numbers in all that follow. A topic made again has a second id.
func (n *normaliser) learn(id [16]byte, topic string) {
	plain := kafka.TopicID(id).String()
	if _, known := n.topicIDs[plain]; known || topic == "" || id == ([16]byte{}) {
		return
	}
	topic = strings.ReplaceAll(topic, n.prefix, "$")
	n.idsOf[topic]++
	n.topicIDs[plain] = fmt.Sprintf("<id of %s>", topic)
	if count := n.idsOf[topic]; count > 1 {
		n.topicIDs[plain] = fmt.Sprintf("<id %d of %s>", count, topic)
	}
}

func (n *normaliser) producer(id int64) string {
	if id < 0 || id >= 1<<40 {
		return strconv.FormatInt(id, 10)
	}
	return appearance(n.producers, id, "producer")
}

func (n *normaliser) session(id int64) string {
	if id == 0 {
		return "0"
	}
	return appearance(n.sessions, id, "session")
}

// block tells in which exchange a long list was shown first, and whether that was
// an earlier one. It stands for the list from then on.
func (n *normaliser) block(lines []string) (exchange int, again bool) {
	content := strings.Join(lines, "\n")
	exchange, again = n.blocks[content]
	if !again {
		n.blocks[content] = n.exchange
		return n.exchange, false
	}
	return exchange, true
}

func appearance[K comparable](seen map[K]string, key K, kind string) string {
	if name, ok := seen[key]; ok {
		return name
	}
	name := fmt.Sprintf("<%s-%d>", kind, len(seen)+1)
	seen[key] = name
	return name
}

// member names the id that a coordinator made for a member: client or instance id and
// a random part (classic), or a random part alone (KIP-848). The script's own
// are shown as they are.
func (n *normaliser) member(id string) string {
	if !isRandomID(id) {
		return n.quote(id)
	}
	return appearance(n.members, id, "member")
}

func isRandomID(id string) bool {
	return len(id) == randomIDLength && idInText.FindString(id) == id
}

// knownMember is the name of a member's id if it has one already.
func (n *normaliser) knownMember(id string) string {
	if name, ok := n.members[id]; ok || isRandomID(id) {
		return name
	}
	return n.known(id)
}

// known shows text with the names that have appeared, and gives no new ones: what sorts
// lists must not depend on what is random.
func (n *normaliser) known(content string) string {
	return uuidInText.ReplaceAllStringFunc(n.ids(content), func(found string) string {
		if name, ok := n.uuids[found]; ok {
			return name
		}
		return "~"
	})
}

// quote shows text as the script would write it.
func (n *normaliser) quote(content string) string {
	content = n.ids(strings.ReplaceAll(content, n.prefix, "$"))
	content = uuidInText.ReplaceAllStringFunc(content, func(found string) string {
		return appearance(n.uuids, found, "uuid")
	})
	for _, rule := range messageRules {
		content = rule.pattern.ReplaceAllStringFunc(content, rule.with)
	}
	return strconv.Quote(content)
}

// messageRules take out of error messages what belongs to one run or one machine.
var messageRules = []struct {
	pattern *regexp.Regexp
	with    func(found string) string
}{
	{regexp.MustCompile(`\b(127\.0\.0\.1|localhost):\d+`), always("<host>:<port>")},
	{regexp.MustCompile(`\b\d{13}\b`), timeInText},
	{regexp.MustCompile(`-9223370\d{12}\b`), always("<time>")}, // now less the greatest int64
}

func always(with string) func(string) string { return func(string) string { return with } }

// timeInText replaces a time near now, and leaves the script's own.
func timeInText(found string) string {
	if at, err := strconv.ParseInt(found, 10, 64); err == nil && at >= nowFrom && at < nowTo {
		return "<time>"
	}
	return found
}

// randomIDLength is that of 16 bytes in base64.
const randomIDLength = 22

var (
	idInText   = regexp.MustCompile(`[A-Za-z0-9_-]{22}`)
	uuidInText = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
)

// ids replaces the ids of topics and members inside a message.
func (n *normaliser) ids(content string) string {
	return idInText.ReplaceAllStringFunc(content, func(found string) string {
		if name, known := n.topicIDs[found]; known {
			return name
		}
		if name, known := n.members[found]; known {
			return name
		}
		return found
	})
}

// fixed holds the fields whose value is the machine's or the run's, by name, with
// the struct's name in front where a bare name would hide too much.
var fixed = map[string]string{
	"ClusterID":              "<cluster>",
	"Host":                   "<host>",
	"ClientHost":             "<host>",
	"Port":                   "<port>",
	"Dir":                    "<dir>",
	"TotalBytes":             "<bytes>",
	"UsableBytes":            "<bytes>",
	"FinalizedFeaturesEpoch": "<epoch>",
	"Documentation":          "<text>",
}

// unordered lists the arrays whose order Kafka does not promise; they are sorted.
var unordered = map[string]bool{
	"ApiVersionsResponse.ApiKeys":                               true,
	"ApiVersionsResponse.SupportedFeatures":                     true,
	"ApiVersionsResponse.FinalizedFeatures":                     true,
	"MetadataResponse.Brokers":                                  true,
	"MetadataResponse.Topics":                                   true,
	"MetadataResponseTopic.Partitions":                          true,
	"ProduceResponse.Topics":                                    true,
	"ProduceResponseTopic.Partitions":                           true,
	"ListOffsetsResponseTopic.Partitions":                       true,
	"OffsetForLeaderEpochResponseTopic.Partitions":              true,
	"ListOffsetsResponse.Topics":                                true,
	"OffsetForLeaderEpochResponse.Topics":                       true,
	"CreateTopicsResponse.Topics":                               true,
	"CreateTopicsResponseTopic.Configs":                         true,
	"DeleteTopicsResponse.Topics":                               true,
	"CreatePartitionsResponse.Topics":                           true,
	"DeleteRecordsResponse.Topics":                              true,
	"DeleteRecordsResponseTopic.Partitions":                     true,
	"DescribeConfigsResponse.Resources":                         true,
	"DescribeConfigsResponseResource.Configs":                   true,
	"AlterConfigsResponse.Resources":                            true,
	"IncrementalAlterConfigsResponse.Resources":                 true,
	"DescribeClusterResponse.Brokers":                           true,
	"DescribeLogDirsResponse.Dirs":                              true,
	"DescribeLogDirsResponseDir.Topics":                         true,
	"DescribeLogDirsResponseDirTopic.Partitions":                true,
	"DescribeProducersResponse.Topics":                          true,
	"DescribeProducersResponseTopic.Partitions":                 true,
	"ListConfigResourcesResponse.ConfigResources":               true,
	"ListPartitionReassignmentsResponse.Topics":                 true,
	"FindCoordinatorResponse.Coordinators":                      true,
	"JoinGroupResponse.Members":                                 true,
	"DescribeGroupsResponse.Groups":                             true,
	"DescribeGroupsResponseGroup.Members":                       true,
	"ListGroupsResponse.Groups":                                 true,
	"DeleteGroupsResponse.Groups":                               true,
	"OffsetCommitResponse.Topics":                               true,
	"OffsetCommitResponseTopic.Partitions":                      true,
	"OffsetFetchResponse.Topics":                                true,
	"OffsetFetchResponseTopic.Partitions":                       true,
	"OffsetFetchResponse.Groups":                                true,
	"OffsetFetchResponseGroup.Topics":                           true,
	"OffsetFetchResponseGroupTopic.Partitions":                  true,
	"OffsetDeleteResponse.Topics":                               true,
	"OffsetDeleteResponseTopic.Partitions":                      true,
	"ConsumerGroupHeartbeatResponseAssignment.Topics":           true,
	"ConsumerGroupHeartbeatResponseAssignmentTopic.Partitions":  true,
	"ConsumerGroupDescribeResponse.Groups":                      true,
	"ConsumerGroupDescribeResponseGroup.Members":                true,
	"ConsumerGroupDescribeResponseGroupMember.SubscribedTopics": true,
	"Assignment.TopicPartitions":                                true,
	"AssignmentTopicPartition.Partitions":                       true,
	"DescribeProducersResponseTopicPartition.ActiveProducers":   true,
}

// hidden says whether a list's entry about a topic or group is none of this script's
// business: of another script, of a barrier, or one of the broker's own topics.
func (n *normaliser) hidden(name, request string) bool {
	if name == "" || strings.Contains(request, name) {
		return false
	}
	if rest, own := strings.CutPrefix(name, n.prefix); own {
		return strings.HasPrefix(rest, barrierName)
	}
	if strings.HasPrefix(name, "__") {
		return true
	}
	for _, prefix := range n.foreign {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// made notes an id that a script made up, which is shown as it is.
func (n *normaliser) made(id [16]byte) {
	n.literals[base64.RawURLEncoding.EncodeToString(id[:])] = true
}
