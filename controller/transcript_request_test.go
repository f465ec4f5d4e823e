package controller_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// words of one line: name, then key=value or bare words. A value in quotes may
// hold anything; long:N is N letters a.
type words struct {
	t     testing.TB
	name  string
	bare  []string
	pairs map[string]string
}

func parseWords(t testing.TB, line string) words {
	w := words{t: t, pairs: map[string]string{}}
	rest := strings.TrimSpace(line)
	w.name, rest, _ = strings.Cut(rest, " ")
	for rest = strings.TrimLeft(rest, " "); rest != ""; rest = strings.TrimLeft(rest, " ") {
		var word string
		word, rest = cutWord(t, rest)
		key, value, isPair := strings.Cut(word, "=")
		if !isPair || strings.HasPrefix(word, `"`) {
			w.bare = append(w.bare, expand(t, word))
			continue
		}
		w.pairs[key] = expand(t, value)
		w.bare = append(w.bare, word)
	}
	return w
}

// cutWord cuts at the first space that is not within quotes.
func cutWord(t testing.TB, text string) (word, rest string) {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '"':
			quoted = !quoted
		case text[i] == ' ' && !quoted:
			return text[:i], text[i:]
		}
	}
	if quoted {
		t.Fatalf("a quote is open in %s", text)
	}
	return text, ""
}

func expand(t testing.TB, word string) string {
	if count, ok := strings.CutPrefix(word, "long:"); ok {
		n, err := strconv.Atoi(count)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Repeat("a", n)
	}
	if strings.HasPrefix(word, `"`) {
		text, err := strconv.Unquote(word)
		if err != nil {
			t.Fatalf("%s: %v", word, err)
		}
		return text
	}
	return word
}

func (w words) number(key string, otherwise int) int {
	text, ok := w.pairs[key]
	if !ok {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		w.t.Fatalf("%s: %v", key, err)
	}
	return n
}

func (w words) has(word string) bool {
	for _, other := range w.bare {
		if other == word {
			return true
		}
	}
	return false
}

func (w words) first() string {
	if len(w.bare) == 0 {
		return ""
	}
	return w.bare[0]
}

// setting is a KEY=VALUE or a bare KEY, whose value is null.
func (w words) setting() (name string, value *string) {
	for key, text := range w.pairs {
		return key, &text
	}
	return w.first(), nil
}

// replicas reads 1,2,3.
func replicas(t testing.TB, text string) []int32 {
	ids := []int32{}
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' }) {
		id, err := strconv.Atoi(word)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, int32(id))
	}
	return ids
}

// parseRequest reads a block's request; nil for one that is only comments.
func parseRequest(t testing.TB, ids *ids, lines []string) kmsg.Request {
	t.Helper()
	var all []words
	for _, line := range lines {
		if line != "" && line[0] != '#' && !strings.HasPrefix(line, "node ") &&
			!strings.HasPrefix(line, "brokers ") {
			all = append(all, parseWords(t, line))
		}
	}
	if len(all) == 0 {
		return nil
	}
	head, rest := all[0], all[1:]
	var request kmsg.Request
	switch head.name {
	case "create-topics":
		request = parseCreateTopics(t, head, rest)
	case "delete-topics":
		request = parseDeleteTopics(ids, head, rest)
	case "create-partitions":
		request = parseCreatePartitions(t, head, rest)
	case "alter-configs":
		request = parseAlterConfigs(head, rest)
	case "incremental-alter-configs":
		request = parseIncremental(t, head, rest)
	case "describe-configs":
		request = parseDescribeConfigs(head, rest)
	case "list-config-resources":
		r := kmsg.NewPtrListConfigResourcesRequest()
		for _, kind := range replicas(t, head.pairs["types"]) {
			r.ResourceTypes = append(r.ResourceTypes, int8(kind))
		}
		request = r
	case "metadata":
		r := kmsg.NewPtrMetadataRequest()
		r.AllowAutoTopicCreation = !head.has("no-creation")
		for _, name := range strings.Split(head.pairs["topics"], ",") {
			topic := kmsg.NewMetadataRequestTopic()
			topic.Topic = &name
			r.Topics = append(r.Topics, topic)
		}
		request = r
	case "describe-cluster":
		r := kmsg.NewPtrDescribeClusterRequest()
		r.EndpointType = int8(head.number("endpoints", 1))
		r.IncludeClusterAuthorizedOperations = head.has("operations")
		r.IncludeFencedBrokers = head.has("fenced")
		request = r
	case "describe-topic-partitions":
		request = parseDescribeTopicPartitions(head)
	default:
		t.Fatalf("unknown request %s", head.name)
	}
	request.SetVersion(int16(head.number("v", int(request.MaxVersion()))))
	return request
}

func parseCreateTopics(t testing.TB, head words, lines []words) kmsg.Request {
	r := kmsg.NewPtrCreateTopicsRequest()
	r.ValidateOnly = head.has("validate")
	for _, w := range lines {
		if w.name == "topic" {
			topic := kmsg.NewCreateTopicsRequestTopic()
			topic.Topic = w.first()
			topic.NumPartitions = int32(w.number("partitions", 1))
			topic.ReplicationFactor = int16(w.number("replicas", 1))
			r.Topics = append(r.Topics, topic)
			continue
		}
		topic := &r.Topics[len(r.Topics)-1]
		switch w.name {
		case "config":
			setting := kmsg.NewCreateTopicsRequestTopicConfig()
			setting.Name, setting.Value = w.setting()
			topic.Configs = append(topic.Configs, setting)
		case "assign":
			assignment := kmsg.NewCreateTopicsRequestTopicReplicaAssignment()
			assignment.Partition = int32(w.number("partition", 0))
			assignment.Replicas = replicas(t, w.pairs["to"])
			topic.ReplicaAssignment = append(topic.ReplicaAssignment, assignment)
		}
	}
	return r
}

