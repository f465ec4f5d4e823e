package controller

import (
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/controller/config"
	"odradek/controller/image"
	"odradek/controller/metadata"
	"odradek/core/kafka"
)

// CreateTopics decides a CreateTopics request, versions 2 to 7.
//
// Topics are decided one by one: those that can be made are, the others get an
// error each, INVALID_TOPIC_EXCEPTION, TOPIC_ALREADY_EXISTS, INVALID_PARTITIONS,
// INVALID_REPLICATION_FACTOR, INVALID_REPLICA_ASSIGNMENT, INVALID_CONFIG,
// INVALID_REQUEST or POLICY_VIOLATION. With validate_only the answer is the same
// and there are no records. The answers are in the order of the request, except
// that topics named twice are answered once, at the end, as Kafka does.
//
//   - v4: -1 partitions or replicas take the defaults (KIP-464).
//   - v5: the answer has the topic's size and configuration (KIP-525).
//   - v6: the answer may be THROTTLING_QUOTA_EXCEEDED; there are no quotas here.
//   - v7: the answer has the topic's id (KIP-516).
//
// Names are compared with the topics there are, not with each other: one request
// can make both a.b and a_b, as it can with Kafka.
//
// A topic's records are one TopicRecord, its ConfigRecords, its PartitionRecords.
func CreateTopics(v View, request *kmsg.CreateTopicsRequest,
	random Random) ([]metadata.Record, *kmsg.CreateTopicsResponse) {
	response := request.ResponseKind().(*kmsg.CreateTopicsResponse)
	c := topicCreation{view: v, version: request.Version, random: random,
		placer: newPlacer(v.Image, random)}
	names := newNames(len(request.Topics))
	for i := range request.Topics {
		names.add(request.Topics[i].Topic)
	}
	tooMany := c.checkSize(request)
	for i := range request.Topics {
		topic := &request.Topics[i]
		if names.isDuplicate(topic.Topic) {
			continue
		}
		result := kmsg.NewCreateTopicsResponseTopic()
		problem := tooMany
		if problem == nil {
			problem = c.create(topic, &result)
			tooMany = checkRecords(c.records)
		}
		response.Topics = append(response.Topics, topicAnswer(result, topic.Topic, problem))
	}
	if problem := checkRecords(c.records); problem != nil {
		// What came before the limit was reached is refused, too.
		for i, topic := range response.Topics {
			response.Topics[i] = topicAnswer(topic, topic.Topic, problem)
		}
		c.records = nil
	}
	for _, name := range names.duplicates() {
		response.Topics = append(response.Topics, topicAnswer(kmsg.NewCreateTopicsResponseTopic(),
			name, faultf(kafka.ErrInvalidRequest, "Duplicate topic name.")))
	}
	if request.ValidateOnly {
		return nil, response
	}
	return c.records, response
}

// topicAnswer is a topic's answer; with a fault it says nothing else.
func topicAnswer(result kmsg.CreateTopicsResponseTopic, name string,
	problem *fault) kmsg.CreateTopicsResponseTopic {
	if problem != nil {
		result = kmsg.NewCreateTopicsResponseTopic()
		result.Configs = []kmsg.CreateTopicsResponseTopicConfig{} // empty, not null
	}
	result.Topic = name
	result.ErrorCode, result.ErrorMessage = problem.answer()
	return result
}

// topicCreation is one request in work.
type topicCreation struct {
	view    View
	version int16
	random  Random
	placer  *placer
	records []metadata.Record
	// partitions counts those that this request made so far.
	partitions int
}

// checkSize refuses a request that is too large as a whole.
func (c *topicCreation) checkSize(request *kmsg.CreateTopicsRequest) *fault {
	var partitions int64
	for i := range request.Topics {
		topic := &request.Topics[i]
		switch {
		case len(topic.ReplicaAssignment) > 0:
			partitions += int64(len(topic.ReplicaAssignment))
		case topic.NumPartitions > 0:
			partitions += int64(topic.NumPartitions)
		default:
			partitions += c.view.setting(config.NumPartitions)
		}
	}
	if partitions > partitionsPerRequestMax {
		return faultf(kafka.ErrPolicyViolation,
			"Excessively large number of partitions per request.")
	}
	return nil
}

// create decides one topic.
func (c *topicCreation) create(topic *kmsg.CreateTopicsRequestTopic,
	result *kmsg.CreateTopicsResponseTopic) *fault {
	if problem := c.checkName(topic.Topic); problem != nil {
		return problem
	}
	overrides, problem := c.configs(topic)
	if problem != nil {
		return problem
	}
	assignments, problem := c.assign(topic)
	if problem != nil {
		return problem
	}
	existing := c.view.Image.PartitionCount() + c.partitions
	if existing+len(assignments) > partitionsMax {
		return faultf(kafka.ErrPolicyViolation, "There are %d partitions, and %d more would be over"+
			" the limit of %d.", existing, len(assignments), partitionsMax)
	}
	c.partitions += len(assignments)
	id := newTopicID(c.view.Image, c.random)
	c.records = append(c.records, &metadata.TopicRecord{Name: topic.Topic, TopicID: id})
	for _, entry := range overrides.Entries() {
		c.records = append(c.records, &metadata.ConfigRecord{ResourceType: metadata.TopicResource,
			ResourceName: topic.Topic, Name: entry.Name, Value: &entry.Value})
	}
	for p, replicas := range assignments {
		c.records = append(c.records, newPartition(c.view.Image, id, kafka.Partition(p), replicas,
			inSync(c.view.Image, replicas)))
	}
	result.TopicID = id
	result.NumPartitions = int32(len(assignments))
	result.ReplicationFactor = int16(len(assignments[0]))
	if c.version >= 5 {
		result.Configs = c.describe(overrides)
	}
	return nil
}

