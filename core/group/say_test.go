package group_test

import (
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/core/group/record"
	"odradek/core/kafka"
)

// sayAnswer says an answer in words, one line or more.
func (s *script) sayAnswer(t *testing.T, q kmsg.Request, answer kmsg.Response) []string {
	t.Helper()
	switch r := answer.(type) {
	case *kmsg.JoinGroupResponse:
		return []string{"join " + s.sayJoin(r)}
	case *kmsg.SyncGroupResponse:
		return []string{fmt.Sprintf("sync %v type=%s protocol=%s assignment=%s", code(r.ErrorCode),
			text(r.ProtocolType), text(r.Protocol), sayAssignment(r.MemberAssignment))}
	case *kmsg.HeartbeatResponse:
		return []string{fmt.Sprintf("heartbeat %v", code(r.ErrorCode))}
	case *kmsg.LeaveGroupResponse:
		lines := []string{fmt.Sprintf("leave %v", code(r.ErrorCode))}
		for _, m := range r.Members {
			lines[0] += fmt.Sprintf(" %s/%s=%v", s.ids.of(m.MemberID), text(m.InstanceID),
				code(m.ErrorCode))
		}
		return lines
	case *kmsg.OffsetCommitResponse:
		line := "commit"
		for _, topic := range r.Topics {
			for _, p := range topic.Partitions {
				line += fmt.Sprintf(" %s/%d=%v", s.topic(topic.Topic, topic.TopicID), p.Partition,
					code(p.ErrorCode))
			}
		}
		return []string{line}
	case *kmsg.OffsetFetchResponse:
		return s.sayFetch(r)
	case *kmsg.ConsumerGroupHeartbeatResponse:
		return []string{"beat " + s.sayBeat(r)}
	case *kmsg.ConsumerGroupDescribeResponse:
		return s.sayConsumers(r)
	case *kmsg.DescribeGroupsResponse:
		return s.sayDescribe(r)
	case *kmsg.ListGroupsResponse:
		lines := []string{fmt.Sprintf("list %v", code(r.ErrorCode))}
		for _, g := range r.Groups {
			lines = append(lines, fmt.Sprintf("list %s type=%q state=%s kind=%s", g.Group,
				g.ProtocolType, g.GroupState, g.GroupType))
		}
		return lines
	case *kmsg.DeleteGroupsResponse:
		line := "delete"
		for _, g := range r.Groups {
			line += fmt.Sprintf(" %s=%v", g.Group, code(g.ErrorCode))
		}
		return []string{line}
	case *kmsg.OffsetDeleteResponse:
		line := fmt.Sprintf("offset-delete %v", code(r.ErrorCode))
		for _, topic := range r.Topics {
			for _, p := range topic.Partitions {
				line += fmt.Sprintf(" %s/%d=%v", topic.Topic, p.Partition, code(p.ErrorCode))
			}
		}
		return []string{line}
	}
	t.Fatalf("no words for %T, to %T", answer, q)
	return nil
}

func code(raw int16) kafka.ErrorCode { return kafka.ErrorCode(raw) }

// text is a string that may be null, which is said as -.
func text(value *string) string {
	if value == nil {
		return "-"
	}
	return *value
}

// topic is a topic's name, which the newest versions leave out.
func (s *script) topic(name string, id [16]byte) string {
	if known, ok := s.topics.TopicName(id); name == "" && ok {
		return known
	}
	if name == "" {
		return "?"
	}
	return name
}

func (s *script) sayJoin(r *kmsg.JoinGroupResponse) string {
	var members []string
	for _, m := range r.Members {
		member := s.ids.of(m.MemberID)
		if m.InstanceID != nil {
			member += "/" + *m.InstanceID
		}
		members = append(members, member+":"+topicsOf(m.ProtocolMetadata))
	}
	line := fmt.Sprintf("%v member=%s", code(r.ErrorCode), s.ids.of(r.MemberID))
	if r.ErrorCode == 0 {
		line += fmt.Sprintf(" generation=%d type=%s protocol=%s leader=%s members=%v", r.Generation,
			text(r.ProtocolType), text(r.Protocol), s.ids.of(r.LeaderID), members)
	} else if r.Generation != -1 || r.LeaderID != "" || len(r.Members) > 0 ||
		text(r.Protocol) != map[bool]string{false: "", true: "-"}[r.Version >= 7] {
		line += fmt.Sprintf(" and more: %+v", r)
	}
	if r.SkipAssignment {
		line += " skip-assignment"
	}
	return line
}

