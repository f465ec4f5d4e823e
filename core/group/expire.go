package group

import (
	"odradek/core/group/decision"
	"odradek/core/kafka"
)

const (
	// expiredMax is the most timers that one Expire looks after: a node that slept finds
	// all sessions over at once, and must answer others in between.
	expiredMax = 256
	// recordsMax is the most tombstones of one CleanUp or TopicsDeleted, some 100 bytes
	// each: well below the largest batch.
	recordsMax = 1000
	// offsetsSeenMax is the most offsets that one CleanUp looks at; it takes some
	// milliseconds.
	offsetsSeenMax = 50_000
)

// NextDeadline is when Expire is to be called next, kafka.Never when nothing is waited
// for.
func (c *Coordinator) NextDeadline() kafka.Instant { return c.timers.Next() }

// Expire decides on what has come due by now: sessions that ended, rebalances whose time
// is up. Its work is bounded: NextDeadline may still be in the past afterwards, and
// Expire is to be called again when the Records were applied.
func (c *Coordinator) Expire(m decision.Moment) decision.Decision {
	var d decision.Decision
	s := c.step(m, &d)
	for range expiredMax {
		t := c.timers.Take(m.Now)
		if t == nil {
			break
		}
		if g := c.group(t.Group); g != nil {
			g.Expired(s, t)
		}
		if len(d.Records) >= recordsMax {
			break
		}
	}
	return d
}

// CleanUp decides on offsets whose retention has passed, and on groups that hold nothing
// any more. It is to be called every offsets.retention.check.interval.ms; when the
// decision says that there is More, once again after its Records were applied.
func (c *Coordinator) CleanUp(m decision.Moment) decision.Decision {
	var d decision.Decision
	s := c.step(m, &d)
	seen := 0
	first := c.cleaning
	c.cleaning = ""
	for id, g := range c.groups.From(first) {
		if len(d.Records) < recordsMax && seen < offsetsSeenMax {
			seen += 1 + c.cleanUp(s, id, g)
		} else {
			d.More = true
		}
		if d.More {
			c.cleaning = id
			break
		}
	}
	return d
}

// cleanUp decides on one group, and returns how many offsets it has looked at.
func (c *Coordinator) cleanUp(s *Step, id string, g Group) (seen int) {
	gone := true
	if c.offsets.Has(id) {
		from, ok := g.Expiry()
		if !ok {
			return 0
		}
		seen, gone = c.offsets.Expire(id, from, g.SubscribedTo, s.Settings.Offsets, s.Wall,
			recordsMax, s.Decision)
	}
	if gone && g.Idle() {
		s.Decision.Write(g.Tombstones()...)
	}
	return seen
}

// TopicsDeleted decides on the offsets of topics that were deleted. When the decision
// says that there is More, it is to be called again with the same names after its
// Records were applied.
func (c *Coordinator) TopicsDeleted(m decision.Moment, names []string) decision.Decision {
	var d decision.Decision
	s := c.step(m, &d)
	first := c.deleting
	c.deleting = ""
	for id := range c.offsets.Groups(first) {
		for _, name := range names {
			now, _ := s.Topics.TopicID(name)
			c.offsets.TopicDeleted(id, name, now, recordsMax, &d)
		}
		if d.More {
			c.deleting = id
			break
		}
	}
	return d
}
