package group

import (
	"odradek/core/group/consumer"
	"odradek/core/group/decision"
	"odradek/core/kafka"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// consumerGroupHeartbeat decides on a ConsumerGroupHeartbeat (KIP-848). A member that
// joins makes the group, be it of nothing, of an empty classic group, or of a classic
// group with members, which then are the consumer group's (live upgrade).
func (c *Coordinator) consumerGroupHeartbeat(s *Step, q *kmsg.ConsumerGroupHeartbeatRequest) {
	settings := s.consumer(q.Group).Settings
	if refused, d := consumer.ValidateHeartbeat(s.Ticket, q, &settings); refused {
		s.Decision.Add(d)
		return
	}
	if g, ok := c.consumer(q.Group); ok {
		d, down := g.Heartbeat(s.consumer(q.Group), s.Ticket, q)
		s.Decision.Add(d)
		c.settle(s, g, down)
		return
	}
	if kafka.MemberEpoch(q.MemberEpoch) != kafka.JoinEpoch {
		s.Decision.Add(consumer.RefuseHeartbeat(s.Ticket, q, kafka.ErrGroupIDNotFound,
			c.notConsumer(q.Group, kafka.MemberEpoch(q.MemberEpoch))))
		return
	}
	old := c.classic(q.Group)
	made, code, why := c.forConsumer(s, q.Group)
	if code != kafka.None {
		s.Decision.Add(consumer.RefuseHeartbeat(s.Ticket, q, code, why))
		return
	}
	d, down := made.Heartbeat(s.consumer(q.Group), s.Ticket, q)
	if len(d.Records) == 0 {
		// The member was refused: nothing has happened.
		*s.Decision = decision.Decision{}
		s.Decision.Add(d)
		return
	}
	if old != nil {
		old.HandedOver(s.classic())
	}
	s.Decision.Add(d)
	s.Decision.Volatile = true
	c.settle(s, c.putConsumer(made), down)
}

// notConsumer says, as Kafka does, why a group cannot be spoken of by who is not joining.
func (c *Coordinator) notConsumer(id string, epoch kafka.MemberEpoch) string {
	switch {
	case c.group(id) != nil:
		return "Group " + id + " is not a consumer group."
	case epoch > kafka.JoinEpoch:
		return "Consumer group " + id + " not found."
	}
	return "Group " + id + " not found."
}

// consumer is what a step of a consumer group is called with.
func (s *Step) consumer(id string) *consumer.Call {
	settings := s.Settings.Consumer
	settings.ClassicMaxSize = int(s.Settings.Classic.GroupMaxSize)
	if config := s.coordinator.options.GroupConfig; config != nil {
		settings = settings.For(config(id))
	}
	return &consumer.Call{Moment: s.Moment, Client: s.From, Settings: settings, Topics: s.Topics,
		Hashes: &s.coordinator.hashes, Random: s.coordinator.options.Random}
}
