package controller_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/controller/metadata"
	"odradek/core/kafka"
)

// sayError is a code and its message, empty for none.
func sayError(code int16, message *string) string {
	said := kafka.ErrorCode(code).String()
	if message != nil {
		// Long names would drown the rest.
		said += ": " + strings.ReplaceAll(*message, strings.Repeat("a", 200), "a{200}")
	}
	return said
}

func text(pointer *string) string {
	if pointer == nil {
		return "null"
	}
	return fmt.Sprintf("%q", *pointer)
}

// sayResponse writes an answer as sorted lines.
func sayResponse(ids *ids, response kmsg.Response) []string {
	lines := []string{}
	switch r := response.(type) {
	case nil:
		lines = append(lines, "the connection is closed")
	case *kmsg.CreateTopicsResponse:
		for _, topic := range r.Topics {
			lines = append(lines, sayCreated(ids, topic)...)
		}
	case *kmsg.DeleteTopicsResponse:
		for _, topic := range r.Topics {
			lines = append(lines, fmt.Sprintf("%s %s %s", text(topic.Topic), ids.name(topic.TopicID),
				sayError(topic.ErrorCode, topic.ErrorMessage)))
		}
	case *kmsg.CreatePartitionsResponse:
		for _, topic := range r.Topics {
			lines = append(lines, fmt.Sprintf("%q %s", topic.Topic,
				sayError(topic.ErrorCode, topic.ErrorMessage)))
		}
	case *kmsg.AlterConfigsResponse:
		for _, resource := range r.Resources {
			lines = append(lines, fmt.Sprintf("%d %q %s", resource.ResourceType, resource.ResourceName,
				sayError(resource.ErrorCode, resource.ErrorMessage)))
		}
	case *kmsg.IncrementalAlterConfigsResponse:
		for _, resource := range r.Resources {
			lines = append(lines, fmt.Sprintf("%d %q %s", resource.ResourceType, resource.ResourceName,
				sayError(resource.ErrorCode, resource.ErrorMessage)))
		}
	case *kmsg.DescribeConfigsResponse:
		for _, resource := range r.Resources {
			lines = append(lines, sayDescribed(resource)...)
		}
	case *kmsg.ListConfigResourcesResponse:
		lines = append(lines, " "+sayError(r.ErrorCode, nil))
		for _, resource := range r.ConfigResources {
			lines = append(lines, fmt.Sprintf("%d %q", resource.Type, resource.Name))
		}
	case *kmsg.DescribeClusterResponse:
		lines = append(lines, fmt.Sprintf(" %s type %d cluster %s operations %#x",
			sayError(r.ErrorCode, r.ErrorMessage), r.EndpointType, r.ClusterID,
			uint32(r.ClusterAuthorizedOperations)))
		for _, broker := range r.Brokers {
			lines = append(lines, fmt.Sprintf("broker %d rack %s fenced %v", broker.NodeID,
				text(broker.Rack), broker.IsFenced))
		}
	case *kmsg.MetadataResponse:
		for _, topic := range r.Topics {
			lines = append(lines, fmt.Sprintf("%s %s internal %v", text(topic.Topic),
				sayError(topic.ErrorCode, nil), topic.IsInternal))
		}
	case *kmsg.DescribeTopicPartitionsResponse:
		lines = append(lines, sayPage(ids, r)...)
	}
	slices.Sort(lines)
	return lines
}

// sayCreated leaves out the settings that are defaults.
func sayCreated(ids *ids, topic kmsg.CreateTopicsResponseTopic) []string {
	if topic.ErrorCode == 0 && topic.TopicID != [16]byte{} {
		ids.learn(topic.Topic, topic.TopicID)
	}
	name := strings.ReplaceAll(topic.Topic, strings.Repeat("a", 200), "a{200}")
	line := fmt.Sprintf("%q %s", name, sayError(topic.ErrorCode, topic.ErrorMessage))
	if topic.ErrorCode != 0 {
		return []string{line}
	}
	lines := []string{line + fmt.Sprintf(" partitions=%d replicas=%d settings=%d",
		topic.NumPartitions, topic.ReplicationFactor, len(topic.Configs))}
	for _, setting := range topic.Configs {
		if setting.Source != 5 && setting.Name != "min.insync.replicas" {
			lines = append(lines, fmt.Sprintf("%q %s=%s from %d", name, setting.Name,
				text(setting.Value), setting.Source))
		}
	}
	return lines
}

// sayDescribed leaves out what differs with each machine.
func sayDescribed(resource kmsg.DescribeConfigsResponseResource) []string {
	prefix := fmt.Sprintf("%d %q ", resource.ResourceType, resource.ResourceName)
	lines := []string{prefix + sayError(resource.ErrorCode, resource.ErrorMessage)}
	for _, setting := range resource.Configs {
		if resource.ResourceType == 4 && resource.ResourceName != "" &&
			strings.Contains(setting.Name, "listeners") {
			continue
		}
		line := fmt.Sprintf("%s%s=%s from %d type %d read-only %v default %v", prefix, setting.Name,
			text(setting.Value), setting.Source, setting.ConfigType, setting.ReadOnly, setting.IsDefault)
		for _, synonym := range setting.ConfigSynonyms {
			line += fmt.Sprintf(" %s=%s/%d", synonym.Name, text(synonym.Value), synonym.Source)
		}
		lines = append(lines, line)
	}
	return lines
}

