package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// EnvironmentPrefix begins the names of the environment variables that are
// settings: ODRADEK_NUM_PARTITIONS is num.partitions.
const EnvironmentPrefix = "ODRADEK_"

// Sources are the places a node's settings come from when it starts.
type Sources struct {
	// FileName is for messages only; File is the text of the properties file,
	// empty when there is none.
	FileName string
	File     string
	// Environment holds NAME=value; those without the prefix are passed over.
	Environment []string
	// Flags are the settings given on the command line, in their order.
	Flags []Entry
}

// Load puts together what a node is started with. Flags win over environment
// variables, these over the file; of two in the same place the later one wins.
//
// The warnings are sentences about settings that are Kafka's, are taken, and
// have no effect here. The error joins one sentence for each setting that
// cannot be taken, each saying what to write instead.
func Load(sources Sources) (static *Static, warnings []string, err error) {
	given, err := sources.gather()
	if err != nil {
		return nil, nil, err
	}
	static = &Static{}
	var problems []error
	for _, g := range given {
		warning, problem := static.take(g)
		if problem != nil {
			problems = append(problems, fmt.Errorf("%s: %w", g.place, problem))
		}
		if warning != "" {
			warnings = append(warnings, g.place+": "+warning)
		}
	}
	if len(problems) == 0 {
		if _, err := StaticLayers(static).Node(); err != nil {
			problems = append(problems, err)
		}
		if err := CheckBroker(StaticLayers(static)); err != nil {
			problems = append(problems, err)
		}
	}
	if len(problems) > 0 {
		return nil, warnings, errors.Join(problems...)
	}
	return static, warnings, nil
}

// given is a setting and where a person wrote it.
type given struct {
	name  string
	value string
	place string
}

// gather returns what was given, weakest first.
func (s Sources) gather() ([]given, error) {
	var all []given
	properties, err := ParseProperties(s.File)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.FileName, err)
	}
	for _, p := range properties {
		all = append(all, given{p.Key, p.Value, fmt.Sprintf("%s line %d", s.FileName, p.Line)})
	}
	for _, variable := range slices.Sorted(slices.Values(s.Environment)) {
		name, value, _ := strings.Cut(variable, "=")
		if rest, ok := strings.CutPrefix(name, EnvironmentPrefix); ok {
			setting := strings.ToLower(strings.ReplaceAll(rest, "_", "."))
			all = append(all, given{setting, value, "environment variable " + name})
		}
	}
	for _, flag := range s.Flags {
		all = append(all, given{flag.Name, flag.Value, "flag --" + flag.Name})
	}
	return all, nil
}

// take sets one setting. Either a warning or an error may come back.
func (s *Static) take(g given) (warning string, err error) {
	definition, known := Broker(g.name)
	if !known {
		return takeUnserved(g.name, g.value)
	}
	canonical, err := definition.Canonical(g.value)
	if err != nil {
		return "", err
	}
	s.set(g.name, canonical)
	if definition.Inert && (definition.Unset || canonical != definition.Default) {
		return g.name + " is taken and has no effect. " + definition.Doc, nil
	}
	for _, item := range splitList(canonical) {
		if slices.Contains(definition.Idle, item) {
			return item + " in " + g.name + " is taken and has no effect. " + definition.Doc, nil
		}
	}
	return "", nil
}

func (s *Static) set(name, value string) {
	at, found := slices.BinarySearchFunc(s.entries, name,
		func(e Entry, name string) int { return strings.Compare(e.Name, name) })
	if found {
		s.entries[at].Value = value
	} else {
		s.entries = slices.Insert(s.entries, at, Entry{name, value})
	}
}

// CheckBroker checks what one setting of a node cannot say alone. Source:
// Kafka, KafkaConfig.validateValues.
func CheckBroker(l Layers) error {
	bounds := []struct {
		name    string
		allowed func(value int64) bool
		want    string
	}{
		{"log.roll.ms", func(v int64) bool { return v >= 1 }, "must be greater than or equal to 1"},
		{"log.roll.jitter.ms", func(v int64) bool { return v >= 0 },
			"must be greater than or equal to 0"},
		{"log.retention.ms", func(v int64) bool { return v != 0 },
			"must be unlimited (-1) or, greater than or equal to 1"},
		{"log.retention.minutes", func(v int64) bool { return v != 0 },
			"must be unlimited (-1) or, greater than or equal to 1"},
		{"log.retention.hours", func(v int64) bool { return v != 0 },
			"must be unlimited (-1) or, greater than or equal to 1"},
		{CleanerDedupeBufferSize, func(v int64) bool { return v > 1<<20 },
			"must be at least 1MB per cleaner thread."},
		{MaxConnectionsPerIP, func(v int64) bool { return v != 0 },
			"can be set to zero only if max.connections.per.ip.overrides property is set."},
	}
	for _, bound := range bounds {
		value, _, ok := l.BrokerValue(bound.name)
		if ok && !bound.allowed(number(value)) {
			return &InvalidValue{Name: bound.name, Value: value, Whole: true,
				Problem: "requirement failed: " + bound.name + " " + bound.want}
		}
	}
	return l.checkGroups()
}
