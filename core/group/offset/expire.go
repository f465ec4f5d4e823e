package offset

import (
	"odradek/core/group/decision"
	"odradek/core/group/record"
	"odradek/core/kafka"
)

// Expiry says from when on the retention of an offset counts.
type Expiry struct {
	// since is one moment for all offsets, or NoTimestamp: each from its own commit.
	since kafka.Timestamp
}

// SinceCommit lets an offset's retention count from when it was committed.
func SinceCommit() Expiry { return Expiry{kafka.NoTimestamp} }

// Since lets the retention of all offsets count from a moment, or, if that is not known,
// from when each was committed.
func Since(moment kafka.Timestamp) Expiry { return Expiry{moment} }

// passed reports whether an offset's time is over. One that was committed with a
// retention of its own has that.
func (e Expiry) passed(value *record.OffsetCommitValue, settings Settings,
	wall kafka.Timestamp) bool {
	if value.ExpireTimestamp != kafka.NoTimestamp {
		return wall >= value.ExpireTimestamp
	}
	since := e.since
	if since == kafka.NoTimestamp {
		since = value.CommitTimestamp
	}
	return wall-since >= kafka.Timestamp(settings.retention().Milliseconds())
}

// Expire writes tombstones of a group's offsets whose time is over, of topics that
// nobody in the group reads, until the decision has recordsMax records. It returns how
// many offsets it looked at, and whether none is left.
func (s *Store) Expire(group string, from Expiry, subscribed func(topic string) bool,
	settings Settings, wall kafka.Timestamp, recordsMax int,
	d *decision.Decision) (seen int, all bool) {
	all = true
	topic, reads := "", false
	for key, value := range s.Of(group) {
		if seen++; seen == 1 || topic != key.Topic {
			topic, reads = key.Topic, subscribed(key.Topic)
		}
		if reads || !from.passed(value, settings, wall) {
			all = false
			continue
		}
		if len(d.Records) >= recordsMax {
			d.More = true
			return seen, false
		}
		d.Write(tombstone(group, key))
	}
	return seen, all
}

// TopicDeleted writes tombstones of a group's offsets in a topic that was deleted, until
// the decision has recordsMax records. An offset that is of the topic which has the name
// now stays.
func (s *Store) TopicDeleted(group, topic string, now kafka.TopicID, recordsMax int,
	d *decision.Decision) {
	for key, value := range s.topic(group, topic) {
		if !now.IsZero() && value.TopicID == now {
			continue
		}
		if len(d.Records) >= recordsMax {
			d.More = true
			return
		}
		d.Write(tombstone(group, key))
	}
}

// Groups yields the groups that have offsets, in the order of their ids, from a first
// on.
func (s *Store) Groups(first string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for group := range s.groups.From(first) {
			if !yield(group) {
				return
			}
		}
	}
}
