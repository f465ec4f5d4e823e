package broker

import (
	"errors"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/core/wire"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// door is where the connections of one listener come in.
type door struct {
	shard    *Shard
	listener string
}

// Opened implements env.Door.
func (d *door) Opened(c env.Conn) {
	s := &session{shard: d.shard, conn: c, listener: d.listener,
		lastActive: d.shard.world.Loop.Now()}
	c.Attach(s)
	d.shard.sessions.add(s)
	if !d.shard.serving {
		d.shard.early = append(d.shard.early, s)
		s.updatePause()
	}
}

// Closed implements env.Door.
func (d *door) Closed(c env.Conn, _ error) {
	if s, ok := c.Attached().(*session); ok {
		d.shard.sessions.remove(s)
		s.close()
	}
}

// Received implements env.Door: the life of every request begins here.
func (d *door) Received(c env.Conn, frame *env.Frame) {
	s, ok := c.Attached().(*session)
	if !ok || s.closed || s.ending {
		frame.Release()
		return
	}
	s.lastActive = d.shard.world.Loop.Now()
	s.receive(frame)
}

// heldRequest is a request that was read as far as its header.
type heldRequest struct {
	header wire.RequestHeader
	body   []byte
	frame  *env.Frame
	// unsupported marks an ApiVersions request of an unknown version.
	unsupported bool
}

func (s *session) receive(frame *env.Frame) {
	request := heldRequest{frame: frame}
	var err error
	request.header, request.body, err = wire.ParseRequestHeader(frame.Payload)
	header := &request.header
	if errors.Is(err, wire.ErrUnsupportedVersion) && header.Key == wire.KeyAPIVersions {
		request.unsupported = true
	} else if err != nil {
		// An answer in a layout that the client doesn't expect would only
		// confuse it: Kafka hangs up, too.
		frame.Release()
		s.take().hangUp()
		return
	}
	if overlaps(header.Key) && !s.holding && !s.exclusive {
		s.begin(&request)
		return
	}
	if s.idle() && !s.holding {
		s.exclusive = true
		s.updatePause()
		s.begin(&request)
		return
	}
	if s.holding {
		// The connection was paused when the held request came; a world that
		// delivers more all the same breaks its contract.
		frame.Release()
		s.take().hangUp()
		return
	}
	s.held, s.holding = request, true
	s.updatePause()
}

// overlaps reports whether requests of an API may be worked on while earlier
// ones of the same connection are not answered.
func overlaps(key int16) bool { return key == wire.KeyProduce || key == wire.KeyFetch }

// begin works on a request whose turn has come.
func (s *session) begin(r *heldRequest) {
	switch r.header.Key {
	case wire.KeyProduce:
		s.shard.beginProduce(s.take(), r)
	case wire.KeyFetch:
		s.shard.beginFetch(s.take(), r)
	default:
		if !s.exclusive {
			s.exclusive = true
			s.updatePause()
		}
		s.shard.beginTask(s.take(), *r)
	}
}

// request is what the handlers of all APIs but Produce and Fetch are given.
type request struct {
	header  wire.RequestHeader
	session *session
	body    kmsg.Request
	// began is when the request came in.
	began kafka.Instant
}

// beginTask answers a request by a task of its own.
func (s *Shard) beginTask(k ticket, r heldRequest) {
	if r.unsupported {
		response := unsupportedAPIVersions()
		k.answerKmsg(&response, 0, r.header.CorrelationID)
		r.frame.Release()
		return
	}
	body, err := wire.ParseKmsg(r.header.Key, r.header.Version, r.body)
	if err != nil {
		r.frame.Release()
		k.hangUp()
		return
	}
	q := &request{header: r.header, session: k.session, body: body, began: s.world.Loop.Now()}
	s.world.Loop.Spawn(kmsg.NameForKey(r.header.Key), func(t *task.Task) {
		defer r.frame.Release()
		response := s.handle(t, q)
		if response == nil {
			k.hangUp()
			return
		}
		k.answerKmsg(response, r.header.Version, r.header.CorrelationID)
	})
}

// handle calls the handler of the request's API. Each is in a file of its own,
// named after the API's key. A nil response closes the connection.
func (s *Shard) handle(t *task.Task, q *request) kmsg.Response {
	switch body := q.body.(type) {
	case *kmsg.ListOffsetsRequest:
		return s.listOffsets(t, body)
	case *kmsg.MetadataRequest:
		return s.metadata(t, q, body)
	case *kmsg.FindCoordinatorRequest:
		return s.findCoordinator(t, q, body)
	case *kmsg.ApiVersionsRequest:
		return s.apiVersions(q, body)
	case *kmsg.CreateTopicsRequest:
		return s.createTopics(t, body)
	case *kmsg.DeleteTopicsRequest:
		return s.deleteTopics(t, body)
	case *kmsg.DeleteRecordsRequest:
		return s.deleteRecords(t, body)
	case *kmsg.InitProducerIDRequest:
		return s.initProducerID(t, body)
	case *kmsg.OffsetForLeaderEpochRequest:
		return s.offsetForLeaderEpoch(t, body)
	case *kmsg.DescribeConfigsRequest:
		return s.describeConfigs(body)
	case *kmsg.AlterConfigsRequest:
		return s.alterConfigs(t, body)
	case *kmsg.DescribeLogDirsRequest:
		return s.describeLogDirs(t, body)
	case *kmsg.CreatePartitionsRequest:
		return s.createPartitions(t, body)
	case *kmsg.IncrementalAlterConfigsRequest:
		return s.incrementalAlterConfigs(t, body)
	case *kmsg.ListPartitionReassignmentsRequest:
		return s.listPartitionReassignments(body)
	case *kmsg.DescribeClusterRequest:
		return s.describeCluster(q, body)
	case *kmsg.DescribeProducersRequest:
		return s.describeProducers(t, body)
	case *kmsg.ListConfigResourcesRequest:
		return s.listConfigResources(body)
	case *kmsg.DescribeTopicPartitionsRequest:
		return s.describeTopicPartitions(body)
	}
	return s.handleGroups(t, q)
}

// handleGroups is handle for the APIs of groups.
func (s *Shard) handleGroups(t *task.Task, q *request) kmsg.Response {
	switch body := q.body.(type) {
	case *kmsg.OffsetCommitRequest:
		return s.offsetCommit(t, q, body)
	case *kmsg.OffsetFetchRequest:
		return s.offsetFetch(t, q, body)
	case *kmsg.JoinGroupRequest:
		return s.joinGroup(t, q, body)
	case *kmsg.HeartbeatRequest:
		return s.heartbeat(t, q, body)
	case *kmsg.LeaveGroupRequest:
		return s.leaveGroup(t, q, body)
	case *kmsg.SyncGroupRequest:
		return s.syncGroup(t, q, body)
	case *kmsg.DescribeGroupsRequest:
		return s.describeGroups(t, q, body)
	case *kmsg.ListGroupsRequest:
		return s.listGroups(t, q, body)
	case *kmsg.DeleteGroupsRequest:
		return s.deleteGroups(t, q, body)
	case *kmsg.OffsetDeleteRequest:
		return s.offsetDelete(t, q, body)
	case *kmsg.ConsumerGroupHeartbeatRequest:
		return s.consumerGroupHeartbeat(t, q, body)
	case *kmsg.ConsumerGroupDescribeRequest:
		return s.consumerGroupDescribe(t, q, body)
	}
	return nil
}

// answerKmsg encodes a response and answers with it.
func (k ticket) answerKmsg(response kmsg.Response, version int16, correlationID int32) {
	s := k.session.shard
	s.scratch = wire.AppendKmsgResponse(s.scratch[:0], response, version, correlationID)
	s.answerScratch(k)
}
