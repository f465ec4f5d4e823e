package classic

import (
	"time"

	"odradek/core/env"
	"odradek/core/group/decision"
	"odradek/core/kafka"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Step is what a step of a group may use, and what it has come to so far.
type Step struct {
	decision.Moment
	// From and Ticket are of the request, if it is one.
	From     decision.Client
	Ticket   decision.Ticket
	Settings Settings
	Random   env.Random
	Trace    env.Trace
	// Decision is added to.
	Decision *decision.Decision
}

// after is the instant some milliseconds from now.
func (s *Step) after(ms int32) kafka.Instant {
	return s.Now.Plus(time.Duration(ms) * time.Millisecond)
}

// waiter is a request that waits for its answer.
type waiter struct {
	ticket  decision.Ticket
	version int16
}

// answerJoin answers a JoinGroup.
func (s *Step) answerJoin(w waiter, answer kmsg.JoinGroupResponse) {
	answer.Version = w.version
	// Before version 7 "no protocol" was the empty string, and the other way round
	// since: kmsg does the former.
	if w.version >= 7 && answer.Protocol != nil && *answer.Protocol == "" {
		answer.Protocol = nil
	}
	s.Decision.Answer(w.ticket, &answer)
}

// refuseJoin answers a JoinGroup with an error.
func (s *Step) refuseJoin(w waiter, memberID string, code kafka.ErrorCode) {
	answer := kmsg.NewJoinGroupResponse()
	answer.MemberID, answer.ErrorCode = memberID, int16(code)
	s.answerJoin(w, answer)
}

// answerSync answers a SyncGroup.
func (s *Step) answerSync(w waiter, answer kmsg.SyncGroupResponse) {
	answer.Version = w.version
	s.Decision.Answer(w.ticket, &answer)
}

// refuseSync answers a SyncGroup with an error.
func (s *Step) refuseSync(w waiter, code kafka.ErrorCode) {
	answer := kmsg.NewSyncGroupResponse()
	answer.ErrorCode, answer.MemberAssignment = int16(code), []byte{}
	s.answerSync(w, answer)
}
