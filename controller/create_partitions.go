package controller

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/controller/metadata"
	"odradek/core/kafka"
)

// CreatePartitions decides a CreatePartitions request, versions 0 to 3.
//
// A topic can only grow. Each topic grows or gets an error of its own:
// UNKNOWN_TOPIC_OR_PARTITION, INVALID_PARTITIONS, INVALID_REPLICA_ASSIGNMENT,
// INVALID_REPLICATION_FACTOR, POLICY_VIOLATION, or INVALID_REQUEST for one that
// is named twice. New partitions get as many replicas as the first one has. With
// validate_only the answer is the same and there are no records.
//
// Answers are in the order of the request, those of topics named twice at the
// end.
func CreatePartitions(v View, request *kmsg.CreatePartitionsRequest,
	random Random) ([]metadata.Record, *kmsg.CreatePartitionsResponse) {
	response := request.ResponseKind().(*kmsg.CreatePartitionsResponse)
	names := newNames(len(request.Topics))
	for i := range request.Topics {
		names.add(request.Topics[i].Topic)
	}
	answer := func(name string, problem *fault) {
		result := kmsg.NewCreatePartitionsResponseTopic()
		result.Topic = name
		result.ErrorCode, result.ErrorMessage = problem.answer()
		response.Topics = append(response.Topics, result)
	}
	g := growth{view: v, placer: newPlacer(v.Image, random)}
	for i := range request.Topics {
		if topic := &request.Topics[i]; !names.isDuplicate(topic.Topic) {
			answer(topic.Topic, g.grow(topic))
		}
	}
	for _, name := range names.duplicates() {
		answer(name, faultf(kafka.ErrInvalidRequest, "Duplicate topic name."))
	}
	if request.ValidateOnly {
		return nil, response
	}
	return g.records, response
}

// growth is one request in work.
type growth struct {
	view    View
	placer  *placer
	records []metadata.Record
}

// grow decides one topic.
func (g *growth) grow(request *kmsg.CreatePartitionsRequestTopic) *fault {
	topic := g.view.Image.Topic(request.Topic)
	if topic == nil || topic.PartitionCount() == 0 {
		return &fault{code: kafka.ErrUnknownTopicOrPartition}
	}
	count := topic.PartitionCount()
	additional := int(request.Count) - count
	switch {
	case additional == 0:
		return faultf(kafka.ErrInvalidPartitions, "Topic already has %d partition(s).", count)
	case additional < 0:
		return faultf(kafka.ErrInvalidPartitions, "The topic %s currently has %d partition(s); %d"+
			" would not be an increase.", topic.Name, count, request.Count)
	case request.Assignment != nil && len(request.Assignment) != additional:
		return faultf(kafka.ErrInvalidReplicaAssignment, "Attempted to add %d additional"+
			" partition(s), but only %d assignment(s) were specified.", additional,
			len(request.Assignment))
	case len(g.records)+additional > partitionsPerRequestMax:
		return faultf(kafka.ErrPolicyViolation,
			"Excessively large number of partitions per request.")
	case g.view.Image.PartitionCount()+len(g.records)+additional > partitionsMax:
		return faultf(kafka.ErrPolicyViolation, "There are %d partitions, and %d more would be over"+
			" the limit of %d.", g.view.Image.PartitionCount()+len(g.records), additional,
			partitionsMax)
	}
	assignments, problem := g.assign(request, count, additional,
		len(topic.Partition(0).Replicas))
	if problem != nil {
		return problem
	}
	for i, replicas := range assignments {
		g.records = append(g.records, newPartition(g.view.Image, topic.ID,
			kafka.Partition(count+i), replicas, inSync(g.view.Image, replicas)))
	}
	return nil
}

// assign returns the replicas of each new partition.
func (g *growth) assign(request *kmsg.CreatePartitionsRequestTopic,
	first, additional, replicationFactor int) ([][]kafka.BrokerID, *fault) {
	assignments := make([][]kafka.BrokerID, additional)
	if request.Assignment == nil {
		if problem := g.placer.check(replicationFactor); problem != nil {
			return nil, problem
		}
		for i := range assignments {
			assignments[i] = g.placer.place(replicationFactor)
		}
		return assignments, nil
	}
	for i := range assignments {
		assignments[i] = brokerIDs(request.Assignment[i].Replicas)
		problem := checkAssignment(g.view.Image, assignments[i], replicationFactor)
		if problem != nil {
			return nil, problem
		}
		if len(inSync(g.view.Image, assignments[i])) == 0 {
			return nil, faultf(kafka.ErrInvalidReplicaAssignment, "All brokers specified in the manual"+
				" partition assignment for partition %d are fenced or in controlled shutdown.", first+i)
		}
	}
	return assignments, nil
}
