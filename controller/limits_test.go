package controller_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/controller"
	"odradek/core/kafka"
)

// TestTooMuchAtOnce: a request that would write too many records is refused as a
// whole and writes none.
func TestTooMuchAtOnce(t *testing.T) {
	n := newNode(t)
	creation := kmsg.NewPtrCreateTopicsRequest()
	creation.Version = 7
	for i := range 5001 {
		topic := kmsg.NewCreateTopicsRequestTopic()
		topic.Topic, topic.NumPartitions, topic.ReplicationFactor = fmt.Sprint("t", i), 1, 1
		creation.Topics = append(creation.Topics, topic)
	}
	records, created := controller.CreateTopics(n.view, creation, &n.random)
	if len(records) != 0 || len(created.Topics) != 5001 {
		t.Errorf("%d records, %d topics", len(records), len(created.Topics))
	}
	for _, topic := range created.Topics {
		if topic.ErrorCode != int16(kafka.ErrPolicyViolation) || topic.NumPartitions > 0 ||
			len(topic.Configs) > 0 {
			t.Fatalf("%+v", topic)
		}
	}
	creation.Topics = creation.Topics[:5000]
	if records, _ = controller.CreateTopics(n.view, creation, &n.random); len(records) != 10_000 {
		t.Errorf("%d records", len(records))
	}
	n.apply(t, records)

	value := "1"
	alteration := kmsg.NewPtrIncrementalAlterConfigsRequest()
	for i := range 5000 {
		resource := kmsg.NewIncrementalAlterConfigsRequestResource()
		resource.ResourceType, resource.ResourceName = 2, fmt.Sprint("t", i)
		for _, name := range []string{"retention.ms", "segment.ms", "file.delete.delay.ms"} {
			setting := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
			setting.Name, setting.Value = name, &value
			resource.Configs = append(resource.Configs, setting)
		}
		alteration.Resources = append(alteration.Resources, resource)
	}
	records, altered := controller.IncrementalAlterConfigs(n.view, alteration)
	if len(records) != 0 || altered.Resources[0].ErrorCode != int16(kafka.ErrPolicyViolation) {
		t.Errorf("%d records, %+v", len(records), altered.Resources[0])
	}
}

// TestLongValuesAreRefused: the metadata log has no room for them.
func TestLongValuesAreRefused(t *testing.T) {
	n := newNode(t)
	n.makeTopic(t, "a", 1)
	value := strings.Repeat("0:1,", 10_000) + "0:1"
	for kind, name := range map[kmsg.ConfigResourceType]string{2: "a", 4: "1"} {
		request := kmsg.NewPtrIncrementalAlterConfigsRequest()
		resource := kmsg.NewIncrementalAlterConfigsRequestResource()
		resource.ResourceType, resource.ResourceName = kind, name
		setting := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
		setting.Name, setting.Value = "leader.replication.throttled.replicas", &value
		if kind == 4 {
			padded := strings.Repeat(" ", 40_000) + "5"
			setting.Name, setting.Value = "message.max.bytes", &padded
		}
		resource.Configs = append(resource.Configs, setting)
		request.Resources = append(request.Resources, resource)
		records, response := controller.IncrementalAlterConfigs(n.view, request)
		if len(records) != 0 || response.Resources[0].ErrorCode == 0 {
			t.Errorf("%d: %d records", kind, len(records))
		}
		if message := *response.Resources[0].ErrorMessage; len(message) > 10_000 {
			t.Errorf("%d: a message of %d bytes", kind, len(message))
		}
	}
}

// TestDocumentationOnRequest: it comes when it is asked for and not otherwise.
func TestDocumentationOnRequest(t *testing.T) {
	n := newNode(t)
	n.makeTopic(t, "a", 1)
	for _, wanted := range []bool{false, true} {
		request := kmsg.NewPtrDescribeConfigsRequest()
		request.Version, request.IncludeDocumentation = 4, wanted
		for kind, name := range []string{2: "a", 4: "1"} {
			if name != "" {
				resource := kmsg.NewDescribeConfigsRequestResource()
				resource.ResourceType = kmsg.ConfigResourceType(kind)
				resource.ResourceName = name
				request.Resources = append(request.Resources, resource)
			}
		}
		for _, resource := range controller.DescribeConfigs(n.view, request).Resources {
			if len(resource.Configs) < 33 {
				t.Errorf("%s has %d settings", resource.ResourceName, len(resource.Configs))
			}
			for _, setting := range resource.Configs {
				if (setting.Documentation != nil) != wanted {
					t.Errorf("%s: documentation %v", setting.Name, setting.Documentation)
				}
			}
		}
	}
}
