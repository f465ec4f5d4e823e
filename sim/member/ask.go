package member

import (
	"time"

	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/jepsen/check"
	"odradek/jepsen/check/groups"
	"odradek/sim/chance"
	"odradek/sim/client"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// retryPause is how long a member waits after a coordinator that does not serve it.
const retryPause = 10 * time.Millisecond

// lostAfter is how long a connection lives on after a question whose answer gets lost:
// usually long enough for the question to arrive.
const lostAfter = 2 * time.Millisecond

// connect sees to it that there is a connection to the coordinator.
func (m *Member) connect(t *task.Task, op *chance.Stream) bool {
	if m.conn != nil && m.conn.Err() == nil {
		return true
	}
	m.conn, m.sound = m.Dial(t)
	return m.conn != nil && m.findCoordinator(t, op)
}

func (m *Member) hangUp() {
	if m.conn != nil {
		m.conn.Close()
		m.conn = nil
	}
}

// findCoordinator asks who coordinates the group. There is one broker, which has to say
// so; the first question for a coordinator makes the topic of offsets.
func (m *Member) findCoordinator(t *task.Task, op *chance.Stream) bool {
	request := kmsg.NewPtrFindCoordinatorRequest()
	request.SetVersion(between(op, 0, 6))
	request.CoordinatorKey, request.CoordinatorKeys = string(m.Group), []string{string(m.Group)}
	_, response := m.send(t, request, 0)
	answer, ok := response.(*kmsg.FindCoordinatorResponse)
	if !ok {
		return false
	}
	code := kafka.ErrorCode(answer.ErrorCode)
	if request.Version >= 4 {
		if len(answer.Coordinators) != 1 {
			m.Complain("FindCoordinator of one group is answered for %d", len(answer.Coordinators))
			return false
		}
		code = kafka.ErrorCode(answer.Coordinators[0].ErrorCode)
	}
	switch code {
	case kafka.None:
		return true
	case kafka.ErrCoordinatorNotAvailable, kafka.ErrCoordinatorLoadInProgress,
		kafka.ErrNotCoordinator, kafka.ErrRequestTimedOut:
	default:
		m.Complain("FindCoordinator is answered with %v", code)
	}
	t.Sleep(retryPause)
	return false
}

// send sends a request over the present connection and waits for the answer, more than
// usual by extra. A nil response means that nobody knows what became of it.
func (m *Member) send(t *task.Task, request kmsg.Request, extra time.Duration) (*client.Call,
	kmsg.Response) {
	call := m.conn.Send(request, true)
	response, err := call.Await(t, t.Now().Plus(m.Patience(m.sound)+extra))
	if err == task.ErrDeadline && m.sound {
		m.Complain("a healed broker does not answer %s", kmsg.NameForKey(request.Key()))
	}
	if err != nil {
		m.hangUp()
		return call, nil
	}
	return call, response
}

// ask asks the coordinator as a member, and writes it down; the answer is entered by
// answered. A nil response means that nobody knows, or that it was never sent.
func (m *Member) ask(t *task.Task, op *chance.Stream, kind groups.Kind, asked groups.Epoch,
	request kmsg.Request) (index int, response kmsg.Response) {
	if !m.connect(t, op) {
		return -1, nil
	}
	call := m.conn.Send(request, true)
	index = len(m.Record.Asks)
	m.Record.Asks = append(m.Record.Asks, groups.Ask{
		Operation: m.Record.Operation(m.Process, call.Called), Kind: kind, Group: m.Group,
		Member: m.id, Instance: m.Instance, Consumer: m.Protocol == Consumer, Asked: asked,
		Subscribed: m.says(request), Sent: m.Record.Now(), Session: m.Session, Rebalance: m.Rebalance})
	if m.deaf > 0 {
		m.deaf--
		t.Sleep(lostAfter)
		m.hangUp()
		return index, nil
	}
	patience := m.Patience(m.sound)
	if kind == groups.Joins {
		patience += m.Rebalance
	}
	response, err := call.Await(t, t.Now().Plus(patience))
	if err == task.ErrDeadline && m.sound {
		m.Complain("a healed broker does not answer %s", kmsg.NameForKey(request.Key()))
	}
	if err != nil {
		m.hangUp()
		return index, nil
	}
	m.Record.Asks[index].Return = check.Event(call.Returned)
	m.Record.Asks[index].Answered = m.Record.Now()
	return index, response
}

// says is what a question says of the topics that the member asks for.
func (m *Member) says(request kmsg.Request) []kafka.TopicID {
	switch request := request.(type) {
	case *kmsg.JoinGroupRequest:
	case *kmsg.ConsumerGroupHeartbeatRequest:
		if request.SubscribedTopicNames == nil {
			return nil
		}
	default:
		return nil
	}
	ids := make([]kafka.TopicID, 0, len(m.subscribed))
	for _, topic := range m.subscribed {
		ids = append(ids, topic.ID)
	}
	return ids
}

// answered enters the answer to a question.
func (m *Member) answered(index int, id groups.MemberID, code kafka.ErrorCode, told groups.Epoch) {
	a := &m.Record.Asks[index]
	a.Member, a.Code, a.Told, a.Outcome = id, code, told, check.OK
	if code != kafka.None {
		a.Outcome = check.Failed
		if doubtful(code) {
			a.Outcome, a.Return = check.Unknown, check.Never
		}
		m.Trace.Event("is refused", code.String(), int64(a.Kind), int64(a.Asked))
	}
}

// beginAnew has a member that was thrown out give up everything, and join again.
func (m *Member) beginAnew() {
	m.lose()
	m.joining = true
	m.setEpoch(0)
	m.consumer = consumer{full: true}
}

// doubtful reports whether an error leaves open whether the request had an effect. What
// is not listed proves that it had none. See docs/chapters/12-checking-histories.md.
func doubtful(code kafka.ErrorCode) bool {
	switch code {
	case kafka.ErrUnknownServerError, kafka.ErrRequestTimedOut, kafka.ErrCoordinatorNotAvailable,
		kafka.ErrNotCoordinator, kafka.ErrKafkaStorageError, kafka.ErrNotLeaderOrFollower:
		return true
	}
	return false
}

// refused has the member do what every refusal asks for; it reports false if the error is
// not one that a member in good order may be given.
func (m *Member) refused(t *task.Task, code kafka.ErrorCode) bool {
	switch code {
	case kafka.ErrCoordinatorLoadInProgress:
		t.Sleep(retryPause)
	case kafka.ErrCoordinatorNotAvailable, kafka.ErrNotCoordinator, kafka.ErrRequestTimedOut,
		kafka.ErrKafkaStorageError, kafka.ErrNotLeaderOrFollower, kafka.ErrUnknownServerError:
		m.hangUp() // look for the coordinator again
		m.consumer.full = true
		t.Sleep(retryPause)
	case kafka.ErrUnknownMemberID, kafka.ErrGroupIDNotFound:
		m.beginAnew()
		if m.Protocol != Consumer {
			m.id = ""
		}
	case kafka.ErrIllegalGeneration, kafka.ErrFencedMemberEpoch:
		m.beginAnew()
	case kafka.ErrRebalanceInProgress:
		m.joining = true
	case kafka.ErrFencedInstanceID:
		m.Drop()
	default:
		return false
	}
	return true
}
