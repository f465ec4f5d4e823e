package campaign

import (
	"slices"

	"odradek/controller/config"
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

// alterConfigs changes the configurations of a topic that stays, in one of the two
// ways that Kafka has: one setting at a time, or all of them at once.
func (d *admin) alterConfigs(t *task.Task, op *chance.Stream) {
	target, _ := d.drawTarget(op)
	if target == nil || target.mayEnd {
		return
	}
	name, value := settable(op)
	switch how := op.Fork("how"); how.Below(6) {
	case 0, 1:
		d.replaceSettings(t, &how, target, kmsg.AlterConfigsRequestResourceConfig{
			Name: name, Value: &value})
	case 2:
		d.changeSetting(t, &how, target.setting(name), "", target)
	default:
		d.changeSetting(t, &how, target.setting(name), value, target)
	}
}

// changeSetting sets one configuration, or takes it back if the value is "".
func (d *admin) changeSetting(t *task.Task, op *chance.Stream, s *setting, value string,
	target *topic) {
	request := kmsg.NewPtrIncrementalAlterConfigsRequest()
	request.SetVersion(between(op, 0, 1))
	resource := kmsg.NewIncrementalAlterConfigsRequestResource()
	resource.ResourceType, resource.ResourceName = kmsg.ConfigResourceTypeTopic, target.name
	one := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
	one.Name, one.Value = s.name, &value
	if value == "" {
		one.Op, one.Value = kmsg.IncrementalAlterConfigOpDelete, nil
	}
	resource.Configs = append(resource.Configs, one)
	request.Resources = append(request.Resources, resource)
	undo := s.doubt(value)
	call, response := d.call(t, request)
	answer, ok := response.(*kmsg.IncrementalAlterConfigsResponse)
	if !ok || len(answer.Resources) != 1 {
		return
	}
	switch code := kafka.ErrorCode(answer.Resources[0].ErrorCode); {
	case code == kafka.None:
		undo()
		s.set(value, check.Event(call.Returned))
		d.world.Trace.Sometimes(settingTakenBack, value == "")
	case refusesChange(code):
		d.complainOfLoss("%s=%s of %s is refused with %v", s.name, value, target.name, code)
	}
}

// replaceSettings gives a topic one configuration, takes back what may be taken
// back, and says the rest again: AlterConfigs replaces them all.
func (d *admin) replaceSettings(t *task.Task, op *chance.Stream, target *topic,
	one kmsg.AlterConfigsRequestResourceConfig) {
	request := kmsg.NewPtrAlterConfigsRequest()
	request.SetVersion(between(op, 0, 2))
	resource := kmsg.NewAlterConfigsRequestResource()
	resource.ResourceType, resource.ResourceName = kmsg.ConfigResourceTypeTopic, target.name
	resource.Configs = append(resource.Configs, one)
	target.setting(one.Name)
	values, undo := make([]string, len(target.settings)), make([]func(), len(target.settings))
	for i, s := range target.settings {
		switch {
		case s.name == one.Name:
			values[i] = *one.Value
		case s.value != "" && (keptAlways(s.name) || op.OneIn(2)):
			values[i] = s.value
			again := kmsg.NewAlterConfigsRequestResourceConfig()
			again.Name, again.Value = s.name, &values[i]
			resource.Configs = append(resource.Configs, again)
		}
		undo[i] = s.doubt(values[i])
	}
	request.Resources = append(request.Resources, resource)
	call, response := d.call(t, request)
	answer, ok := response.(*kmsg.AlterConfigsResponse)
	if !ok || len(answer.Resources) != 1 {
		return
	}
	switch code := kafka.ErrorCode(answer.Resources[0].ErrorCode); {
	case code == kafka.None:
		takenBack := false
		for i, s := range target.settings {
			takenBack = takenBack || s.value != "" && values[i] == ""
			undo[i]()
			s.set(values[i], check.Event(call.Returned))
		}
		d.world.Trace.Sometimes(settingsReplaced, takenBack)
	case refusesChange(code):
		d.complainOfLoss("AlterConfigs of %s is refused with %v", target.name, code)
	}
}

// keptAlways are the settings by which records stay or go: what the history of a
// topic is held against must not change on the way.
func keptAlways(name string) bool {
	return slices.Contains([]string{config.RetentionMs, config.RetentionBytes, config.CleanupPolicy,
		config.DeleteRetentionMs}, name)
}

// doubt enters that a setting may get a value at any time, or lose its own. Undo
// takes it out again, once the outcome is known.
func (s *setting) doubt(value string) (undo func()) {
	loose, maybe := s.loose, len(s.maybe)
	if value == "" {
		s.loose = true
	} else {
		s.maybe = append(s.maybe, value)
	}
	return func() { s.loose, s.maybe = loose, s.maybe[:maybe] }
}