func sayPage(ids *ids, r *kmsg.DescribeTopicPartitionsResponse) []string {
	lines := []string{}
	for i, topic := range r.Topics {
		ids.learn(*topic.Topic, topic.TopicID)
		lines = append(lines, fmt.Sprintf("%02d %s %s %s internal %v operations %#x", i,
			text(topic.Topic), ids.name(topic.TopicID), sayError(topic.ErrorCode, nil), topic.IsInternal,
			uint32(topic.AuthorizedOperations)))
		for _, p := range topic.Partitions {
			lines = append(lines, fmt.Sprintf("%02d %s-%d %s leader %d epoch %d replicas %v isr %v"+
				" elr %v last %v offline %v", i, *topic.Topic, p.Partition, sayError(p.ErrorCode, nil),
				p.LeaderID, p.LeaderEpoch, p.Replicas, p.ISR, p.EligibleLeaderReplicas, p.LastKnownELR,
				p.OfflineReplicas))
		}
	}
	if r.NextCursor != nil {
		lines = append(lines, fmt.Sprintf("next: %s-%d", r.NextCursor.Topic, r.NextCursor.Partition))
	}
	return lines
}

// sayRecord writes a record's fields, with ids by name.
func sayRecord(ids *ids, record metadata.Record) string {
	switch r := record.(type) {
	case *metadata.TopicRecord:
		ids.learn(r.Name, r.TopicID)
		return fmt.Sprintf("%s %s %s", r.Key(), r.Name, ids.name(r.TopicID))
	case *metadata.RemoveTopicRecord:
		return fmt.Sprintf("%s %s", r.Key(), ids.name(r.TopicID))
	case *metadata.PartitionRecord:
		return fmt.Sprintf("%s %s-%d replicas %v isr %v leader %d", r.Key(), ids.name(r.TopicID),
			r.PartitionID, r.Replicas, r.ISR, r.Leader)
	case *metadata.ConfigRecord:
		return fmt.Sprintf("%s %d %q %s=%s", r.Key(), r.ResourceType, r.ResourceName, r.Name,
			text(r.Value))
	}
	raw, _ := json.Marshal(record)
	return fmt.Sprintf("%s %s", record.Key(), raw)
}

// askKafka fills in Kafka's side of every block.
func askKafka(t *testing.T, blocks []block) {
	client, err := kgo.NewClient(kgo.SeedBrokers(*kafkaAddr), kgo.RequestRetries(0))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	cleanKafka(t, client)
	ids := newIDs()
	for i := range blocks {
		request := parseRequest(t, ids, blocks[i].request)
		if request == nil {
			continue
		}
		response, err := client.Broker(1).Request(context.Background(), pinned{request})
		if err != nil {
			t.Logf("%v: %v", blocks[i].request, err)
			response = nil
		}
		blocks[i].kafka = sayResponse(ids, response)
		settle()
	}
}

// pinned is a request that is sent in its own version and no other.
type pinned struct{ kmsg.Request }

func (p pinned) MaxVersion() int16        { return p.GetVersion() }
func (p pinned) SetVersion(version int16) {}

// cleanKafka deletes all topics and dynamic settings. A broker that is still
// busy with a topic does not list it yet, so it is asked until it says twice
// that there are none.
func cleanKafka(t *testing.T, client *kgo.Client) {
	ctx := context.Background()
	for empty := 0; empty < 2; settle() {
		listing, err := kmsg.NewPtrMetadataRequest().RequestWith(ctx, client)
		if err != nil {
			t.Fatal(err)
		}
		deletion := kmsg.NewPtrDeleteTopicsRequest()
		for _, topic := range listing.Topics {
			entry := kmsg.NewDeleteTopicsRequestTopic()
			entry.Topic = topic.Topic
			deletion.Topics = append(deletion.Topics, entry)
		}
		if _, err := deletion.RequestWith(ctx, client); err != nil {
			t.Fatal(err)
		}
		if empty++; len(listing.Topics) > 0 {
			empty = 0
		}
	}
	reset := kmsg.NewPtrAlterConfigsRequest()
	for _, name := range []string{"1", ""} {
		broker := kmsg.NewAlterConfigsRequestResource()
		broker.ResourceType, broker.ResourceName = 4, name
		reset.Resources = append(reset.Resources, broker)
	}
	listing := kmsg.NewPtrListConfigResourcesRequest()
	listing.ResourceTypes = []int8{32}
	groups, err := listing.RequestWith(ctx, client)
	if err != nil {
		t.Fatal(err)
	}
	for _, group := range groups.ConfigResources {
		resource := kmsg.NewAlterConfigsRequestResource()
		resource.ResourceType, resource.ResourceName = 32, group.Name
		reset.Resources = append(reset.Resources, resource)
	}
	answer, err := reset.RequestWith(ctx, client)
	if err != nil {
		t.Fatal(err)
	}
	for _, resource := range answer.Resources {
		t.Logf("reset %d %q: %s", resource.ResourceType, resource.ResourceName,
			sayError(resource.ErrorCode, resource.ErrorMessage))
	}
}

// settle waits until a broker has what its controller decided: only when a
// person compares with a running Kafka, never in a test.
//
//tidy:allow sleeping-test another program has to catch up and there is no event to wait for
func settle() { time.Sleep(300 * time.Millisecond) }
