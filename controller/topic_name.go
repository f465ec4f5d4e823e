package controller

import (
	"fmt"

	"odradek/core/kafka"
)

// CheckTopicName returns what is wrong with a topic's name, empty when nothing
// is. The sentence is Kafka's. Source: Kafka, Topic.
func CheckTopicName(name string) (problem string) {
	switch {
	case name == "":
		return "Topic name is invalid: the empty string is not allowed"
	case name == "." || name == "..":
		return "Topic name is invalid: '" + name + "' is not allowed"
	case len([]rune(name)) > kafka.TopicNameMax:
		return fmt.Sprintf("Topic name is invalid: the length of '%s' is longer than the max"+
			" allowed length %d", name, kafka.TopicNameMax)
	}
	for _, r := range name {
		if !isTopicNameRune(r) {
			return "Topic name is invalid: '" + name + "' contains one or more characters other than" +
				" ASCII alphanumerics, '.', '_' and '-'"
		}
	}
	return ""
}

func isTopicNameRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' ||
		r == '.' || r == '_' || r == '-'
}

// IsInternal reports whether a topic belongs to the brokers themselves, so that
// Metadata marks it and consumers that subscribe to all topics pass it over.
func IsInternal(name string) bool {
	return name == kafka.ConsumerOffsetsTopic || name == kafka.TransactionStateTopic ||
		name == kafka.ShareGroupStateTopic
}
