package group

import (
	"odradek/core/group/classic"
	"odradek/core/group/decision"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Step is what a step of the coordinator may use, and what it has come to so far.
type Step struct {
	decision.Moment
	// From and Ticket are of the request, if it is one.
	From   decision.Client
	Ticket decision.Ticket
	// Settings are as they were when the step began.
	Settings Settings
	// Topics is the image as it was when the step began.
	Topics Topics
	// Decision is added to.
	Decision *decision.Decision

	coordinator *Coordinator
}

func (c *Coordinator) step(m decision.Moment, d *decision.Decision) *Step {
	return &Step{Moment: m, Settings: c.options.Settings(), Topics: c.options.Topics(),
		Decision: d, coordinator: c}
}

// answer answers the request of the step.
func (s *Step) answer(response kmsg.Response) { s.Decision.Answer(s.Ticket, response) }

// classic is the step for a group of the classic protocol.
func (s *Step) classic() *classic.Step {
	return &classic.Step{Moment: s.Moment, From: s.From, Ticket: s.Ticket,
		Settings: s.Settings.Classic, Random: s.coordinator.options.Random,
		Trace: s.coordinator.options.Trace, Decision: s.Decision}
}
