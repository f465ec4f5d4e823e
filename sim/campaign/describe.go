package campaign

import (
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/jepsen/check"
	"odradek/sim/chance"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// settable are the configurations that the admin changes while records are
// written, and the values it gives them.
func settable(op *chance.Stream) (name, value string) {
	switch op.Below(6) {
	case 0:
		return "segment.ms", []string{"100", "1000", "604800000"}[op.Below(3)]
	case 1:
		return "message.timestamp.type", []string{"CreateTime", "LogAppendTime"}[op.Below(2)]
	case 2:
		return "compression.type", []string{"producer", "gzip", "zstd", "uncompressed"}[op.Below(4)]
	case 3:
		return "index.interval.bytes", []string{"0", "100", "4096"}[op.Below(3)]
	case 4:
		return "segment.index.bytes", []string{"12", "64", "10485760"}[op.Below(3)]
	}
	return "file.delete.delay.ms", []string{"0", "100", "60000"}[op.Below(3)]
}

// alterConfigs sets one configuration of a topic that stays, or takes it back.
func (d *admin) alterConfigs(t *task.Task, op *chance.Stream) {
	target, _ := d.drawTarget(op)
	if target == nil || target.mayEnd {
		return
	}
	name, value := settable(op)
	request := kmsg.NewPtrIncrementalAlterConfigsRequest()
	request.SetVersion(between(op, 0, 1))
	resource := kmsg.NewIncrementalAlterConfigsRequestResource()
	resource.ResourceType, resource.ResourceName = kmsg.ConfigResourceTypeTopic, target.name
	config := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
	config.Name, config.Value = name, &value
	resource.Configs = append(resource.Configs, config)
	request.Resources = append(request.Resources, resource)
	s := target.setting(name)
	s.maybe = append(s.maybe, value)
	call, response := d.call(t, request)
	answer, ok := response.(*kmsg.IncrementalAlterConfigsResponse)
	if !ok || len(answer.Resources) != 1 {
		return
	}
	switch code := kafka.ErrorCode(answer.Resources[0].ErrorCode); {
	case code == kafka.None:
		s.value, s.since = value, check.Event(call.Returned)
		s.maybe = s.maybe[:len(s.maybe)-1]
	case refusesChange(code):
		d.complainOfLoss("%s=%s of %s is refused with %v", name, value, target.name, code)
	}
}

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
			if c.Name != s.name || c.Value == nil || s.value == "" {
				continue
			}
			if !s.allows(*c.Value, called) {
				a.complainOfLoss("%s of %s is %s, and was set to %s", s.name, target.name, *c.Value, s.value)
			}
		}
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