func (c *topicCreation) checkName(name string) *fault {
	if name == kafka.MetadataTopic {
		return faultf(kafka.ErrInvalidRequest, "Creation of internal topic %s is prohibited.", name)
	}
	if problem := CheckTopicName(name); problem != "" {
		return faultf(kafka.ErrInvalidTopicException, "%s", problem)
	}
	// A topic collides with itself too, but that it exists says more.
	if c.view.Image.Topic(name) != nil {
		return faultf(kafka.ErrTopicAlreadyExists, "Topic '%s' already exists.", name)
	}
	if other, ok := c.view.Image.Colliding(name); ok {
		return faultf(kafka.ErrInvalidTopicException,
			"Topic '%s' collides with existing topic: %s", name, other)
	}
	return nil
}

// configs checks what the request sets for a topic.
func (c *topicCreation) configs(topic *kmsg.CreateTopicsRequestTopic) (*image.Config, *fault) {
	var nulls []string
	overrides := &image.Config{}
	for _, setting := range topic.Configs {
		if setting.Value == nil {
			nulls = append(nulls, setting.Name)
			continue
		}
		overrides = overrides.With(setting.Name, setting.Value)
	}
	if len(nulls) > 0 {
		return nil, faultf(kafka.ErrInvalidConfig, "Null value not supported for topic configs: %s",
			strings.Join(nulls, ","))
	}
	return overrides, checkTopicConfig(c.view.Layers(), overrides)
}

// assign returns the replicas of each partition, the preferred leader first.
func (c *topicCreation) assign(topic *kmsg.CreateTopicsRequestTopic) ([][]kafka.BrokerID, *fault) {
	partitions, factor := topic.NumPartitions, topic.ReplicationFactor
	switch {
	case len(topic.ReplicaAssignment) > 0:
		return c.assignManually(topic)
	case factor < -1 || factor == 0:
		return nil, faultf(kafka.ErrInvalidReplicationFactor,
			"Replication factor must be larger than 0, or -1 to use the default value.")
	case partitions < -1 || partitions == 0:
		return nil, faultf(kafka.ErrInvalidPartitions,
			"Number of partitions was set to an invalid non-positive value.")
	}
	if partitions == -1 {
		partitions = int32(c.view.setting(config.NumPartitions))
	}
	if factor == -1 {
		factor = int16(c.view.setting(config.DefaultReplication))
	}
	return c.assignByPlacer(int(partitions), int(factor))
}

func (c *topicCreation) assignByPlacer(partitions, factor int) ([][]kafka.BrokerID, *fault) {
	if problem := c.placer.check(factor); problem != nil {
		return nil, faultf(problem.code, "Unable to replicate the partition %d time(s): %s",
			factor, *problem.message)
	}
	assignments := make([][]kafka.BrokerID, partitions)
	for p := range assignments {
		assignments[p] = c.placer.place(factor)
	}
	return assignments, nil
}

// assignManually takes the replicas that the request lists.
func (c *topicCreation) assignManually(
	topic *kmsg.CreateTopicsRequestTopic) ([][]kafka.BrokerID, *fault) {
	if topic.ReplicationFactor != -1 {
		return nil, faultf(kafka.ErrInvalidRequest, "A manual partition assignment was specified,"+
			" but replication factor was not set to -1.")
	}
	if topic.NumPartitions != -1 {
		return nil, faultf(kafka.ErrInvalidRequest, "A manual partition assignment was specified,"+
			" but numPartitions was not set to -1.")
	}
	// The map is only looked up, by indices from 0 on.
	given := make(map[int32][]kafka.BrokerID, len(topic.ReplicaAssignment))
	factor := 0
	for _, assignment := range topic.ReplicaAssignment {
		if _, twice := given[assignment.Partition]; twice {
			return nil, faultf(kafka.ErrInvalidReplicaAssignment,
				"Found multiple manual partition assignments for partition %d", assignment.Partition)
		}
		replicas := brokerIDs(assignment.Replicas)
		if problem := checkAssignment(c.view.Image, replicas, factor); problem != nil {
			return nil, problem
		}
		if len(inSync(c.view.Image, replicas)) == 0 {
			return nil, faultf(kafka.ErrInvalidReplicaAssignment, "All brokers specified in the manual"+
				" partition assignment for partition %d are fenced or in controlled shutdown.",
				assignment.Partition)
		}
		factor = len(replicas)
		given[assignment.Partition] = replicas
	}
	assignments := make([][]kafka.BrokerID, len(given))
	for p := range assignments {
		replicas, ok := given[int32(p)]
		if !ok {
			return nil, faultf(kafka.ErrInvalidReplicaAssignment,
				"partitions should be a consecutive 0-based integer sequence")
		}
		assignments[p] = replicas
	}
	return assignments, nil
}

func brokerIDs(raw []int32) []kafka.BrokerID {
	ids := make([]kafka.BrokerID, len(raw))
	for i, id := range raw {
		ids[i] = kafka.BrokerID(id)
	}
	return ids
}

// describe is the new topic's whole configuration, as v5 answers it.
func (c *topicCreation) describe(overrides *image.Config) []kmsg.CreateTopicsResponseTopicConfig {
	var configs []kmsg.CreateTopicsResponseTopicConfig
	layers := c.view.Layers()
	definitions := config.Topics()
	for i := range definitions {
		set := effectiveTopicSetting(layers, overrides, &definitions[i])
		entry := kmsg.NewCreateTopicsResponseTopicConfig()
		entry.Name = definitions[i].Name
		entry.Value = &set.Value
		entry.Source = int8(set.Source)
		configs = append(configs, entry)
	}
	return configs
}
