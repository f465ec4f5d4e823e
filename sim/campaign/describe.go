package campaign

import (
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/jepsen/check"
	"odradek/sim/chance"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// describeTopics asks for all topics and compares them with the ledger.
func (a *actor) describeTopics(t *task.Task, op *chance.Stream) {
	request := kmsg.NewPtrMetadataRequest()
	request.SetVersion(between(op, 10, 13))
	request.AllowAutoTopicCreation = false
	called := check.Event(a.run.record.stamp())
	call, response := a.call(t, request)
	answer, ok := response.(*kmsg.MetadataResponse)
	if !ok {
		return
	}
	all := make([]seen, 0, len(answer.Topics))
	for i := range answer.Topics {
		one := &answer.Topics[i]
		if one.ErrorCode != 0 || one.Topic == nil {
			a.complain("Metadata of all topics lists one with %v", kafka.ErrorCode(one.ErrorCode))
			return
		}
		all = append(all, seen{*one.Topic, one.TopicID, int32(len(one.Partitions))})
	}
	if wrong := a.run.ledger.compare(all, called, check.Event(call.Returned)); wrong != "" {
		a.complainOfLoss("Metadata: %s", wrong)
	}
}

// describeConfigs asks for the configurations of a topic that stays.
func (a *actor) describeConfigs(t *task.Task, op *chance.Stream) {
	if target, _ := a.drawTarget(op); target != nil && !target.mayEnd {
		a.describeConfigsOf(t, op, target)
	}
}

func (a *actor) describeConfigsOf(t *task.Task, op *chance.Stream, target *topic) {
	request := kmsg.NewPtrDescribeConfigsRequest()
	request.SetVersion(between(op, 1, 4))
	resource := kmsg.NewDescribeConfigsRequestResource()
	resource.ResourceType, resource.ResourceName = kmsg.ConfigResourceTypeTopic, target.name
	request.Resources = append(request.Resources, resource)
	called := check.Event(a.run.record.stamp())
	_, response := a.call(t, request)
	answer, ok := response.(*kmsg.DescribeConfigsResponse)
	if !ok {
		return
	}
	if len(answer.Resources) != 1 || answer.Resources[0].ErrorCode != 0 {
		a.complainOfLoss("DescribeConfigs of %s is not answered", target.name)
		return
	}
	for _, s := range target.settings {
		for i := range answer.Resources[0].Configs {
			c := &answer.Resources[0].Configs[i]
			if c.Name != s.name || c.Value == nil {
				continue
			}
			if s.value == "" {
				a.checkDefault(target, s, c.Source, called)
			} else if !s.allows(*c.Value, called) {
				a.complainOfLoss("%s of %s is %s, and was set to %s", s.name, target.name, *c.Value, s.value)
			}
		}
	}
}

// checkDefault sees that a setting that was taken back is no longer the topic's own.
func (a *actor) checkDefault(target *topic, s *setting, source kmsg.ConfigSource,
	called check.Event) {
	own := source == kmsg.ConfigSourceDynamicTopicConfig
	if own && called >= s.since && !s.loose && len(s.maybe) == 0 {
		a.complainOfLoss("%s of %s was taken back, and is still the topic's own", s.name, target.name)
	}
}

// ask asks one of the questions whose answers only have to make sense.
func (a *actor) ask(t *task.Task, op *chance.Stream) {
	target, partition := a.drawTarget(op)
	if target == nil {
		return
	}
	var request kmsg.Request
	switch op.Below(8) {
	case 0:
		request = kmsg.NewPtrApiVersionsRequest()
		request.SetVersion(between(op, 0, 4))
	case 1:
		request = kmsg.NewPtrDescribeClusterRequest()
	case 2:
		request = kmsg.NewPtrDescribeLogDirsRequest()
		request.SetVersion(between(op, 1, 4))
	case 3:
		request = describeProducers(target, partition)
	case 4:
		request = kmsg.NewPtrListConfigResourcesRequest()
	case 5:
		request = kmsg.NewPtrListPartitionReassignmentsRequest()
	case 6:
		describe := kmsg.NewPtrDescribeTopicPartitionsRequest()
		one := kmsg.NewDescribeTopicPartitionsRequestTopic()
		one.Topic = target.name
		describe.Topics = append(describe.Topics, one)
		describe.ResponsePartitionLimit = 2
		request = describe
	default:
		find := kmsg.NewPtrFindCoordinatorRequest()
		find.SetVersion(4)
		find.CoordinatorKeys = []string{"group"}
		request = find
	}
	a.call(t, request)
}

func describeProducers(target *topic, partition int32) kmsg.Request {
	request := kmsg.NewPtrDescribeProducersRequest()
	one := kmsg.NewDescribeProducersRequestTopic()
	one.Topic, one.Partitions = target.name, []int32{partition}
	request.Topics = append(request.Topics, one)
	return request
}
