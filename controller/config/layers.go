package config

import (
	"slices"
	"strconv"
	"strings"

	"odradek/core/assert"
)

// Source says where a value comes from, numbered as DescribeConfigs does.
type Source int8

// The sources, strongest first.
const (
	FromTopic      Source = 1
	FromBroker     Source = 2
	FromAllBrokers Source = 3
	FromStart      Source = 4
	FromDefault    Source = 5
	// FromGroup is what was set for a group itself, the strongest for its settings.
	FromGroup Source = 8
)

// Overrides are settings that were set somewhere, by name.
type Overrides interface {
	// Get returns what a setting was set to; ok is false when it was not.
	Get(name string) (value string, ok bool)
}

// Nothing is the empty Overrides.
type Nothing struct{}

// Get finds nothing.
func (Nothing) Get(string) (string, bool) { return "", false }

// Entry is one setting and its value.
type Entry struct {
	Name  string
	Value string
}

// Static is what a node was started with: by flags, environment and file. Its
// values are canonical. The zero value has set nothing.
type Static struct {
	// entries are in the order of their names, each name once.
	entries []Entry
}

// Get returns what a setting was set to at the start.
func (s *Static) Get(name string) (value string, ok bool) {
	at, found := slices.BinarySearchFunc(s.entries, name,
		func(e Entry, name string) int { return strings.Compare(e.Name, name) })
	if !found {
		return "", false
	}
	return s.entries[at].Value, true
}

// Entries returns what was set, by name. It must not be changed.
func (s *Static) Entries() []Entry { return s.entries }

// Layers are the places that set a node's settings, the strongest first. All
// three must be there; use Nothing for an empty one.
type Layers struct {
	// Broker is what was set for this broker while it runs.
	Broker Overrides
	// AllBrokers is what was set for every broker that has nothing of its own.
	AllBrokers Overrides
	// Static is what the node was started with.
	Static Overrides
}

// StaticLayers are those of a node of which nothing was changed since its start.
func StaticLayers(static *Static) Layers { return Layers{Nothing{}, Nothing{}, static} }

// Set is a value together with the name and the place that set it.
type Set struct {
	Name   string
	Value  string
	Source Source
}

// Find returns every place that sets one of the names, in the order in which
// they count: by place, and within a place in the order of names. Defaults come
// last. A name without a default adds nothing. Source: Kafka, ConfigHelper.
func (l Layers) Find(names ...string) []Set {
	var sets []Set
	places := []struct {
		overrides Overrides
		source    Source
	}{{l.Broker, FromBroker}, {l.AllBrokers, FromAllBrokers}, {l.Static, FromStart}}
	for _, place := range places {
		for _, name := range names {
			if value, ok := canonicalIn(place.overrides, name); ok {
				sets = append(sets, Set{name, value, place.source})
			}
		}
	}
	for _, name := range names {
		if definition, ok := Broker(name); ok && !definition.Unset {
			sets = append(sets, Set{name, definition.Default, FromDefault})
		}
	}
	return sets
}

// BrokerValue returns a node's setting as it holds now; ok is false when it has
// no value. The name must be one of Brokers.
func (l Layers) BrokerValue(name string) (value string, source Source, ok bool) {
	sets := l.Find(name)
	if len(sets) == 0 {
		return "", FromDefault, false
	}
	return sets[0].Value, sets[0].Source, true
}

// TopicValue returns a topic's setting as it holds now, in canonical form. The
// name must be one of Topics.
func (l Layers) TopicValue(topic Overrides, name string) string {
	definition, known := Topic(name)
	assert.That(known, "a topic is only asked for settings there are")
	return l.OwnValue(topic, definition)
}

// OwnValue is the value of a setting of a topic or group, in canonical form: what
// was set for it, or what stands in for that. The definition must be one of
// Topics or Groups.
func (l Layers) OwnValue(own Overrides, definition *Definition) string {
	if value, ok := own.Get(definition.Name); ok {
		if canonical, err := definition.Canonical(value); err == nil {
			return canonical
		}
	}
	for _, synonym := range definition.Synonyms {
		if value, source, ok := l.BrokerValue(synonym.Name); ok && source != FromDefault {
			return synonym.convert(value)
		}
	}
	return definition.Default
}

// canonicalIn reads a value and skips one that this version does not
// understand: it was checked when it was set, by another version then.
func canonicalIn(overrides Overrides, name string) (string, bool) {
	value, ok := overrides.Get(name)
	definition, known := Broker(name)
	if !ok || !known {
		return "", false
	}
	canonical, err := definition.Canonical(value)
	return canonical, err == nil
}

// convert turns a synonym's value into the unit of the setting it stands in
// for. Less than nothing is forever in every unit.
func (s Synonym) convert(value string) string {
	if s.Times == 1 {
		return value
	}
	number := number(value)
	if number < 0 {
		return "-1"
	}
	return strconv.FormatInt(number*s.Times, 10)
}

// number reads a canonical Int or Long.
func number(canonical string) int64 {
	value, err := strconv.ParseInt(canonical, 10, 64)
	assert.That(err == nil, "a canonical number is a number")
	return value
}
