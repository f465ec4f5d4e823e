package controller

import (
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/controller/config"
	"odradek/controller/image"
	"odradek/controller/metadata"
	"odradek/core/kafka"
)

// AlterConfigs decides an AlterConfigs request, versions 0 to 2: the old way, in
// which what is listed replaces everything that was set for the resource.
// Otherwise it is as IncrementalAlterConfigs.
func AlterConfigs(v View,
	request *kmsg.AlterConfigsRequest) ([]metadata.Record, *kmsg.AlterConfigsResponse) {
	response := request.ResponseKind().(*kmsg.AlterConfigsResponse)
	var records []metadata.Record
	var budget groupBudget
	twice := duplicateResources(len(request.Resources), func(i int) (int8, string) {
		return int8(request.Resources[i].ResourceType), request.Resources[i].ResourceName
	})
	for i := range request.Resources {
		resource := &request.Resources[i]
		a := alteration{view: v, budget: &budget, resource: image.Resource{
			Type: metadata.ResourceType(resource.ResourceType), Name: resource.ResourceName}}
		problem := twice[i]
		if problem == nil {
			problem = a.replace(resource.Configs)
		}
		if problem == nil {
			records = append(records, a.records...)
		}
		result := kmsg.NewAlterConfigsResponseResource()
		result.ResourceType, result.ResourceName = resource.ResourceType, resource.ResourceName
		result.ErrorCode, result.ErrorMessage = problem.answer()
		response.Resources = append(response.Resources, result)
	}
	if problem := checkRecords(records); problem != nil {
		records = nil
		for i := range response.Resources {
			result := &response.Resources[i]
			result.ErrorCode, result.ErrorMessage = problem.answer()
		}
	}
	if request.ValidateOnly {
		return nil, response
	}
	return records, response
}

// IncrementalAlterConfigs decides an IncrementalAlterConfigs request, versions 0
// to 1: keys are set, deleted, or items added to and taken from lists (KIP-339).
//
// A resource is altered as a whole or not at all. Topics, brokers and groups can
// be. The errors are those of Kafka: INVALID_CONFIG for a topic's or group's bad
// setting, INVALID_REQUEST for a broker's, UNKNOWN_TOPIC_OR_PARTITION for a topic
// that is not there, INVALID_REQUEST for what is asked in the wrong way. A group
// need not be there; POLICY_VIOLATION is for one too many that has settings.
// Client metrics and loggers have nothing to set here, and are refused with
// INVALID_REQUEST. Kafka stores settings of brokers that it does not know, for
// plug-ins; here they are refused, since there are none.
//
// With validate_only the answer is the same and there are no records.
func IncrementalAlterConfigs(v View, request *kmsg.IncrementalAlterConfigsRequest) (
	[]metadata.Record, *kmsg.IncrementalAlterConfigsResponse) {
	response := request.ResponseKind().(*kmsg.IncrementalAlterConfigsResponse)
	var records []metadata.Record
	var budget groupBudget
	twice := duplicateResources(len(request.Resources), func(i int) (int8, string) {
		return int8(request.Resources[i].ResourceType), request.Resources[i].ResourceName
	})
	for i := range request.Resources {
		resource := &request.Resources[i]
		a := alteration{view: v, budget: &budget, resource: image.Resource{
			Type: metadata.ResourceType(resource.ResourceType), Name: resource.ResourceName}}
		problem := twice[i]
		if problem == nil {
			problem = a.change(resource.Configs)
		}
		if problem == nil {
			records = append(records, a.records...)
		}
		result := kmsg.NewIncrementalAlterConfigsResponseResource()
		result.ResourceType, result.ResourceName = resource.ResourceType, resource.ResourceName
		result.ErrorCode, result.ErrorMessage = problem.answer()
		response.Resources = append(response.Resources, result)
	}
	if problem := checkRecords(records); problem != nil {
		records = nil
		for i := range response.Resources {
			result := &response.Resources[i]
			result.ErrorCode, result.ErrorMessage = problem.answer()
		}
	}
	if request.ValidateOnly {
		return nil, response
	}
	return records, response
}

// duplicateResources returns the error of each resource that a request names
// more than once, nil for the others.
func duplicateResources(count int, at func(i int) (int8, string)) []*fault {
	names := newNames(count)
	key := func(i int) string {
		kind, name := at(i)
		return string(rune(kind)) + name
	}
	for i := range count {
		names.add(key(i))
	}
	faults := make([]*fault, count)
	for i := range faults {
		if names.isDuplicate(key(i)) {
			faults[i] = faultf(kafka.ErrInvalidRequest, "Each resource must appear at most once.")
		}
	}
	return faults
}

