package group

import (
	"odradek/core/group/classic"
	"odradek/core/group/consumer"
	"odradek/core/kafka"
)

// settle is the end of a step of a consumer group: its time-outs are awaited, or, if it
// was downgraded, a classic group with its members takes its place.
func (c *Coordinator) settle(s *Step, g consumerGroup, down *consumer.Downgrade) {
	if down == nil {
		g.await(s)
		return
	}
	g.Retire()
	members := make([]classic.Member, 0, len(down.Members))
	for _, m := range down.Members {
		members = append(members, classic.Member{MemberID: m.MemberID, GroupInstanceID: m.InstanceID,
			ClientID: m.ClientID, ClientHost: m.ClientHost, RebalanceTimeoutMs: m.RebalanceTimeoutMs,
			SessionTimeoutMs: m.SessionTimeoutMs, Protocols: m.Protocols, Assignment: m.Assignment})
	}
	made := classic.TakeOver(g.ID(), c.timers, s.classic(), down.Generation, members, down.Rebalance)
	c.groups.Put(g.ID(), classicGroup{made})
}

// forConsumer returns the group that a member of the consumer protocol joins: one that is
// there, a new one, or one that is made of a classic group. The group is put into its
// place by the caller, once the member was taken in.
func (c *Coordinator) forConsumer(s *Step, id string) (*consumer.Group, kafka.ErrorCode, string) {
	if g, ok := c.consumer(id); ok {
		return g.Group, kafka.None, ""
	}
	old := c.classic(id)
	switch {
	case old == nil:
		return consumer.New(id), kafka.None, ""
	case old.State() == classic.Empty:
		s.Decision.Write(old.Tombstone())
		return consumer.New(id), kafka.None, ""
	}
	call := s.consumer(id)
	if why := mayUpgrade(call, old); why != "" {
		return nil, kafka.ErrGroupIDNotFound,
			"Cannot upgrade classic group " + id + " to consumer group because " + why
	}
	members := old.Members()
	handed := make([]consumer.ClassicMember, 0, len(members))
	for _, m := range members {
		handed = append(handed, consumer.ClassicMember{MemberID: m.MemberID,
			InstanceID: m.GroupInstanceID, ClientID: m.ClientID, ClientHost: m.ClientHost,
			RebalanceTimeoutMs: m.RebalanceTimeoutMs, SessionTimeoutMs: m.SessionTimeoutMs,
			Protocols: m.Protocols, Assignment: m.Assignment})
	}
	made, d, fault := consumer.Upgrade(call, id, old.Generation(), handed)
	if fault != "" {
		return nil, kafka.ErrGroupIDNotFound,
			"Cannot upgrade classic group " + id + " to consumer group because " + string(fault)
	}
	s.Decision.Write(old.Tombstone())
	s.Decision.Add(d)
	return made, kafka.None, ""
}

// mayUpgrade says why a classic group with members cannot become a consumer group, or
// nothing.
func mayUpgrade(call *consumer.Call, g *classic.Group) string {
	switch {
	case !call.Settings.MigrationPolicy.Upgrade():
		return "online upgrade is disabled."
	case g.ProtocolType() != classic.ProtocolType:
		return "the group does not use the consumer embedded protocol."
	case g.Size() > call.Settings.MaxSize:
		return "the group size exceeds the consumer group maximum size."
	}
	return ""
}
