package campaign

import (
	"fmt"
	"slices"

	"odradek/core/kafka"
	"odradek/jepsen/check"
)

// ledger is what the clients know of the cluster's metadata: which topics were
// asked for, and what the broker said. Only one client changes metadata, so that
// what holds at any moment follows from its answers.
type ledger struct {
	topics []*topic
	byID   map[kafka.TopicID]*topic
}

// topic is one topic that somebody asked for. A name that is used again is
// another topic.
type topic struct {
	name string
	// id is zero until somebody was told it.
	id kafka.TopicID
	// retention: records may go by themselves.
	retention bool
	// compacted: records go when their key has a newer one.
	compacted bool
	// mayEnd topics are deleted some day, and their names used again, so only
	// requests that name them by id mean them for sure.
	mayEnd bool
	// asked is when the topic was asked for, known since when it certainly
	// existed, refused whether it certainly never did.
	asked, known check.Event
	refused      bool
	// settled is when the broker answered that it was made: since then every
	// shard serves it. Others may hear of it earlier.
	settled check.Event
	// ending is when its deletion was first asked for, ended when that was
	// answered; check.Never before.
	ending, ended check.Event
	// partitions is how many it has at least, since the event; partitionsMax how
	// many it may have.
	partitions, partitionsMax int32
	partitionsSince           check.Event
	settings                  []*setting
}

// setting is one of a topic's configurations.
type setting struct {
	name string
	// value is what was last set for sure, since the event; "" is the default.
	value string
	since check.Event
	// maybe are values whose setting has no known outcome: a request may arrive
	// long after its client gave it up.
	maybe []string
	// loose: a request of unknown outcome takes the setting back, some day or never.
	loose bool
}

func newLedger() *ledger { return &ledger{byID: map[kafka.TopicID]*topic{}} }

// partition names a partition as the history does.
func (t *topic) partition(index int32) kafka.TopicPartition {
	return kafka.TopicPartition{Topic: t.id, Partition: kafka.Partition(index)}
}

// usable are the topics that records can be sent to.
func (l *ledger) usable() []*topic {
	var list []*topic
	for _, t := range l.topics {
		if !t.id.IsZero() && t.ended == check.Never {
			list = append(list, t)
		}
	}
	return list
}

// ask enters a topic that is about to be asked for.
func (l *ledger) ask(name string, partitions int32, now check.Event) *topic {
	t := &topic{name: name, asked: now, known: check.Never, settled: check.Never, ending: check.Never,
		ended: check.Never, partitions: partitions, partitionsMax: partitions}
	l.topics = append(l.topics, t)
	return t
}

// exists enters that a topic was seen with an id; it returns what is wrong.
func (l *ledger) exists(t *topic, id kafka.TopicID, now check.Event) string {
	switch other := l.byID[id]; {
	case id.IsZero():
		return fmt.Sprintf("topic %s has no id", t.name)
	case other != nil && other != t:
		return fmt.Sprintf("topics %s and %s have the same id %s", other.name, t.name, id)
	case !t.id.IsZero() && t.id != id:
		return fmt.Sprintf("topic %s had id %s and now has %s", t.name, t.id, id)
	case t.refused:
		return fmt.Sprintf("topic %s exists, though its creation was refused", t.name)
	}
	if t.id.IsZero() {
		t.id, t.known = id, now
		l.byID[id] = t
	}
	return ""
}

// named finds the latest topic that may have a name, or nil.
func (l *ledger) named(name string) *topic {
	for _, t := range slices.Backward(l.topics) {
		if t.name == name && !t.refused {
			return t
		}
	}
	return nil
}

// seen is a topic as an answer showed it.
type seen struct {
	name       string
	id         kafka.TopicID
	partitions int32
}

// compare holds an answer that lists all topics against the ledger. It returns
// the first thing that cannot be.
func (l *ledger) compare(all []seen, called, returned check.Event) string {
	present := map[*topic]bool{}
	for i := range all {
		s := &all[i]
		if s.name == kafka.ConsumerOffsetsTopic {
			continue // who looks for a coordinator has it made
		}
		t := l.byID[s.id]
		if t == nil {
			t = l.named(s.name)
		}
		if t == nil || t.name != s.name {
			return fmt.Sprintf("there is a topic %s, which nobody asked for", s.name)
		}
		if wrong := l.exists(t, s.id, returned); wrong != "" {
			return wrong
		}
		if t.ended < called {
			return fmt.Sprintf("topic %s is there after its deletion was acknowledged", t.name)
		}
		if s.partitions > t.partitionsMax || s.partitions < t.partitions && t.partitionsSince < called {
			return fmt.Sprintf("topic %s has %d partitions, and should have %d to %d",
				t.name, s.partitions, t.partitions, t.partitionsMax)
		}
		present[t] = true
	}
	for _, t := range l.topics {
		if !present[t] && t.known < called && t.ending > returned {
			return fmt.Sprintf("topic %s is gone, though nobody deleted it", t.name)
		}
	}
	return ""
}

// setting finds or makes a topic's setting.
func (t *topic) setting(name string) *setting {
	for _, s := range t.settings {
		if s.name == name {
			return s
		}
	}
	s := &setting{name: name}
	t.settings = append(t.settings, s)
	return s
}

// set enters that a setting has a value for sure; "" is the default.
func (s *setting) set(value string, now check.Event) { s.value, s.since = value, now }

// allows reports whether a setting may have a value in an answer to a request
// that was sent at an event.
func (s *setting) allows(value string, called check.Event) bool {
	return called < s.since || s.loose || value == s.value || slices.Contains(s.maybe, value)
}