// alteration is one resource in work.
type alteration struct {
	view     View
	resource image.Resource
	// budget is shared by all resources of a request.
	budget  *groupBudget
	records []metadata.Record
}

// replace makes the settings exactly those given.
func (a *alteration) replace(settings []kmsg.AlterConfigsRequestResourceConfig) *fault {
	if a.resource.Type == metadata.BrokerLoggerResource {
		return unknownResource(a.resource.Type) // the old way never knew them
	}
	names, nulls := newNames(len(settings)), []string(nil)
	for _, setting := range settings {
		names.add(setting.Name)
		if setting.Value == nil {
			nulls = append(nulls, setting.Name)
		}
	}
	if problem := a.check(names, nulls); problem != nil {
		return problem
	}
	for _, setting := range settings {
		a.put(setting.Name, setting.Value)
	}
	for _, entry := range a.view.Image.Config(a.resource).Entries() {
		if names.count[entry.Name] == 0 {
			a.put(entry.Name, nil)
		}
	}
	return a.checkResult()
}

// change applies operations one by one.
func (a *alteration) change(settings []kmsg.IncrementalAlterConfigsRequestResourceConfig) *fault {
	names, nulls := newNames(len(settings)), []string(nil)
	for _, setting := range settings {
		names.add(setting.Name)
		if setting.Value == nil && setting.Op != kmsg.IncrementalAlterConfigOpDelete {
			nulls = append(nulls, setting.Name)
		}
	}
	if problem := a.check(names, nulls); problem != nil {
		return problem
	}
	for _, setting := range settings {
		switch setting.Op {
		case kmsg.IncrementalAlterConfigOpSet:
			a.put(setting.Name, setting.Value)
		case kmsg.IncrementalAlterConfigOpDelete:
			a.put(setting.Name, nil)
		case kmsg.IncrementalAlterConfigOpAppend, kmsg.IncrementalAlterConfigOpSubtract:
			if problem := a.changeList(setting); problem != nil {
				return problem
			}
		default:
			return faultf(kafka.ErrInvalidRequest, "Unknown operations type %d", setting.Op)
		}
	}
	return a.checkResult()
}

// check refuses what is wrong whatever the values are.
func (a *alteration) check(names *names, nulls []string) *fault {
	const code = kafka.ErrInvalidRequest
	if len(names.twice) > 0 {
		return faultf(code, "Error due to duplicate config keys")
	}
	if len(nulls) > 0 {
		return faultf(code, "Null value not supported for : %s", strings.Join(nulls, ", "))
	}
	switch a.resource.Type {
	case metadata.TopicResource, metadata.GroupResource:
		return nil
	case metadata.BrokerResource:
		return a.view.checkBrokerName(a.resource.Name, "Node id", "expected %d, but received %s")
	}
	return unservedResource(a.resource.Type)
}

// unservedResource is the answer about resources that have no settings here.
func unservedResource(kind metadata.ResourceType) *fault {
	const code = kafka.ErrInvalidRequest
	switch kind {
	case metadata.ClientMetricsResource:
		return faultf(code, "Client metrics have no configuration: this broker does not collect them")
	case metadata.BrokerLoggerResource:
		return faultf(code, "Loggers have no configuration: this broker has no log levels")
	}
	return unknownResource(kind)
}

func unknownResource(kind metadata.ResourceType) *fault {
	return faultf(kafka.ErrInvalidRequest, "Unknown resource type %d", kind)
}

// checkBrokerName takes the empty name and this node's id. A request about
// another broker has to be sent to that one.
func (v View) checkBrokerName(name, what, unexpected string) *fault {
	if name == "" {
		return nil
	}
	id, err := strconv.ParseInt(name, 10, 32)
	if err != nil {
		return faultf(kafka.ErrInvalidRequest, "%s must be an integer, but it is: %s", what, name)
	}
	if kafka.BrokerID(id) != v.NodeID {
		return faultf(kafka.ErrInvalidRequest, "Unexpected broker id, "+unexpected, v.NodeID, name)
	}
	return nil
}

// put adds the record that sets a key, or removes it when value is nil. A
// record that would change nothing is left out, except a broker's,
// since it makes the broker look again at what the setting names, as Kafka's
// does (KAFKA-14136).
func (a *alteration) put(name string, value *string) {
	current, isSet := a.view.Image.Config(a.resource).Get(name)
	same := value == nil && !isSet || value != nil && isSet && *value == current
	if same && a.resource.Type != metadata.BrokerResource {
		return
	}
	a.records = append(a.records, &metadata.ConfigRecord{ResourceType: a.resource.Type,
		ResourceName: a.resource.Name, Name: name, Value: value})
}