func (s *script) sayFetch(r *kmsg.OffsetFetchResponse) []string {
	groups := r.Groups
	if r.Version < 8 {
		group := kmsg.NewOffsetFetchResponseGroup()
		group.ErrorCode = r.ErrorCode
		for _, t := range r.Topics {
			topic := kmsg.NewOffsetFetchResponseGroupTopic()
			topic.Topic = t.Topic
			for _, p := range t.Partitions {
				topic.Partitions = append(topic.Partitions, kmsg.OffsetFetchResponseGroupTopicPartition(p))
			}
			group.Topics = append(group.Topics, topic)
		}
		groups = append(groups, group)
	}
	var lines []string
	for _, g := range groups {
		line := fmt.Sprintf("fetch %s %v", g.Group, code(g.ErrorCode))
		for _, topic := range g.Topics {
			for _, p := range topic.Partitions {
				name := s.topic(topic.Topic, topic.TopicID)
				line += fmt.Sprintf(" %s/%d=%d", name, p.Partition, p.Offset)
				if p.Offset >= 0 {
					line += fmt.Sprintf("@%d:%q", p.LeaderEpoch, text(p.Metadata))
				} else if p.LeaderEpoch != -1 || text(p.Metadata) != "" {
					line += fmt.Sprintf(" and more: %+v", p)
				}
				if p.ErrorCode != 0 {
					line += ":" + code(p.ErrorCode).String()
				}
			}
		}
		lines = append(lines, line)
	}
	return lines
}

func (s *script) sayDescribe(r *kmsg.DescribeGroupsResponse) []string {
	var lines []string
	for _, g := range r.Groups {
		line := fmt.Sprintf("describe %s %v", g.Group, code(g.ErrorCode))
		if g.ErrorMessage != nil {
			line += fmt.Sprintf(" (%s)", *g.ErrorMessage)
		}
		line += fmt.Sprintf(" %s type=%q protocol=%q", g.State, g.ProtocolType, g.Protocol)
		if g.AuthorizedOperations != -2147483648 {
			line += fmt.Sprintf(" operations=%#x", g.AuthorizedOperations)
		}
		lines = append(lines, line)
		for _, m := range g.Members {
			line := "describe " + g.Group + " member " + s.ids.of(m.MemberID)
			if m.InstanceID != nil {
				line += "/" + *m.InstanceID
			}
			line += fmt.Sprintf(" %s%s", m.ClientID, m.ClientHost)
			if len(m.ProtocolMetadata) > 0 {
				line += " topics=" + topicsOf(m.ProtocolMetadata)
			}
			lines = append(lines, line+" assignment="+sayAssignment(m.MemberAssignment))
		}
	}
	return lines
}

// sayRecord says a record in words.
func (s *script) sayRecord(t *testing.T, r record.Record) string {
	t.Helper()
	switch r := r.(type) {
	case *record.OffsetCommit:
		line := fmt.Sprintf("offset %s %s/%d", r.Group, r.Topic, r.Partition)
		if r.Value == nil {
			return line + " is gone"
		}
		line += fmt.Sprintf(" = %d epoch %d metadata %q", r.Value.Offset, r.Value.LeaderEpoch,
			r.Value.Metadata)
		if r.Value.ExpireTimestamp != kafka.NoTimestamp {
			line += fmt.Sprintf(" expires in %d ms", r.Value.ExpireTimestamp-s.wall)
		}
		return line
	case *record.GroupMetadata:
		if r.Value == nil {
			return fmt.Sprintf("group %s is gone", r.Group)
		}
		v := r.Value
		var members []string
		for _, m := range v.Members {
			member := s.ids.of(m.MemberID)
			if m.GroupInstanceID != nil {
				member += "/" + *m.GroupInstanceID
			}
			members = append(members,
				fmt.Sprintf("%s:%s=%s", member, topicsOf(m.Subscription), sayAssignment(m.Assignment)))
		}
		leader := "-"
		if v.Leader != nil {
			leader = s.ids.of(*v.Leader)
		}
		return fmt.Sprintf("group %s generation %d type %q protocol %s leader %s members %v", r.Group,
			v.Generation, v.ProtocolType, text(v.Protocol), leader, members)
	}
	return s.sayConsumerRecord(t, r)
}
