package controller_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/controller"
	"odradek/controller/config"
	"odradek/controller/metadata"
	"odradek/core/kafka"
)

// A transcript in testdata is a conversation: blocks parted by blank lines, each
// a request as words and then, line by line,
//
//	kafka: what Apache Kafka 4.3 answered
//	ours:  what we answer, only where that is something else; the block then has
//	       a comment beginning "# differs:" that says why
//	log:   the records we write
//
// Lines of an answer are sorted, and ids are called after the topic they were
// given to, so that both can be compared. The first lines may be "node NAME=VALUE"
// for settings the node is started with, and "brokers N".
//
//	go test ./controller -run Transcripts -rewrite            writes ours: and log:
//	go test ./controller -run Transcripts/NAME -kafka HOST:PORT   writes kafka:
//
// The second wants a broker of node.id 1 with those settings, and deletes all of
// its topics and dynamic settings first.
var (
	rewrite   = flag.Bool("rewrite", false, "write our side of the transcripts anew")
	kafkaAddr = flag.String("kafka", "", "an Apache Kafka that writes its side of them")
)

// block is one request and its answers.
type block struct {
	request []string
	kafka   []string
	ours    []string
	records []string
}

func parseBlocks(text string) []block {
	var blocks []block
	for _, part := range strings.Split(strings.TrimRight(text, "\n"), "\n\n") {
		var b block
		for _, line := range strings.Split(part, "\n") {
			switch {
			case strings.HasPrefix(line, "kafka: "):
				b.kafka = append(b.kafka, line[len("kafka: "):])
			case strings.HasPrefix(line, "ours:  "):
				b.ours = append(b.ours, line[len("ours:  "):])
			case strings.HasPrefix(line, "log:   "):
				b.records = append(b.records, line[len("log:   "):])
			default:
				b.request = append(b.request, line)
			}
		}
		blocks = append(blocks, b)
	}
	return blocks
}

func (b *block) text() string {
	var out strings.Builder
	write := func(prefix string, lines []string) {
		for _, line := range lines {
			fmt.Fprintln(&out, prefix+line)
		}
	}
	write("", b.request)
	write("kafka: ", b.kafka)
	write("ours:  ", b.ours)
	write("log:   ", b.records)
	return out.String()
}

// saysWhy reports whether a comment explains a difference.
func (b *block) saysWhy() bool {
	for _, line := range b.request {
		if strings.HasPrefix(line, "# differs:") {
			return true
		}
	}
	return false
}

func TestTranscripts(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			blocks := parseBlocks(string(raw))
			if *kafkaAddr != "" {
				askKafka(t, blocks)
			} else {
				askOurselves(t, blocks)
			}
			var out strings.Builder
			for i := range blocks {
				if i > 0 {
					out.WriteString("\n")
				}
				out.WriteString(blocks[i].text())
			}
			if *rewrite || *kafkaAddr != "" {
				if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(raw), out.String()); diff != "" && !*rewrite && *kafkaAddr == "" {
				t.Error(diff)
			}
			for i := range blocks {
				if len(blocks[i].ours) > 0 && !blocks[i].saysWhy() && *kafkaAddr == "" {
					t.Errorf("no reason is given:\n%s", blocks[i].text())
				}
			}
		})
	}
}

// settings are the "node" lines of the first block.
func settings(b block) (entries []config.Entry, brokers int) {
	brokers = 1
	for _, line := range b.request {
		if rest, ok := strings.CutPrefix(line, "node "); ok {
			name, value, _ := strings.Cut(rest, "=")
			entries = append(entries, config.Entry{Name: name, Value: value})
		}
		fmt.Sscanf(line, "brokers %d", &brokers)
	}
	return entries, brokers
}

// askOurselves fills in our side of every block.
func askOurselves(t *testing.T, blocks []block) {
	entries, brokers := settings(blocks[0])
	n := newNode(t, entries...)
	n.addBrokers(t, brokers)
	ids := newIDs()
	for i := range blocks {
		b := &blocks[i]
		request := parseRequest(t, ids, b.request)
		if request == nil {
			continue
		}
		records, response := n.decide(t, request)
		answer := sayResponse(ids, overTheWire(t, response))
		b.records = nil
		for _, record := range records {
			b.records = append(b.records, sayRecord(ids, record))
		}
		if b.ours = answer; cmp.Equal(b.kafka, answer) {
			b.ours = nil
		}
		n.apply(t, records)
	}
}