// changeList adds items to a list, those that are not in it yet, or takes some
// away. A list that was not set is its default.
func (a *alteration) changeList(setting kmsg.IncrementalAlterConfigsRequestResourceConfig) *fault {
	definition, known := a.definition(setting.Name)
	appends := setting.Op == kmsg.IncrementalAlterConfigOpAppend
	if !known || definition.Type != config.List {
		return a.notAList(setting.Name, appends, known)
	}
	current, isSet := a.view.Image.Config(a.resource).Get(setting.Name)
	if !isSet {
		current = definition.Default
	}
	items := slices.DeleteFunc(strings.Split(current, ","), func(s string) bool { return s == "" })
	for _, item := range strings.Split(*setting.Value, ",") {
		at := slices.Index(items, item)
		if appends && at < 0 {
			items = append(items, item)
		} else if !appends && at >= 0 {
			items = slices.Delete(items, at, at+1)
		}
	}
	value := strings.Join(items, ",")
	a.put(setting.Name, &value)
	return nil
}

func (a *alteration) notAList(name string, appends, known bool) *fault {
	operation := "SUBTRACT"
	if appends {
		operation = "APPEND"
	}
	if a.resource.Type != metadata.BrokerResource {
		return faultf(kafka.ErrInvalidConfig, "Can't %s to key %s because its type is not LIST.",
			operation, name)
	}
	if !known {
		return unknownBrokerSetting(name)
	}
	return faultf(kafka.ErrInvalidConfig, "Config value %s is not allowed for config key: %s",
		strings.ToLower(operation), name)
}

func (a *alteration) definition(name string) (*config.Definition, bool) {
	switch a.resource.Type {
	case metadata.TopicResource:
		return config.Topic(name)
	case metadata.GroupResource:
		return config.Group(name)
	}
	return config.Broker(name)
}

// checkResult checks what the resource's settings would be.
func (a *alteration) checkResult() *fault {
	result := a.view.Image.Config(a.resource)
	for _, record := range a.records {
		change := record.(*metadata.ConfigRecord)
		result = result.With(change.Name, change.Value)
	}
	switch a.resource.Type {
	case metadata.BrokerResource:
		return a.checkBroker(result)
	case metadata.GroupResource:
		return a.checkGroupConfig(result)
	}
	if a.resource.Name == "" {
		return faultf(kafka.ErrInvalidRequest, "Default topic resources are not allowed.")
	}
	if problem := CheckTopicName(a.resource.Name); problem != "" {
		return faultf(kafka.ErrInvalidTopicException, "%s", problem)
	}
	if problem := checkTopicConfig(a.view.Layers(), result); problem != nil {
		return problem
	}
	if a.view.Image.Topic(a.resource.Name) == nil {
		return faultf(kafka.ErrUnknownTopicOrPartition, "The topic '%s' does not exist.",
			a.resource.Name)
	}
	return nil
}

// checkBroker checks what was set for a broker, or for all of them. Source:
// Kafka, DynamicBrokerConfig.
func (a *alteration) checkBroker(result *image.Config) *fault {
	const code = kafka.ErrInvalidRequest
	for _, record := range a.records {
		change := record.(*metadata.ConfigRecord)
		definition, known := config.Broker(change.Name)
		if !known {
			return unknownBrokerSetting(change.Name)
		}
		if definition.Update == config.ReadOnly {
			return readOnlySetting(definition)
		}
		if definition.Update == config.PerBroker && a.resource.Name == "" {
			return faultf(code, "Cannot update these configs at default cluster level, broker id"+
				" must be specified: [%s]", change.Name)
		}
		if change.Value == nil {
			continue
		}
		if _, err := definition.Canonical(*change.Value); err != nil {
			return faultf(code, "%v", err)
		}
		if len(*change.Value) > configValueBytesMax {
			return faultf(code, "The value of %s is longer than %d bytes", change.Name,
				configValueBytesMax)
		}
	}
	layers := a.view.Layers()
	if a.resource.Name == "" {
		layers.AllBrokers = result
	} else {
		layers.Broker = result
	}
	if err := config.CheckBroker(layers); err != nil {
		return faultf(code, "%v", err)
	}
	return nil
}

// readOnlySetting refuses in Kafka's words, and says why where Kafka would not
// refuse.
func readOnlySetting(definition *config.Definition) *fault {
	const refusal = "Cannot update these configs dynamically: [%s]"
	if definition.FixedHere != "" {
		return faultf(kafka.ErrInvalidRequest, refusal+": %s", definition.Name, definition.FixedHere)
	}
	return faultf(kafka.ErrInvalidRequest, refusal, definition.Name)
}

// unknownBrokerSetting says why a name cannot be set for a broker.
func unknownBrokerSetting(name string) *fault {
	return faultf(kafka.ErrInvalidRequest, "%v", config.WhyNotServed(name))
}
