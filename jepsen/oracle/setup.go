package oracle

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"odradek/core/kafka"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// barrierName starts the names of the topics that serve as barriers.
const barrierName = "barrier."

// setupConn carries the setup's requests, apart from those under test.
const setupConn = "setup"

// topic creates `topic name partitions=2 key=value ...`, waits until it can be used,
// and remembers its id as $name.
func (r *runner) topic(s statement) error {
	partitions := int32(1)
	var configs []kmsg.CreateTopicsRequestTopicConfig
	for _, setting := range strings.Fields(s.path) {
		key, value, ok := strings.Cut(setting, "=")
		if !ok {
			return fmt.Errorf("a topic's setting is key=value, not %q", setting)
		}
		if key == "partitions" {
			count, err := strconv.ParseInt(value, 10, 32)
			if err != nil {
				return err
			}
			partitions = int32(count)
			continue
		}
		config := kmsg.NewCreateTopicsRequestTopicConfig()
		config.Name, config.Value = key, &value
		configs = append(configs, config)
	}
	code, err := r.createTopic(s.name, partitions, configs)
	if err != nil {
		return err
	}
	r.line("", s.text)
	if code != kafka.None {
		r.line("  ", code.String())
	}
	return nil
}

// barrier waits until the broker has applied all metadata written so far. Metadata
// is a log: when a topic created now is served, all before it has at least begun to
// be applied; when a second one is, the first batch has been applied entirely.
func (r *runner) barrier() error {
	for range 2 {
		r.barriers++
		if _, err := r.createTopic(fmt.Sprintf("%s%d", barrierName, r.barriers), 1, nil); err != nil {
			return err
		}
	}
	return nil
}

func (r *runner) createTopic(name string, partitions int32,
	configs []kmsg.CreateTopicsRequestTopicConfig) (kafka.ErrorCode, error) {
	create := kmsg.NewPtrCreateTopicsRequest()
	create.SetVersion(7)
	create.TimeoutMillis = LongestWaitMillis
	asked := kmsg.NewCreateTopicsRequestTopic()
	asked.Topic, asked.NumPartitions, asked.ReplicationFactor = r.prefix+name, partitions, 1
	asked.Configs = configs
	create.Topics = append(create.Topics, asked)
	response, err := r.setup(create)
	if err != nil {
		return 0, err
	}
	created, ok := response.(*kmsg.CreateTopicsResponse)
	if !ok || len(created.Topics) != 1 {
		return 0, fmt.Errorf("topic %s: no answer to CreateTopics", name)
	}
	if code := kafka.ErrorCode(created.Topics[0].ErrorCode); code != kafka.None {
		return code, nil
	}
	r.variables[name] = created.Topics[0].TopicID
	r.normal.learn(created.Topics[0].TopicID, r.prefix+name)
	for partition := range partitions {
		if err := r.awaitPartition(name, partition); err != nil {
			return 0, err
		}
	}
	return kafka.None, nil
}

// awaitPartition asks for the partition's end until its leader answers.
func (r *runner) awaitPartition(name string, partition int32) error {
	for range untilLimit {
		ask := kmsg.NewPtrListOffsetsRequest()
		ask.SetVersion(1)
		ask.ReplicaID = -1
		topic := kmsg.NewListOffsetsRequestTopic()
		topic.Topic = r.prefix + name
		one := kmsg.NewListOffsetsRequestTopicPartition()
		one.Partition, one.Timestamp = partition, -1
		topic.Partitions = append(topic.Partitions, one)
		ask.Topics = append(ask.Topics, topic)
		response, err := r.setup(ask)
		if err != nil {
			return err
		}
		found, err := follow(response, "Topics[0].Partitions[0].ErrorCode")
		if err == nil && found.Int() == int64(kafka.None) {
			return nil
		}
		r.transport.Pause(pauseMillis)
	}
	return fmt.Errorf("topic %s is not served after %d questions", name, untilLimit)
}

// groupsAsked is how many names awaitGroups asks for: so many that each partition of the
// offsets topic, which the Settings give four, has some of them.
const groupsAsked = 32

// awaitGroups has the offsets topic created and asks for groups that are none until
// every coordinator says so.
func (r *runner) awaitGroups() error {
	find, describe := kmsg.NewPtrFindCoordinatorRequest(), kmsg.NewPtrDescribeGroupsRequest()
	find.SetVersion(4)
	describe.SetVersion(5)
	for i := range groupsAsked {
		describe.Groups = append(describe.Groups, fmt.Sprintf("%sasked.%d", r.prefix, i))
	}
	find.CoordinatorKeys = describe.Groups
	for range untilLimit {
		if _, err := r.setup(find); err != nil {
			return err
		}
		response, err := r.setup(describe)
		if err != nil {
			return err
		}
		described, ok := response.(*kmsg.DescribeGroupsResponse)
		if !ok {
			return errors.New("groups: no answer to DescribeGroups")
		}
		if !slices.ContainsFunc(described.Groups,
			func(g kmsg.DescribeGroupsResponseGroup) bool { return g.ErrorCode != 0 }) {
			return nil
		}
		r.transport.Pause(pauseMillis)
	}
	return fmt.Errorf("coordinators do not answer after %d questions", untilLimit)
}

func (r *runner) setup(request kmsg.Request) (any, error) {
	kept := r.last
	defer func() { r.last = kept }()
	r.correlation++
	name := clientID
	f := &frame{key: request.Key(), version: request.GetVersion(), correlation: r.correlation,
		client: &name, flexible: request.IsFlexible(), tags: []byte{0},
		body: request.AppendTo(nil), replyAs: request.GetVersion(), expectReply: true}
	got, err := r.roundTrip(setupConn, f)
	if err == nil && got.response == nil {
		err = fmt.Errorf("setup: %s", got.instead)
	}
	return got.response, err
}
