package controller

import (
	"unicode/utf8"

	"odradek/controller/config"
	"odradek/controller/image"
	"odradek/controller/metadata"
	"odradek/core/kafka"
)

// checkGroupConfig refuses settings that a group cannot have. The group need not
// exist: settings may be made for one that is to come. Source: Kafka,
// ControllerConfigurationValidator.
func (a *alteration) checkGroupConfig(result *image.Config) *fault {
	name := a.resource.Name
	switch {
	case name == "":
		return faultf(kafka.ErrInvalidRequest, "Default group resources are not allowed.")
	case len(name) > configValueBytesMax || !utf8.ValidString(name):
		return faultf(kafka.ErrInvalidRequest, "The name of a group that is configured has at most"+
			" %d bytes of UTF-8.", configValueBytesMax)
	}
	// Only what the request sets must be known: a directory of Kafka's may hold
	// settings of share groups.
	for _, record := range a.records {
		change := record.(*metadata.ConfigRecord)
		if change.Value == nil {
			continue
		}
		if _, known := config.Group(change.Name); !known {
			return faultf(kafka.ErrInvalidConfig, "%s", config.WhyNoGroupSetting(change.Name))
		}
		if len(*change.Value) > configValueBytesMax {
			return faultf(kafka.ErrInvalidConfig, "The value of %s is longer than %d bytes",
				change.Name, configValueBytesMax)
		}
	}
	if err := a.view.Layers().CheckGroup(result); err != nil {
		return invalidConfig(err)
	}
	isNew := len(a.view.Image.Config(a.resource).Entries()) == 0 && len(a.records) > 0
	if isNew && a.budget.take(a.view.Image) {
		return faultf(kafka.ErrPolicyViolation, "%d groups have settings already.",
			configuredGroupsMax)
	}
	return nil
}

// groupBudget counts, for one request, how many groups have settings.
type groupBudget struct {
	counted bool
	groups  int
}

// take counts one more group, and reports whether it is one too many.
func (b *groupBudget) take(img *image.Image) (tooMany bool) {
	if !b.counted {
		b.counted = true
		for resource := range img.Configs() {
			if resource.Type == metadata.GroupResource {
				b.groups++
			}
		}
	}
	b.groups++
	return b.groups > configuredGroupsMax
}

// configuredGroups calls add with the name of every group that has settings, in
// order.
func (v View) configuredGroups(add func(name string)) {
	for resource := range v.Image.Configs() {
		if resource.Type == metadata.GroupResource {
			add(resource.Name)
		}
	}
}
