package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	// rawFrameMax bounds an answer: that to the leader of the largest group names all
	// members.
	rawFrameMax = 64 << 20
	// rawHeartbeat is how often a classic member asks whether there is a rebalance.
	rawHeartbeat = time.Second
	// rawTimeout is both time-outs of a raw member: one that waits for its turn on a busy
	// machine is not to be missed.
	rawTimeout = 5 * time.Minute
)

// rawConnection sends one request after the other. It costs a socket and what it reads.
type rawConnection struct {
	conn        net.Conn
	formatter   *kmsg.RequestFormatter
	correlation int32
}

func dialRaw(ctx context.Context, address string) (*rawConnection, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &rawConnection{conn: conn,
		formatter: kmsg.NewRequestFormatter(kmsg.FormatterClientID("conformance"))}, nil
}

// ask sends a request of the version that it has, and waits for its answer.
func (c *rawConnection) ask(request kmsg.Request) (kmsg.Response, error) {
	c.correlation++
	if _, err := c.conn.Write(c.formatter.AppendRequest(nil, request, c.correlation)); err != nil {
		return nil, err
	}
	head := make([]byte, 8)
	if _, err := io.ReadFull(c.conn, head); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head)
	if size < 4 || size > rawFrameMax || int32(binary.BigEndian.Uint32(head[4:])) != c.correlation {
		return nil, fmt.Errorf("an answer of %d bytes begins with % x", size, head[4:])
	}
	body := make([]byte, size-4)
	if _, err := io.ReadFull(c.conn, body); err != nil {
		return nil, err
	}
	response := request.ResponseKind()
	response.SetVersion(request.GetVersion())
	if response.IsFlexible() {
		if len(body) == 0 || body[0] != 0 {
			return nil, errors.New("the answer's header has tags, or is cut")
		}
		body = body[1:]
	}
	return response, response.ReadFrom(body)
}

// rawGroup is a group of members that do nothing but follow the protocol.
type rawGroup struct {
	group, topic string
	partitions   int
	lock         sync.Mutex
	// at is where each member is: 0 for nowhere yet.
	at []rawPlace
}

// rawPlace is what a member knows of itself.
type rawPlace struct {
	generation int32 // or the epoch
	owned      []int32
}

func newRawGroup(group, topic string, partitions, members int) *rawGroup {
	return &rawGroup{group: group, topic: topic, partitions: partitions,
		at: make([]rawPlace, members)}
}

func (g *rawGroup) moved(member int, to rawPlace) {
	g.lock.Lock()
	defer g.lock.Unlock()
	g.at[member] = to
}

// settled: all members are in one generation, and each partition is one member's. The
// sentence says what is missing.
func (g *rawGroup) settled() error {
	g.lock.Lock()
	defer g.lock.Unlock()
	owners := make([]int, g.partitions)
	owned, same := 0, 0
	for _, place := range g.at {
		if place.generation > 0 && place.generation == g.at[0].generation {
			same++
		}
		for _, partition := range place.owned {
			owners[partition]++
			owned++
		}
	}
	if same < len(g.at) || owned < g.partitions {
		return fmt.Errorf("%d of %d members are in generation %d, and own %d of %d partitions",
			same, len(g.at), g.at[0].generation, owned, g.partitions)
	}
	for partition, count := range owners {
		if count != 1 {
			return fmt.Errorf("partition %d has %d owners", partition, count)
		}
	}
	return nil
}

// rawProtocol is a member's life on a connection, until the context ends.
type rawProtocol func(ctx context.Context, g *rawGroup, c *rawConnection, member int) error

// coordinatorBusy: a client asks again, since the coordinator is about to be there.
func coordinatorBusy(err error) bool {
	return errors.Is(err, kerr.CoordinatorNotAvailable) ||
		errors.Is(err, kerr.CoordinatorLoadInProgress) || errors.Is(err, kerr.NotCoordinator)
}

// pause waits between heartbeats.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// rawClassic follows the classic protocol as a client does that can divide partitions.
func rawClassic(ctx context.Context, g *rawGroup, c *rawConnection, member int) error {
	id := ""
	for ctx.Err() == nil {
		joined, err := g.join(c, &id)
		if err != nil {
			return err
		}
		assignment, err := g.sync(c, joined)
		if errors.Is(err, kerr.RebalanceInProgress) {
			continue
		} else if err != nil {
			return err
		}
		place := rawPlace{generation: joined.Generation}
		for _, t := range assignment.Topics {
			place.owned = append(place.owned, t.Partitions...)
		}
		g.moved(member, place)
		for err == nil && ctx.Err() == nil {
			pause(ctx, rawHeartbeat)
			beat := kmsg.NewPtrHeartbeatRequest()
			beat.Version = 4
			beat.Group, beat.MemberID, beat.Generation = g.group, id, joined.Generation
			response, asked := c.ask(beat)
			if asked != nil {
				return asked
			}
			err = kerr.ErrorForCode(response.(*kmsg.HeartbeatResponse).ErrorCode)
		}
		if err != nil && !errors.Is(err, kerr.RebalanceInProgress) {
			return fmt.Errorf("heartbeat: %w", err)
		}
	}
	return nil
}

