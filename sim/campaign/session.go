package campaign

import (
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/sim/chance"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// session is a consumer's side of an incremental fetch session (KIP-227).
type session struct {
	id, epoch int32
	// withIDs says whether the session names topics by id.
	withIDs bool
}

// fetchInSession reads from all partitions, naming only what has changed since
// the last time.
func (c *consumer) fetchInSession(t *task.Task, op *chance.Stream) {
	request := c.drawFetch(op, c.cursors)
	s := &c.session
	fresh := s.id == 0 || op.OneIn(20)
	if fresh {
		*s = session{id: s.id}
		request.SetVersion(max(request.Version, fetchSessions))
		s.withIDs = request.Version >= fetchWithID
	} else if s.withIDs {
		request.SetVersion(max(request.Version, fetchWithID))
	} else if request.Version >= fetchWithID || request.Version < fetchSessions {
		request.SetVersion(between(op, fetchSessions, fetchWithID-1))
	}
	request.SessionID, request.SessionEpoch = s.id, s.epoch
	for _, k := range c.cursors {
		if k.topic.mayEnd && !s.withIDs {
			// It can't be named in this session: begin another one next time.
			c.forgetSession()
			return
		}
		if fresh || !k.member || k.told != k.offset {
			addFetch(request, k, partitionBytes(op))
			k.told, k.member = k.offset, true
		}
	}
	call, response := c.call(t, request)
	answer, ok := response.(*kmsg.FetchResponse)
	if !ok {
		c.forgetSession()
		return
	}
	switch code := kafka.ErrorCode(answer.ErrorCode); code {
	case kafka.None:
	case kafka.ErrFetchSessionIDNotFound, kafka.ErrInvalidFetchSessionEpoch,
		kafka.ErrFetchSessionTopicIDError:
		c.forgetSession()
		return
	default:
		c.complain("Fetch v%d in a session is answered with %v", request.Version, code)
		return
	}
	s.id = answer.SessionID
	s.epoch = max(1, s.epoch+1)
	for _, k := range append([]*cursor(nil), c.cursors...) {
		if part := fetchAnswer(answer, k); part != nil {
			c.take(t, call, k, part)
		} else if fresh {
			c.complain("the answer to a full Fetch leaves out %s-%d", k.topic.name, k.partition)
			return
		}
	}
	if s.id == 0 {
		c.forgetSession()
	}
}

func (c *consumer) forgetSession() {
	c.session = session{}
	for _, k := range c.cursors {
		k.member = false
	}
}
