package controller

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/controller/config"
	"odradek/controller/image"
	"odradek/controller/metadata"
	"odradek/core/kafka"
)

// DescribeConfigs answers a DescribeConfigs request, versions 0 to 4.
//
// Topics, groups and this broker show every setting there is, a group even if it
// does not exist; the resource "" of type
// broker shows what was set for all brokers. Settings come in the order of their
// names. Errors are per resource: UNKNOWN_TOPIC_OR_PARTITION,
// INVALID_TOPIC_EXCEPTION, or INVALID_REQUEST for another broker and for
// resources that have no settings here. A resource of a type that does not exist
// makes the whole request INVALID_REQUEST.
//
//   - v1: where a value comes from, and synonyms on request (KIP-226).
//   - v3: the type, and documentation on request (KIP-569).
func DescribeConfigs(v View, request *kmsg.DescribeConfigsRequest) *kmsg.DescribeConfigsResponse {
	response := request.ResponseKind().(*kmsg.DescribeConfigsResponse)
	malformed := hasUnknownType(request)
	for i := range request.Resources {
		resource := &request.Resources[i]
		d := description{view: v, layers: v.Layers(), request: request, resource: resource}
		result := kmsg.NewDescribeConfigsResponseResource()
		result.ResourceType, result.ResourceName = resource.ResourceType, resource.ResourceName
		problem := plainFault(kafka.ErrInvalidRequest)
		if !malformed {
			problem = d.describe()
		}
		result.ErrorCode, result.ErrorMessage = problem.answer()
		if result.ErrorMessage == nil {
			result.ErrorMessage = new(string) // empty, not null, as Kafka's is
		}
		if problem == nil {
			result.Configs = d.configs
		}
		response.Resources = append(response.Resources, result)
	}
	return response
}

// hasUnknownType reports whether a request names a type of resource that no
// broker has.
func hasUnknownType(request *kmsg.DescribeConfigsRequest) bool {
	return slices.ContainsFunc(request.Resources,
		func(r kmsg.DescribeConfigsRequestResource) bool {
			return !isResourceType(metadata.ResourceType(r.ResourceType))
		})
}

// isResourceType reports whether there is such a type of resource in Kafka.
func isResourceType(kind metadata.ResourceType) bool {
	switch kind {
	case metadata.TopicResource, metadata.BrokerResource, metadata.BrokerLoggerResource,
		metadata.ClientMetricsResource, metadata.GroupResource:
		return true
	}
	return false
}

// description is one resource in work.
type description struct {
	view     View
	layers   config.Layers
	request  *kmsg.DescribeConfigsRequest
	resource *kmsg.DescribeConfigsRequestResource
	configs  []kmsg.DescribeConfigsResponseResourceConfig
}

func (d *description) describe() *fault {
	name := d.resource.ResourceName
	switch kind := metadata.ResourceType(d.resource.ResourceType); kind {
	case metadata.TopicResource:
		if problem := CheckTopicName(name); problem != "" {
			return faultf(kafka.ErrInvalidTopicException, "%s", problem)
		}
		if d.view.Image.Topic(name) == nil {
			return &fault{code: kafka.ErrUnknownTopicOrPartition}
		}
		d.describeOwn(config.Topics(), d.view.Image.Config(image.TopicResource(name)),
			config.FromTopic)
		return nil
	case metadata.BrokerResource:
		problem := d.view.checkBrokerName(name, "Broker id",
			"expected %d or empty string, but received %s")
		if problem == nil {
			d.describeBroker(name == "")
		}
		return problem
	case metadata.BrokerLoggerResource:
		if name == "" {
			return faultf(kafka.ErrInvalidRequest, "Broker id must not be empty")
		}
		problem := d.view.checkBrokerName(name, "Broker id", "expected %d but received %s")
		if problem == nil {
			problem = unservedResource(kind)
		}
		return problem
	case metadata.ClientMetricsResource:
		if name == "" {
			return faultf(kafka.ErrInvalidRequest, "Client metrics subscription name must not be empty")
		}
		return unservedResource(kind)
	case metadata.GroupResource:
		if name == "" {
			return faultf(kafka.ErrInvalidRequest, "Group name must not be empty")
		}
		d.describeOwn(config.Groups(), d.view.Image.Config(image.GroupResource(name)),
			config.FromGroup)
		return nil
	default:
		return unservedResource(kind)
	}
}

