package image

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"odradek/controller/metadata"
	"odradek/core/kafka"
)

// Resource is what a configuration belongs to.
type Resource struct {
	Type metadata.ResourceType
	// Name is the topic's or group's name or the broker's id; an empty name of
	// a broker resource is the default of all brokers.
	Name string
}

// TopicResource is a topic's configuration.
func TopicResource(name string) Resource { return Resource{metadata.TopicResource, name} }

// BrokerResource is one broker's own configuration.
func BrokerResource(id kafka.BrokerID) Resource {
	return Resource{metadata.BrokerResource, strconv.Itoa(int(id))}
}

// GroupResource is a group's configuration.
func GroupResource(name string) Resource { return Resource{metadata.GroupResource, name} }

// ClusterResource is the configuration of all brokers that have none of their
// own.
func ClusterResource() Resource { return Resource{Type: metadata.BrokerResource} }

// Compare orders by type, then name.
func (r Resource) Compare(other Resource) int {
	if order := cmp.Compare(r.Type, other.Type); order != 0 {
		return order
	}
	return strings.Compare(r.Name, other.Name)
}

// Entry is one key that was set.
type Entry struct {
	Name  string
	Value string
}

// Config is what was set for a resource: no defaults. The zero value is empty.
type Config struct {
	// entries are in the order of their names, each name once.
	entries []Entry
}

// Entries returns what was set, by name.
func (c *Config) Entries() []Entry { return c.entries }

// Get returns what a key was set to; ok is false when it was not.
func (c *Config) Get(name string) (value string, ok bool) {
	at, found := c.find(name)
	if !found {
		return "", false
	}
	return c.entries[at].Value, true
}

func (c *Config) find(name string) (at int, found bool) {
	return slices.BinarySearchFunc(c.entries, name,
		func(e Entry, name string) int { return strings.Compare(e.Name, name) })
}

// With returns the configuration with one key set, or removed if value is nil.
func (c *Config) With(name string, value *string) *Config {
	at, found := c.find(name)
	next := slices.Clone(c.entries)
	switch {
	case value == nil && found:
		next = slices.Delete(next, at, at+1)
	case value == nil:
		return c
	case found:
		next[at].Value = *value
	default:
		next = slices.Insert(next, at, Entry{name, *value})
	}
	return &Config{next}
}
