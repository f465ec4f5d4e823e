package controller_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/controller"
	"odradek/controller/config"
	"odradek/controller/image"
	"odradek/controller/metadata"
	"odradek/core/kafka"
)

// setForGroups is a request that sets one setting for each group.
func setForGroups(name, value string, groups ...string) *kmsg.IncrementalAlterConfigsRequest {
	request := kmsg.NewPtrIncrementalAlterConfigsRequest()
	for _, group := range groups {
		resource := kmsg.NewIncrementalAlterConfigsRequestResource()
		resource.ResourceType, resource.ResourceName = 32, group
		setting := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
		setting.Name, setting.Value = name, &value
		resource.Configs = append(resource.Configs, setting)
		request.Resources = append(request.Resources, resource)
	}
	return request
}

func TestSettingsOfAGroup(t *testing.T) {
	n := newNode(t, config.Entry{Name: "group.consumer.heartbeat.interval.ms", Value: "7000"})
	records, response := controller.IncrementalAlterConfigs(n.view,
		setForGroups("consumer.session.timeout.ms", "50000", "g"))
	if response.Resources[0].ErrorCode != 0 {
		t.Fatalf("%+v", response)
	}
	n.apply(t, records)
	want := config.GroupConfig{SessionTimeoutMs: 50000, HeartbeatIntervalMs: 7000,
		AssignmentIntervalMs: 1000}
	if got := n.view.GroupConfig("g"); got != want {
		t.Errorf("%+v", got)
	}
	want.SessionTimeoutMs = 45000
	if got := n.view.GroupConfig("h"); got != want {
		t.Errorf("another group: %+v", got)
	}
}

// TestGroupNamesThatCannotBeKept: the metadata log has no room for them.
func TestGroupNamesThatCannotBeKept(t *testing.T) {
	n := newNode(t)
	longest := strings.Repeat("g", 1<<15-1)
	records, response := controller.IncrementalAlterConfigs(n.view, setForGroups(
		"consumer.session.timeout.ms", "50000", longest+"g", "\xff", longest, "ok"))
	for i, want := range []kafka.ErrorCode{kafka.ErrInvalidRequest, kafka.ErrInvalidRequest,
		kafka.None, kafka.None} {
		if got := kafka.ErrorCode(response.Resources[i].ErrorCode); got != want {
			t.Errorf("group %d: %s", i, got)
		}
	}
	n.apply(t, records)
	padded := strings.Repeat(" ", 40_000) + "50000"
	records, response = controller.IncrementalAlterConfigs(n.view, setForGroups(
		"consumer.session.timeout.ms", padded, "other"))
	if len(records) != 0 || response.Resources[0].ErrorCode != int16(kafka.ErrInvalidConfig) {
		t.Errorf("a long value: %d records, %+v", len(records), response.Resources[0].ErrorCode)
	}
}

// TestSoManyGroupsHaveSettings: one more than the limit is refused, and those
// that have some may be changed.
func TestSoManyGroupsHaveSettings(t *testing.T) {
	n := newNode(t)
	value := "50000"
	delta := n.view.Image.Begin()
	for i := range 99_999 {
		if err := delta.Apply(&metadata.ConfigRecord{ResourceType: metadata.GroupResource,
			ResourceName: fmt.Sprint("g", i), Name: "consumer.session.timeout.ms",
			Value: &value}); err != nil {
			t.Fatal(err)
		}
	}
	img, _, err := delta.Finish(image.Provenance{})
	if err != nil {
		t.Fatal(err)
	}
	n.view.Image = img
	records, response := controller.IncrementalAlterConfigs(n.view, setForGroups(
		"consumer.session.timeout.ms", "51000", "g5", "last", "toomany", "g6"))
	for i, want := range []kafka.ErrorCode{kafka.None, kafka.None, kafka.ErrPolicyViolation,
		kafka.None} {
		if got := kafka.ErrorCode(response.Resources[i].ErrorCode); got != want {
			t.Errorf("group %d: %s", i, got)
		}
	}
	if len(records) != 3 {
		t.Errorf("%d records", len(records))
	}
}

// TestSettingsOfKafkasOtherGroups: a directory that Kafka made may have settings
// of share groups; they stay, and may be deleted.
func TestSettingsOfKafkasOtherGroups(t *testing.T) {
	n := newNode(t)
	value := "50000"
	n.apply(t, []metadata.Record{&metadata.ConfigRecord{ResourceType: metadata.GroupResource,
		ResourceName: "g", Name: "share.session.timeout.ms", Value: &value}})
	request := setForGroups("consumer.session.timeout.ms", "51000", "g")
	records, response := controller.IncrementalAlterConfigs(n.view, request)
	if len(records) != 1 || response.Resources[0].ErrorCode != 0 {
		t.Errorf("%d records, %+v", len(records), response.Resources[0])
	}
	request.Resources[0].Configs[0].Name = "share.session.timeout.ms"
	request.Resources[0].Configs[0].Op = kmsg.IncrementalAlterConfigOpDelete
	records, response = controller.IncrementalAlterConfigs(n.view, request)
	if len(records) != 1 || response.Resources[0].ErrorCode != 0 {
		t.Errorf("%d records, %+v", len(records), response.Resources[0])
	}
	n.apply(t, records)
	if left := n.view.Image.Config(image.GroupResource("g")).Entries(); len(left) != 0 {
		t.Errorf("%v", left)
	}
}
