package group

import (
	"odradek/core/group/classic"
	"odradek/core/group/consumer"
	"odradek/core/group/offset"
)

// Settings are the broker's settings that the coordinator knows, under Kafka's names.
type Settings struct {
	Classic  classic.Settings
	Consumer consumer.Settings
	Offsets  offset.Settings
}

// DefaultSettings are those of Kafka.
func DefaultSettings() Settings {
	return Settings{Classic: classic.DefaultSettings(), Consumer: consumer.DefaultSettings(),
		Offsets: offset.DefaultSettings()}
}
