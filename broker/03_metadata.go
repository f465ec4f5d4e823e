package broker

import (
	"strings"

	"odradek/controller"
	"odradek/controller/image"
	"odradek/core/kafka"
	"odradek/core/task"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Metadata (key 3) tells which brokers there are and who leads each partition,
// with addresses of the listener that the request came in by.
//
// A topic that is asked for and does not exist is made, if the request and
// auto.create.topics.enable allow it; the answer meanwhile is
// UNKNOWN_TOPIC_OR_PARTITION, and the client asks again.
//
// Versions: 0 an empty list means all topics; 1 null does, and empty means none;
// 4 automatic creation may be declined; 7 leader epochs (KIP-320); 8 authorized
// operations (KIP-430); 10 topic ids (KIP-516); 12 topics by id.
func (s *Shard) metadata(t *task.Task, q *request, body *kmsg.MetadataRequest) kmsg.Response {
	if code := checkMetadataRequest(body); code != kafka.None {
		return refuseMetadata(body, code)
	}
	response := kmsg.NewPtrMetadataResponse()
	response.ClusterID = kmsg.StringPtr(s.identity.clusterID)
	response.ControllerID = int32(s.node.NodeID)
	for _, b := range s.reachableBrokers(q.session) {
		response.Brokers = append(response.Brokers, kmsg.MetadataResponseBroker{
			NodeID: b.id, Host: b.host, Port: b.port, Rack: b.rack})
	}
	if body.IncludeClusterAuthorizedOperations && body.Version >= 8 && body.Version <= 10 {
		response.AuthorizedOperations = controller.ClusterOperations
	}
	operations := int32(topicOperationsUnasked)
	if body.IncludeTopicAuthorizedOperations {
		operations = controller.TopicOperations
	}
	if body.Topics == nil || body.Version == 0 && len(body.Topics) == 0 {
		for topic := range s.image.Topics() {
			response.Topics = append(response.Topics, describeTopic(topic, operations))
		}
		return response
	}
	response.Topics = s.askedTopics(t, body, operations)
	return response
}

// askedTopics describes the topics that a request names, by name or id.
func (s *Shard) askedTopics(t *task.Task, body *kmsg.MetadataRequest, operations int32) (
	answers []kmsg.MetadataResponseTopic) {
	var missing []string
	var places []int
	named := map[string]bool{}
	byID := namesIDs(body)
	for _, asked := range body.Topics {
		if byID {
			if asked.TopicID != [16]byte{} {
				answers = append(answers, s.topicOfID(asked.TopicID, operations))
			}
			continue
		}
		name := *asked.Topic
		if named[name] {
			continue
		}
		named[name] = true
		if topic := s.image.Topic(name); topic != nil {
			answers = append(answers, describeTopic(topic, operations))
			continue
		}
		missing, places = append(missing, name), append(places, len(answers))
		answer := kmsg.NewMetadataResponseTopic()
		answer.Topic = kmsg.StringPtr(name)
		answer.IsInternal = controller.IsInternal(name)
		answer.ErrorCode = int16(kafka.ErrUnknownTopicOrPartition)
		answers = append(answers, answer)
	}
	if len(missing) == 0 {
		return answers
	}
	allowed := body.Version < 4 || body.AllowAutoTopicCreation
	for i, code := range s.createAutomatically(t, missing, allowed) {
		answers[places[i]].ErrorCode = int16(code)
	}
	return answers
}

// checkMetadataRequest finds what Kafka refuses as a whole: ids before v12, and
// a topic with neither name nor id.
func checkMetadataRequest(body *kmsg.MetadataRequest) kafka.ErrorCode {
	for _, asked := range body.Topics {
		switch {
		case asked.TopicID != [16]byte{} && body.Version < 12:
			return kafka.ErrInvalidRequest
		case asked.Topic == nil && body.Version < 12:
			return kafka.ErrInvalidRequest
		case asked.Topic == nil && asked.TopicID == [16]byte{}:
			return kafka.ErrUnknownServerError
		}
	}
	return kafka.None
}

func refuseMetadata(body *kmsg.MetadataRequest, code kafka.ErrorCode) kmsg.Response {
	response := kmsg.NewPtrMetadataResponse()
	response.ControllerID = int32(kafka.NoBroker)
	for _, asked := range body.Topics {
		answer := kmsg.NewMetadataResponseTopic()
		answer.Topic, answer.TopicID = asked.Topic, asked.TopicID
		if answer.Topic == nil {
			answer.Topic = kmsg.StringPtr("")
		}
		answer.ErrorCode = int16(code)
		response.Topics = append(response.Topics, answer)
	}
	return response
}

// namesIDs reports whether a request asks by ids: names are then passed over.
func namesIDs(body *kmsg.MetadataRequest) bool {
	for _, asked := range body.Topics {
		if asked.TopicID != [16]byte{} {
			return true
		}
	}
	return false
}

func (s *Shard) topicOfID(id kafka.TopicID, operations int32) kmsg.MetadataResponseTopic {
	if topic := s.image.TopicByID(id); topic != nil {
		return describeTopic(topic, operations)
	}
	answer := kmsg.NewMetadataResponseTopic()
	answer.TopicID = id
	answer.ErrorCode = int16(kafka.ErrUnknownTopicID)
	return answer
}

func describeTopic(topic *image.Topic, operations int32) kmsg.MetadataResponseTopic {
	answer := kmsg.NewMetadataResponseTopic()
	answer.Topic = kmsg.StringPtr(topic.Name)
	answer.TopicID = topic.ID
	answer.IsInternal = controller.IsInternal(topic.Name)
	answer.AuthorizedOperations = operations
	for i, p := range topic.Partitions() {
		answer.Partitions = append(answer.Partitions, kmsg.MetadataResponseTopicPartition{
			Partition: int32(i), Leader: int32(p.Leader), LeaderEpoch: int32(p.LeaderEpoch),
			Replicas: brokerIDs(p.Replicas), ISR: brokerIDs(p.ISR), OfflineReplicas: []int32{},
		})
	}
	return answer
}

func brokerIDs(ids []kafka.BrokerID) []int32 {
	numbers := make([]int32, len(ids))
	for i, id := range ids {
		numbers[i] = int32(id)
	}
	return numbers
}

// topicOperationsUnasked is Kafka's way of saying that nobody asked for the
// authorized operations.
const topicOperationsUnasked = -1 << 31

// reachableBroker is a broker as a client of one listener can reach it.
type reachableBroker struct {
	id   int32
	host string
	port int32
	rack *string
}

func (s *Shard) reachableBrokers(q *session) []reachableBroker {
	var list []reachableBroker
	for b := range s.image.Brokers() {
		endpoint, ok := b.Endpoint(q.listener)
		if !ok {
			continue
		}
		list = append(list, reachableBroker{id: int32(b.ID), host: q.reachable(endpoint.Host),
			port: int32(endpoint.Port), rack: b.Rack})
	}
	return list
}

// reachable is the host that this client should connect to. A broker that
// listens at every address and advertises none is right where the client has
// found it.
func (s *session) reachable(host string) string {
	if host != "" {
		return host
	}
	local := string(s.conn.Local())
	if colon := strings.LastIndexByte(local, ':'); colon >= 0 {
		local = local[:colon]
	}
	return strings.Trim(local, "[]")
}
