package member

import (
	"cmp"
	"slices"

	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/jepsen/check/groups"
	"odradek/sim/chance"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// PartitionCount is how many partitions a topic has.
type PartitionCount struct {
	Topic string
	Count int32
}

func sameCounts(a, b []PartitionCount) bool { return slices.Equal(a, b) }

// CountPartitions asks how many partitions the group's topics have, in the order of their
// names; nil if nobody says.
func (m *Member) CountPartitions(t *task.Task, op *chance.Stream) []PartitionCount {
	if !m.connect(t, op) {
		return nil
	}
	request := kmsg.NewPtrMetadataRequest()
	request.SetVersion(9)
	request.AllowAutoTopicCreation = false
	for _, topic := range m.All {
		one := kmsg.NewMetadataRequestTopic()
		one.Topic = kmsg.StringPtr(topic.Name)
		request.Topics = append(request.Topics, one)
	}
	_, response := m.send(t, request, 0)
	answer, ok := response.(*kmsg.MetadataResponse)
	if !ok {
		return nil
	}
	var counts []PartitionCount
	for i := range answer.Topics {
		if one := &answer.Topics[i]; one.ErrorCode == 0 && one.Topic != nil {
			counts = append(counts, PartitionCount{*one.Topic, int32(len(one.Partitions))})
		}
	}
	slices.SortFunc(counts, func(a, b PartitionCount) int { return cmp.Compare(a.Topic, b.Topic) })
	return counts
}

// named is a partition by its topic's name, as assignments have it.
type named struct {
	topic     string
	partition kafka.Partition
}

// peer is a member as the leader knows it.
type peer struct {
	id         string
	topics     []string
	owned      []named
	generation groups.Epoch
	given      []named
}

// divide has the leader decide who reads what.
func (m *Member) divide(joined *kmsg.JoinGroupResponse) []kmsg.SyncGroupRequestGroupAssignment {
	var peers []*peer
	for i := range joined.Members {
		one := &joined.Members[i]
		metadata := kmsg.NewConsumerMemberMetadata()
		if err := metadata.ReadFrom(one.ProtocolMetadata); err != nil {
			m.Complain("JoinGroup gives the leader a subscription that cannot be read: %v", err)
			return nil
		}
		p := &peer{id: one.MemberID, topics: metadata.Topics,
			generation: groups.Epoch(metadata.Generation)}
		for _, owned := range metadata.OwnedPartitions {
			for _, partition := range owned.Partitions {
				p.owned = append(p.owned, named{owned.Topic, kafka.Partition(partition)})
			}
		}
		peers = append(peers, p)
	}
	slices.SortFunc(peers, func(a, b *peer) int { return cmp.Compare(a.id, b.id) })
	var all []named
	for _, topic := range m.classic.counts {
		for partition := range topic.Count {
			all = append(all, named{topic.Topic, kafka.Partition(partition)})
		}
	}
	if m.classic.protocol == protocolCooperative {
		divideCooperatively(all, peers)
	} else {
		divideAnew(all, peers)
	}
	var list []kmsg.SyncGroupRequestGroupAssignment
	for _, p := range peers {
		one := kmsg.NewSyncGroupRequestGroupAssignment()
		one.MemberID, one.MemberAssignment = p.id, appendAssignment(p.given)
		list = append(list, one)
	}
	return list
}

// divideAnew gives the partitions to those who subscribe to their topics, turn by turn.
func divideAnew(all []named, peers []*peer) {
	for i, one := range all {
		wanting := subscribers(one.topic, peers)
		if len(wanting) > 0 {
			p := wanting[i%len(wanting)]
			p.given = append(p.given, one)
		}
	}
}

func subscribers(topic string, peers []*peer) []*peer {
	var all []*peer
	for _, p := range peers {
		if slices.Contains(p.topics, topic) {
			all = append(all, p)
		}
	}
	return all
}

// divideCooperatively leaves partitions with whom they are, unless another has two fewer.
// What is to move is given to nobody this time: who has it must give it up first. A claim
// of an older generation than another's, or than any, is not believed.
func divideCooperatively(all []named, peers []*peer) {
	newest := groups.Epoch(0)
	for _, p := range peers {
		newest = max(newest, p.generation)
	}
	var free []named
	for _, one := range all {
		holder := holderOf(one, newest, peers)
		if holder == nil {
			free = append(free, one)
			continue
		}
		if slices.Contains(holder.topics, one.topic) {
			holder.given = append(holder.given, one)
		}
	}
	give := func(one named) bool {
		wanting := subscribers(one.topic, peers)
		if len(wanting) == 0 {
			return false
		}
		least := slices.MinFunc(wanting, func(a, b *peer) int {
			return cmp.Compare(len(a.given), len(b.given))
		})
		least.given = append(least.given, one)
		return true
	}
	for _, one := range free {
		give(one)
	}
	for _, p := range peers {
		for i := 0; i < len(p.given); i++ {
			one := p.given[i]
			poorer := slices.ContainsFunc(subscribers(one.topic, peers), func(other *peer) bool {
				return len(other.given)+1 < len(p.given)
			})
			if poorer && slices.Contains(p.owned, one) {
				p.given = slices.Delete(p.given, i, i+1)
				i--
			}
		}
	}
}

// holderOf is who has a partition, as far as it is to be believed; or nil.
func holderOf(one named, newest groups.Epoch, peers []*peer) *peer {
	for _, p := range peers {
		if p.generation == newest && slices.Contains(p.owned, one) {
			return p
		}
	}
	return nil
}

// appendAssignment encodes an assignment.
func appendAssignment(given []named) []byte {
	assignment := kmsg.NewConsumerMemberAssignment()
	assignment.Version = 1
	for _, one := range given {
		last := len(assignment.Topics) - 1
		if last < 0 || assignment.Topics[last].Topic != one.topic {
			topic := kmsg.NewConsumerMemberAssignmentTopic()
			topic.Topic = one.topic
			assignment.Topics = append(assignment.Topics, topic)
			last++
		}
		topic := &assignment.Topics[last]
		topic.Partitions = append(topic.Partitions, int32(one.partition))
	}
	return assignment.AppendTo(nil)
}

// parseAssignment decodes one. No bytes are an assignment of nothing.
func parseAssignment(bytes []byte) ([]named, error) {
	if len(bytes) == 0 {
		return nil, nil
	}
	assignment := kmsg.NewConsumerMemberAssignment()
	if err := assignment.ReadFrom(bytes); err != nil {
		return nil, err
	}
	var given []named
	for _, topic := range assignment.Topics {
		for _, partition := range topic.Partitions {
			given = append(given, named{topic.Topic, kafka.Partition(partition)})
		}
	}
	return given, nil
}