// join joins, in two steps at first.
func (g *rawGroup) join(c *rawConnection, id *string) (*kmsg.JoinGroupResponse, error) {
	metadata := kmsg.NewConsumerMemberMetadata()
	metadata.Topics = []string{g.topic}
	request := kmsg.NewPtrJoinGroupRequest()
	request.Version = 7
	request.Group, request.ProtocolType = g.group, "consumer"
	request.SessionTimeoutMillis = int32(rawTimeout.Milliseconds())
	request.RebalanceTimeoutMillis = int32(rawTimeout.Milliseconds())
	protocol := kmsg.NewJoinGroupRequestProtocol()
	protocol.Name, protocol.Metadata = "range", metadata.AppendTo(nil)
	request.Protocols = append(request.Protocols, protocol)
	for {
		request.MemberID = *id
		response, err := c.ask(request)
		if err != nil {
			return nil, err
		}
		joined := response.(*kmsg.JoinGroupResponse)
		err = kerr.ErrorForCode(joined.ErrorCode)
		switch {
		case err == nil:
			*id = joined.MemberID
			return joined, nil
		case errors.Is(err, kerr.MemberIDRequired):
			*id = joined.MemberID
		case coordinatorBusy(err):
			time.Sleep(rawHeartbeat)
		default:
			return nil, fmt.Errorf("join: %w", err)
		}
	}
}

// sync gets the assignment, and gives everybody's if the member leads.
func (g *rawGroup) sync(
	c *rawConnection, joined *kmsg.JoinGroupResponse,
) (assignment kmsg.ConsumerMemberAssignment, err error) {
	request := kmsg.NewPtrSyncGroupRequest()
	request.Version = 5
	request.Group, request.Generation, request.MemberID = g.group, joined.Generation, joined.MemberID
	request.ProtocolType, request.Protocol = joined.ProtocolType, joined.Protocol
	if joined.LeaderID == joined.MemberID {
		for i, m := range joined.Members {
			topic := kmsg.NewConsumerMemberAssignmentTopic()
			topic.Topic = g.topic
			for partition := i; partition < g.partitions; partition += len(joined.Members) {
				topic.Partitions = append(topic.Partitions, int32(partition))
			}
			whole := kmsg.NewConsumerMemberAssignment()
			whole.Topics = append(whole.Topics, topic)
			one := kmsg.NewSyncGroupRequestGroupAssignment()
			one.MemberID, one.MemberAssignment = m.MemberID, whole.AppendTo(nil)
			request.GroupAssignment = append(request.GroupAssignment, one)
		}
	}
	response, err := c.ask(request)
	if err != nil {
		return assignment, err
	}
	synced := response.(*kmsg.SyncGroupResponse)
	if err := kerr.ErrorForCode(synced.ErrorCode); err != nil {
		return assignment, fmt.Errorf("sync: %w", err)
	}
	return assignment, assignment.ReadFrom(synced.MemberAssignment)
}

// rawConsumer follows the consumer protocol (KIP-848): it takes what it is assigned at
// once, and says so at once.
func rawConsumer(ctx context.Context, g *rawGroup, c *rawConnection, member int) error {
	request := kmsg.NewPtrConsumerGroupHeartbeatRequest()
	request.Version = 1
	request.Group, request.MemberID = g.group, fmt.Sprintf("raw-member-%06d", member)
	request.RebalanceTimeoutMillis = int32(rawTimeout.Milliseconds())
	request.SubscribedTopicNames = []string{g.topic}
	request.Topics = []kmsg.ConsumerGroupHeartbeatRequestTopic{}
	var place rawPlace
	for ctx.Err() == nil {
		response, err := c.ask(request)
		if err != nil {
			return err
		}
		beat := response.(*kmsg.ConsumerGroupHeartbeatResponse)
		if err := kerr.ErrorForCode(beat.ErrorCode); coordinatorBusy(err) {
			pause(ctx, rawHeartbeat)
			continue
		} else if err != nil {
			return fmt.Errorf("heartbeat of epoch %d: %w", request.MemberEpoch, err)
		}
		// From now on only what has changed is said.
		request.MemberEpoch, request.RebalanceTimeoutMillis = beat.MemberEpoch, -1
		request.SubscribedTopicNames, request.Topics = nil, nil
		place.generation = beat.MemberEpoch
		if beat.Assignment != nil {
			request.Topics = []kmsg.ConsumerGroupHeartbeatRequestTopic{}
			place.owned = nil
			for _, t := range beat.Assignment.Topics {
				topic := kmsg.NewConsumerGroupHeartbeatRequestTopic()
				topic.TopicID, topic.Partitions = t.TopicID, t.Partitions
				request.Topics = append(request.Topics, topic)
				place.owned = append(place.owned, t.Partitions...)
			}
		}
		g.moved(member, place)
		if beat.Assignment == nil {
			pause(ctx, time.Duration(beat.HeartbeatIntervalMillis)*time.Millisecond)
		}
	}
	return nil
}
