package controller

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/controller/config"
	"odradek/controller/metadata"
	"odradek/core/kafka"
)

// DeleteTopics decides a DeleteTopics request, versions 1 to 6.
//
// Each topic is deleted or gets an error of its own: UNKNOWN_TOPIC_OR_PARTITION,
// UNKNOWN_TOPIC_ID or INVALID_REQUEST. When delete.topic.enable is off, all of
// them get TOPIC_DELETION_DISABLED (INVALID_REQUEST before v3).
//
//   - v5: the answer has messages.
//   - v6: topics may be named by id (KIP-516), but not by both.
//
// Kafka shuffles the answers, so that nobody learns from their order what they
// may not see. Here they are in the order of the request, with those that were
// named twice at the end.
//
// One topic's record is a RemoveTopicRecord: its configuration goes with it.
func DeleteTopics(v View,
	request *kmsg.DeleteTopicsRequest) ([]metadata.Record, *kmsg.DeleteTopicsResponse) {
	response := request.ResponseKind().(*kmsg.DeleteTopicsResponse)
	wanted := topicsToDelete(request)
	d := topicDeletion{view: v, names: newNames(len(wanted)), ids: newNames(len(wanted))}
	if !v.enabled(config.DeleteTopicEnable) {
		for _, topic := range wanted {
			response.Topics = append(response.Topics, deletionAnswer(topic.Topic, topic.TopicID,
				deletionDisabled(request.Version)))
		}
		return nil, response
	}
	for _, topic := range wanted {
		switch {
		case topic.Topic != nil && isZero(topic.TopicID):
			d.names.add(*topic.Topic)
		case topic.Topic == nil && !isZero(topic.TopicID):
			d.ids.add(string(topic.TopicID[:]))
		}
	}
	for _, topic := range wanted {
		if answer, ok := d.delete(topic); ok {
			response.Topics = append(response.Topics, answer)
		}
	}
	response.Topics = append(response.Topics, d.answerDuplicates()...)
	if problem := checkRecords(d.records); problem != nil {
		for i, topic := range response.Topics {
			response.Topics[i] = deletionAnswer(topic.Topic, topic.TopicID, problem)
		}
		return nil, response
	}
	return d.records, response
}

// deletionDisabled: before v3 there was no code of its own.
func deletionDisabled(version int16) *fault {
	if version < 3 {
		return faultf(kafka.ErrInvalidRequest, "Topic deletion is disabled.")
	}
	return &fault{code: kafka.ErrTopicDeletionDisabled}
}

// topicsToDelete is the request's list, in the form of v6.
func topicsToDelete(request *kmsg.DeleteTopicsRequest) []kmsg.DeleteTopicsRequestTopic {
	topics := request.Topics
	for i := range request.TopicNames {
		topic := kmsg.NewDeleteTopicsRequestTopic()
		topic.Topic = &request.TopicNames[i]
		topics = append(topics, topic)
	}
	return topics
}

// topicDeletion is one request in work.
type topicDeletion struct {
	view    View
	names   *names
	ids     *names
	records []metadata.Record
}

// delete decides one topic. There is no answer for one that was named twice.
func (d *topicDeletion) delete(
	topic kmsg.DeleteTopicsRequestTopic) (kmsg.DeleteTopicsResponseTopic, bool) {
	img := d.view.Image
	switch {
	case topic.Topic == nil && isZero(topic.TopicID):
		return deletionAnswer(nil, topic.TopicID, faultf(kafka.ErrInvalidRequest,
			"Neither topic name nor id were specified.")), true
	case topic.Topic != nil && !isZero(topic.TopicID):
		return deletionAnswer(topic.Topic, topic.TopicID, faultf(kafka.ErrInvalidRequest,
			"You may not specify both topic name and topic id.")), true
	case topic.Topic == nil:
		if d.ids.isDuplicate(string(topic.TopicID[:])) {
			return kmsg.DeleteTopicsResponseTopic{}, false
		}
		found := img.TopicByID(topic.TopicID)
		if found == nil {
			return deletionAnswer(nil, topic.TopicID, plainFault(kafka.ErrUnknownTopicID)), true
		}
		if d.names.count[found.Name] == 1 {
			return kmsg.DeleteTopicsResponseTopic{}, false // the name is answered for both
		}
		return d.remove(found.Name, found.ID), true
	}
	if d.names.isDuplicate(*topic.Topic) {
		return kmsg.DeleteTopicsResponseTopic{}, false
	}
	found := img.Topic(*topic.Topic)
	if found == nil {
		return deletionAnswer(topic.Topic, kafka.TopicID{},
			plainFault(kafka.ErrUnknownTopicOrPartition)), true
	}
	if d.ids.count[string(found.ID[:])] > 0 {
		return deletionAnswer(topic.Topic, found.ID, faultf(kafka.ErrInvalidRequest,
			"The provided topic name maps to an ID that was already supplied.")), true
	}
	return d.remove(found.Name, found.ID), true
}

func (d *topicDeletion) remove(name string, id kafka.TopicID) kmsg.DeleteTopicsResponseTopic {
	d.records = append(d.records, &metadata.RemoveTopicRecord{TopicID: id})
	return deletionAnswer(&name, id, nil)
}

func (d *topicDeletion) answerDuplicates() []kmsg.DeleteTopicsResponseTopic {
	var answers []kmsg.DeleteTopicsResponseTopic
	for _, name := range d.names.duplicates() {
		answers = append(answers, deletionAnswer(&name, kafka.TopicID{},
			faultf(kafka.ErrInvalidRequest, "Duplicate topic name.")))
	}
	for _, id := range d.ids.duplicates() {
		answers = append(answers, deletionAnswer(nil, kafka.TopicID([]byte(id)),
			faultf(kafka.ErrInvalidRequest, "Duplicate topic id.")))
	}
	return answers
}

func deletionAnswer(name *string, id kafka.TopicID,
	problem *fault) kmsg.DeleteTopicsResponseTopic {
	answer := kmsg.NewDeleteTopicsResponseTopic()
	answer.Topic, answer.TopicID = name, id
	answer.ErrorCode, answer.ErrorMessage = problem.answer()
	return answer
}

func isZero(id [16]byte) bool { return id == [16]byte{} }