// wanted reports whether the request asks for a setting: for all when it lists
// none.
func (d *description) wanted(name string) bool {
	return len(d.resource.ConfigNames) == 0 || slices.Contains(d.resource.ConfigNames, name)
}

// describeOwn shows the settings of a topic or group, own being the source of
// what was set for itself.
func (d *description) describeOwn(definitions []config.Definition, overrides *image.Config,
	own config.Source) {
	for i := range definitions {
		definition := &definitions[i]
		if !d.wanted(definition.Name) {
			continue
		}
		value := d.layers.OwnValue(overrides, definition)
		var sets []config.Set
		if _, ok := overrides.Get(definition.Name); ok {
			sets = append(sets, config.Set{Name: definition.Name, Value: value, Source: own})
		}
		if len(definition.Synonyms) > 0 {
			names := make([]string, len(definition.Synonyms))
			for i, synonym := range definition.Synonyms {
				names[i] = synonym.Name
			}
			sets = append(sets, d.standIns(names[0], names)...)
		}
		d.add(definition, &value, sets, false)
	}
}

// describeBroker shows this broker's settings, or those that were set for all.
func (d *description) describeBroker(allBrokers bool) {
	definitions := config.Brokers()
	for i := range definitions {
		definition := &definitions[i]
		if !d.wanted(definition.Name) {
			continue
		}
		sets := d.standIns(definition.Name, familyOf(definition.Name))
		if allBrokers {
			sets = slices.DeleteFunc(sets, func(s config.Set) bool {
				return s.Source != config.FromAllBrokers
			})
			if len(sets) == 0 {
				continue
			}
		}
		var value *string
		if text, _, ok := d.layers.BrokerValue(definition.Name); ok {
			value = &text
		}
		if allBrokers {
			value = &sets[0].Value
		}
		d.add(definition, value, sets, definition.Update == config.ReadOnly)
	}
}

// standIns returns every place that sets one of the names, from the first that
// sets name itself: what only a stand-in sets, Kafka does not show.
func (d *description) standIns(name string, names []string) []config.Set {
	sets := d.layers.Find(names...)
	at := slices.IndexFunc(sets, func(s config.Set) bool { return s.Name == name })
	if at < 0 {
		return nil
	}
	return sets[at:]
}

// familyOf returns the settings among which this one is, each standing in for
// those before it.
func familyOf(name string) []string {
	for _, family := range [][]string{
		{"log.roll.ms", "log.roll.hours"},
		{"log.roll.jitter.ms", "log.roll.jitter.hours"},
		{"log.retention.ms", "log.retention.minutes", "log.retention.hours"},
	} {
		if slices.Contains(family, name) {
			return family
		}
	}
	if name == "log.flush.interval.ms" {
		return []string{name, "log.flush.scheduler.interval.ms"}
	}
	return []string{name}
}

func (d *description) add(definition *config.Definition, value *string, sets []config.Set,
	readOnly bool) {
	entry := kmsg.NewDescribeConfigsResponseResourceConfig()
	entry.Name, entry.Value, entry.ReadOnly = definition.Name, value, readOnly
	source := config.FromDefault
	if len(sets) > 0 {
		source = sets[0].Source
	}
	entry.Source = kmsg.ConfigSource(source)
	entry.IsDefault = source == config.FromDefault
	entry.ConfigType = kmsg.ConfigType(definition.Type)
	if d.request.IncludeDocumentation {
		entry.Documentation = &definition.Doc
	}
	if d.request.IncludeSynonyms {
		for _, set := range sets {
			synonym := kmsg.NewDescribeConfigsResponseResourceConfigConfigSynonym()
			synonym.Name, synonym.Value = set.Name, &set.Value
			synonym.Source = kmsg.ConfigSource(set.Source)
			entry.ConfigSynonyms = append(entry.ConfigSynonyms, synonym)
		}
	}
	d.configs = append(d.configs, entry)
}