// addBrokers registers brokers 2 to count.
func (n *node) addBrokers(t testing.TB, count int) {
	for id := 2; id <= count; id++ {
		n.apply(t, controller.RegisterBroker(n.view, controller.Registration{
			BrokerID: kafka.BrokerID(id), LogDir: metadata.UUID{byte(id)}, Listeners: plaintext()},
			n.next, &n.random))
	}
}

// decide answers a request with the kernel it belongs to.
func (n *node) decide(t testing.TB, request kmsg.Request) ([]metadata.Record, kmsg.Response) {
	t.Helper()
	switch r := request.(type) {
	case *kmsg.CreateTopicsRequest:
		return answered(controller.CreateTopics(n.view, r, &n.random))
	case *kmsg.DeleteTopicsRequest:
		return answered(controller.DeleteTopics(n.view, r))
	case *kmsg.CreatePartitionsRequest:
		return answered(controller.CreatePartitions(n.view, r, &n.random))
	case *kmsg.AlterConfigsRequest:
		return answered(controller.AlterConfigs(n.view, r))
	case *kmsg.IncrementalAlterConfigsRequest:
		return answered(controller.IncrementalAlterConfigs(n.view, r))
	case *kmsg.DescribeConfigsRequest:
		return nil, controller.DescribeConfigs(n.view, r)
	case *kmsg.ListConfigResourcesRequest:
		return nil, controller.ListConfigResources(n.view, r)
	case *kmsg.DescribeClusterRequest:
		return nil, controller.DescribeCluster(n.view, r, "PLAINTEXT")
	case *kmsg.MetadataRequest:
		return n.autoCreate(t, r)
	case *kmsg.DescribeTopicPartitionsRequest:
		return nil, controller.DescribeTopicPartitions(n.view, r)
	}
	t.Fatalf("no kernel for %T", request)
	return nil, nil
}

// autoCreate answers a request for topics that do not exist, as a broker does
// with what AutoCreateTopics decides.
func (n *node) autoCreate(t testing.TB,
	request *kmsg.MetadataRequest) ([]metadata.Record, kmsg.Response) {
	t.Helper()
	response := request.ResponseKind().(*kmsg.MetadataResponse)
	var names []string
	for _, topic := range request.Topics {
		if n.view.Image.Topic(*topic.Topic) != nil {
			t.Fatalf("%s exists: that is not for this package to answer", *topic.Topic)
		}
		names = append(names, *topic.Topic)
	}
	records, codes := controller.AutoCreateTopics(n.view, names, request.AllowAutoTopicCreation,
		&n.random)
	for i, name := range names {
		topic := kmsg.NewMetadataResponseTopic()
		topic.Topic, topic.ErrorCode = &name, int16(codes[i])
		topic.IsInternal = controller.IsInternal(name)
		response.Topics = append(response.Topics, topic)
	}
	return records, response
}

// overTheWire is what is left of a response in the version of its request.
func overTheWire(t testing.TB, response kmsg.Response) kmsg.Response {
	t.Helper()
	if response == nil {
		return nil
	}
	read := response.RequestKind().ResponseKind()
	read.SetVersion(response.GetVersion())
	if err := read.ReadFrom(response.AppendTo(nil)); err != nil {
		t.Fatal(err)
	}
	return read
}

func answered[R kmsg.Response](records []metadata.Record,
	response R) ([]metadata.Record, kmsg.Response) {
	return records, response
}

// ids gives topic ids the names of their topics, and back.
type ids struct {
	byID   map[[16]byte]string
	byName map[string][16]byte
}

func newIDs() *ids {
	return &ids{map[[16]byte]string{{}: "-"}, map[string][16]byte{"-": {}}}
}

// learn notes the id of a topic that was made. A name that comes again gets a
// number.
func (i *ids) learn(name string, id [16]byte) {
	if _, known := i.byID[id]; known {
		return
	}
	label := name
	for n := 2; ; n++ {
		if _, taken := i.byName[label]; !taken {
			break
		}
		label = fmt.Sprintf("%s#%d", name, n)
	}
	i.byID[id], i.byName[label] = label, id
}

func (i *ids) name(id [16]byte) string {
	if name, ok := i.byID[id]; ok {
		return "<" + name + ">"
	}
	return "<unknown>"
}
