package config

import "strings"

// Type is the type of a setting, numbered as DescribeConfigs does (KIP-569).
type Type int8

// The types of settings.
const (
	Boolean Type = 1
	String  Type = 2
	Int     Type = 3
	Short   Type = 4
	Long    Type = 5
	Double  Type = 6
	List    Type = 7
)

// String is Kafka's name of the type, as its error messages have it.
func (t Type) String() string {
	switch t {
	case Boolean:
		return "BOOLEAN"
	case String:
		return "STRING"
	case Int:
		return "INT"
	case Short:
		return "SHORT"
	case Long:
		return "LONG"
	case Double:
		return "DOUBLE"
	}
	return "LIST"
}

// Update says how a node's setting may change while the node runs (KIP-226).
type Update int8

// The ways a setting may change. A topic's settings are all ClusterWide.
const (
	// ReadOnly: only by starting the node anew.
	ReadOnly Update = iota
	// PerBroker: for one broker at a time.
	PerBroker
	// ClusterWide: for one broker, or for all that have no setting of their own.
	ClusterWide
)

// Importance is how likely a person is to need the setting, Kafka's high,
// medium and low.
type Importance int8

// The importances; reference pages list the high ones first.
const (
	High Importance = iota
	Medium
	Low
)

// Definition is everything known about one setting.
type Definition struct {
	Name string
	Type Type
	// Default is the value when nobody sets one, in canonical form. Unset has
	// no value at all then: what that means is said in Doc.
	Default string
	Unset   bool
	// check is what a value must be beyond its type.
	check      check
	Importance Importance
	Update     Update
	// FixedHere says why the setting is ReadOnly where Kafka's can change while the
	// node runs, and what to do instead; empty where Kafka's cannot either.
	FixedHere string
	// Synonyms are the settings of a node that stand in for this one when it
	// is not set, nearest first. A topic's setting has the name it follows and
	// what stands in for that.
	Synonyms []Synonym
	// Idle are items of a list that are taken and have no effect; Doc says why.
	Idle []string
	// Inert: the setting is checked, kept and shown, and has no effect; Doc says
	// why.
	Inert bool
	// Doc is one or more sentences for a person.
	Doc string
}

// Synonym is another setting that stands in, in its own unit.
type Synonym struct {
	Name string
	// Times converts its value into this setting's unit: hours into
	// milliseconds, for example.
	Times int64
}

// Units of time, in milliseconds.
const (
	minuteMs = 60_000
	hourMs   = 60 * minuteMs
)

// Topic returns the definition of a topic's setting; ok is false when there is
// none of that name.
func Topic(name string) (definition *Definition, ok bool) {
	return find(topicDefinitions[:], name)
}

// Topics returns the definitions of all of a topic's settings, by name. They
// must not be changed.
func Topics() []Definition { return topicDefinitions[:] }

// Broker returns the definition of a node's setting; ok is false when there is
// none of that name.
func Broker(name string) (definition *Definition, ok bool) {
	return find(nodeDefinitions[:], name)
}

// Brokers returns the definitions of all of a node's settings, by name. They
// must not be changed.
func Brokers() []Definition { return nodeDefinitions[:] }

// find does a binary search: the tables are sorted, which a test proves.
func find(table []Definition, name string) (*Definition, bool) {
	low, high := 0, len(table)
	for low < high {
		middle := int(uint(low+high) >> 1)
		switch order := strings.Compare(table[middle].Name, name); {
		case order == 0:
			return &table[middle], true
		case order < 0:
			low = middle + 1
		default:
			high = middle
		}
	}
	return nil, false
}
