package controller

import (
	"errors"

	"odradek/controller/config"
	"odradek/controller/image"
	"odradek/core/kafka"
)

// checkTopicConfig refuses settings that a topic cannot have, one alone or
// together. Source: Kafka, LogConfig.validate.
func checkTopicConfig(layers config.Layers, overrides *image.Config) *fault {
	for _, entry := range overrides.Entries() {
		if _, known := config.Topic(entry.Name); !known {
			return faultf(kafka.ErrInvalidConfig, "Unknown topic config name: %s", entry.Name)
		}
	}
	for _, entry := range overrides.Entries() {
		definition, _ := config.Topic(entry.Name)
		canonical, err := definition.Canonical(entry.Value)
		if err != nil {
			return invalidConfig(err)
		}
		if len(entry.Value) > configValueBytesMax {
			return faultf(kafka.ErrInvalidConfig, "The value of %s is longer than %d bytes",
				entry.Name, configValueBytesMax)
		}
		if entry.Name == config.RemoteStorageEnable && canonical == "true" {
			return faultf(kafka.ErrInvalidConfig, "Tiered Storage functionality is disabled in the"+
				" broker. Topic cannot be configured with remote log storage.")
		}
	}
	topic := layers.TopicConfig(overrides)
	if topic.MinCompactionLagMs > topic.MaxCompactionLagMs {
		return faultf(kafka.ErrInvalidConfig,
			"conflict topic config setting %s (%d) > %s (%d)", config.MinCompactionLagMs,
			topic.MinCompactionLagMs, config.MaxCompactionLagMs, topic.MaxCompactionLagMs)
	}
	return nil
}

// invalidConfig is the answer to a value that a setting cannot have.
func invalidConfig(err error) *fault {
	var invalid *config.InvalidValue
	if errors.As(err, &invalid) {
		return faultf(kafka.ErrInvalidConfig, "%s", invalid.Error())
	}
	return faultf(kafka.ErrInvalidConfig, "%v", err)
}

// effectiveTopicSetting is a topic's setting as it holds, and from where, the
// way a new topic's answer and DescribeConfigs show it: what was set for the
// topic itself stands as it was written.
func effectiveTopicSetting(layers config.Layers, overrides *image.Config,
	definition *config.Definition) config.Set {
	if value, ok := overrides.Get(definition.Name); ok {
		return config.Set{Name: definition.Name, Value: value, Source: config.FromTopic}
	}
	value := layers.TopicValue(overrides, definition.Name)
	for _, synonym := range definition.Synonyms {
		if _, source, ok := layers.BrokerValue(synonym.Name); ok && source != config.FromDefault {
			return config.Set{Name: definition.Name, Value: value, Source: source}
		}
	}
	return config.Set{Name: definition.Name, Value: value, Source: config.FromDefault}
}
