package classic

import (
	"slices"

	"odradek/core/group/offset"
	"odradek/core/kafka"
)

// MayCommit tells whether a commit is from somebody who may, and lets the session of a
// member that may begin again.
//
// Whoever names no member and no generation assigns partitions to itself, or is a tool:
// it may while the group is empty. A member may in its own generation, except while the
// leader divides: then it is asked to come again. A transactional commit (KIP-447) is
// from a producer that may not know of members, and is not asked for the state.
func (g *Group) MayCommit(s *Step, c offset.Committer) kafka.ErrorCode {
	generation := kafka.Generation(c.GenerationOrEpoch)
	if generation < 0 && g.state == Empty {
		return kafka.None
	}
	if generation >= 0 || c.MemberID != "" || c.GroupInstanceID != nil {
		if code := g.validate(c.MemberID, c.GroupInstanceID); code != kafka.None {
			return code
		}
		if generation != g.generation {
			return kafka.ErrIllegalGeneration
		}
	} else if !c.Transactional {
		return kafka.ErrUnknownMemberID
	}
	if c.Transactional {
		return kafka.None
	}
	switch g.state {
	case CompletingRebalance:
		return kafka.ErrRebalanceInProgress
	case Stable, PreparingRebalance:
		g.prolong(s, g.byID[c.MemberID])
	}
	return kafka.None
}

// MayDeleteOffsets tells whether offsets of the group may be deleted one by one: of
// consumers we know which topics are in use.
func (g *Group) MayDeleteOffsets() kafka.ErrorCode {
	if g.state != Empty && g.protocolType != ProtocolType {
		return kafka.ErrNonEmptyGroup
	}
	return kafka.None
}

// MayDelete tells whether the group may be deleted.
func (g *Group) MayDelete() kafka.ErrorCode {
	if g.state != Empty {
		return kafka.ErrNonEmptyGroup
	}
	return kafka.None
}

// SubscribedTo reports whether a member reads the topic, or may: when the subscriptions
// of consumers are not known, it is any topic.
func (g *Group) SubscribedTo(topic string) bool {
	if !g.subscribedKnown {
		return g.protocolType == ProtocolType
	}
	_, found := slices.BinarySearch(g.subscribed, topic)
	return found
}

// Expiry says from when on the retention of the group's offsets counts; ok is false
// while none of them expires. Source: KIP-211.
//
//   - Nobody has ever joined: each from when it was committed.
//   - The group is empty: from when it became empty.
//   - Its consumers are settled: each from when it was committed, if nobody is
//     subscribed to its topic.
func (g *Group) Expiry() (from offset.Expiry, ok bool) {
	switch {
	case g.protocolType == "":
		return offset.SinceCommit(), true
	case g.state == Empty:
		return offset.Since(g.currentStateTimestamp), true
	case g.state == Stable && g.protocolType == ProtocolType && g.subscribedKnown:
		return offset.SinceCommit(), true
	}
	return offset.Expiry{}, false
}