func parseDeleteTopics(ids *ids, head words, lines []words) kmsg.Request {
	r := kmsg.NewPtrDeleteTopicsRequest()
	for _, w := range lines {
		topic := kmsg.NewDeleteTopicsRequestTopic()
		if name, ok := w.pairs["name"]; ok {
			topic.Topic = &name
		}
		if label, ok := w.pairs["id"]; ok {
			if id, known := ids.byName[label]; known {
				topic.TopicID = id
			} else {
				topic.TopicID = [16]byte{0: 9, 15: 9}
			}
		}
		if head.number("v", 6) < 6 {
			r.TopicNames = append(r.TopicNames, *topic.Topic)
		} else {
			r.Topics = append(r.Topics, topic)
		}
	}
	return r
}

func parseCreatePartitions(t testing.TB, head words, lines []words) kmsg.Request {
	r := kmsg.NewPtrCreatePartitionsRequest()
	r.ValidateOnly = head.has("validate")
	for _, w := range lines {
		if w.name == "topic" {
			topic := kmsg.NewCreatePartitionsRequestTopic()
			topic.Topic, topic.Count = w.first(), int32(w.number("count", 0))
			r.Topics = append(r.Topics, topic)
			continue
		}
		assignment := kmsg.NewCreatePartitionsRequestTopicAssignment()
		assignment.Replicas = replicas(t, w.pairs["to"])
		topic := &r.Topics[len(r.Topics)-1]
		topic.Assignment = append(topic.Assignment, assignment)
	}
	return r
}

// resourceTypes are the words for them; any other word is a number.
var resourceTypes = map[string]kmsg.ConfigResourceType{"topic": 2, "broker": 4, "logger": 8,
	"metrics": 16, "group": 32}

func resourceType(w words) kmsg.ConfigResourceType {
	if kind, ok := resourceTypes[w.name]; ok {
		return kind
	}
	return kmsg.ConfigResourceType(w.number("type", 0))
}

func parseAlterConfigs(head words, lines []words) kmsg.Request {
	r := kmsg.NewPtrAlterConfigsRequest()
	r.ValidateOnly = head.has("validate")
	for _, w := range lines {
		if w.name != "set" {
			resource := kmsg.NewAlterConfigsRequestResource()
			resource.ResourceType, resource.ResourceName = resourceType(w), w.first()
			r.Resources = append(r.Resources, resource)
			continue
		}
		setting := kmsg.NewAlterConfigsRequestResourceConfig()
		setting.Name, setting.Value = w.setting()
		resource := &r.Resources[len(r.Resources)-1]
		resource.Configs = append(resource.Configs, setting)
	}
	return r
}

func parseIncremental(t testing.TB, head words, lines []words) kmsg.Request {
	r := kmsg.NewPtrIncrementalAlterConfigsRequest()
	r.ValidateOnly = head.has("validate")
	ops := map[string]kmsg.IncrementalAlterConfigOp{"set": 0, "delete": 1, "append": 2, "subtract": 3,
		"op7": 7}
	for _, w := range lines {
		op, isOp := ops[w.name]
		if !isOp {
			resource := kmsg.NewIncrementalAlterConfigsRequestResource()
			resource.ResourceType, resource.ResourceName = resourceType(w), w.first()
			r.Resources = append(r.Resources, resource)
			continue
		}
		setting := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
		setting.Op = op
		setting.Name, setting.Value = w.setting()
		resource := &r.Resources[len(r.Resources)-1]
		resource.Configs = append(resource.Configs, setting)
	}
	return r
}

func parseDescribeConfigs(head words, lines []words) kmsg.Request {
	r := kmsg.NewPtrDescribeConfigsRequest()
	r.IncludeSynonyms = head.has("synonyms")
	for _, w := range lines {
		resource := kmsg.NewDescribeConfigsRequestResource()
		resource.ResourceType, resource.ResourceName = resourceType(w), w.first()
		if keys, ok := w.pairs["keys"]; ok {
			resource.ConfigNames = strings.Split(keys, ",")
		}
		r.Resources = append(r.Resources, resource)
	}
	return r
}

func parseDescribeTopicPartitions(head words) kmsg.Request {
	r := kmsg.NewPtrDescribeTopicPartitionsRequest()
	r.ResponsePartitionLimit = int32(head.number("limit", 2000))
	if names, ok := head.pairs["topics"]; ok {
		for _, name := range strings.Split(names, ",") {
			topic := kmsg.NewDescribeTopicPartitionsRequestTopic()
			topic.Topic = name
			r.Topics = append(r.Topics, topic)
		}
	}
	if name, ok := head.pairs["from"]; ok {
		cursor := kmsg.NewDescribeTopicPartitionsRequestCursor()
		cursor.Topic, cursor.Partition = name, int32(head.number("partition", 0))
		r.Cursor = &cursor
	}
	return r
}
