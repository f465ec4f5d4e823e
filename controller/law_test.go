package controller_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"odradek/controller"
	"odradek/controller/config"
	"odradek/controller/image"
	"odradek/controller/metadata"
	"odradek/core/kafka"
)

// TestAnySequenceOfRequestsKeepsTheInvariants sends good and bad requests in any
// order and looks at the image after each.
func TestAnySequenceOfRequestsKeepsTheInvariants(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := newNode(t)
		n.addBrokers(t, rapid.IntRange(1, 4).Draw(rt, "brokers"))
		for range rapid.IntRange(1, 12).Draw(rt, "requests") {
			request, dry := drawRequest(rt, n)
			before := n.random
			records, response := n.decide(t, request)
			if dry != nil {
				none, tried := n.decide(t, dry)
				if len(none) > 0 {
					rt.Fatalf("%d records, and it was only to be validated", len(none))
				}
				if diff := cmp.Diff(codes(tried), codes(response)); diff != "" {
					rt.Fatalf("validated otherwise than done: %s", diff)
				}
			}
			if len(records) == 0 && successes(response) > 0 && !mayWriteNothing(request) {
				rt.Fatalf("a success wrote nothing: %+v", response)
			}
			again := *n
			again.random = before
			if same, _ := again.decide(t, request); !cmp.Equal(encode(same), encode(records)) {
				rt.Fatal("the same request and randomness decide otherwise")
			}
			n.apply(t, records)
			checkImage(rt, n.view.Image)
		}
	})
}

func encode(records []metadata.Record) []string {
	var all []string
	for _, record := range records {
		all = append(all, string(metadata.Append(nil, record)))
	}
	return all
}

// mayWriteNothing: a topic's setting that is what it was already.
func mayWriteNothing(request kmsg.Request) bool {
	_, alters := request.(*kmsg.IncrementalAlterConfigsRequest)
	return alters
}

// codes are the error codes of a response, in order.
func codes(response kmsg.Response) []int16 {
	var all []int16
	switch r := response.(type) {
	case *kmsg.CreateTopicsResponse:
		for _, topic := range r.Topics {
			all = append(all, topic.ErrorCode)
		}
	case *kmsg.CreatePartitionsResponse:
		for _, topic := range r.Topics {
			all = append(all, topic.ErrorCode)
		}
	case *kmsg.DeleteTopicsResponse:
		for _, topic := range r.Topics {
			all = append(all, topic.ErrorCode)
		}
	case *kmsg.IncrementalAlterConfigsResponse:
		for _, resource := range r.Resources {
			all = append(all, resource.ErrorCode)
		}
	}
	return all
}

func successes(response kmsg.Response) int {
	count := 0
	for _, code := range codes(response) {
		if code == 0 {
			count++
		}
	}
	return count
}

// drawRequest draws a request, and the same one that is only to be validated:
// nil for a deletion, which cannot be.
func drawRequest(t *rapid.T, n *node) (request, dry kmsg.Request) {
	name := rapid.SampledFrom([]string{"a", "b", "a.b", "a_b", "", "x/y", "c"})
	switch rapid.IntRange(0, 3).Draw(t, "api") {
	case 0:
		r := kmsg.NewPtrCreateTopicsRequest()
		r.Version = 7
		for range rapid.IntRange(0, 3).Draw(t, "topics") {
			r.Topics = append(r.Topics, drawTopic(t, name.Draw(t, "name")))
		}
		validated := *r
		validated.ValidateOnly = true
		return r, &validated
	case 1:
		r := kmsg.NewPtrCreatePartitionsRequest()
		r.Version = 3
		for range rapid.IntRange(0, 3).Draw(t, "topics") {
			topic := kmsg.NewCreatePartitionsRequestTopic()
			topic.Topic = name.Draw(t, "name")
			topic.Count = rapid.Int32Range(-1, 8).Draw(t, "count")
			if rapid.IntRange(0, 3).Draw(t, "assigned") == 0 {
				assignment := kmsg.NewCreatePartitionsRequestTopicAssignment()
				assignment.Replicas = rapid.SliceOfN(rapid.Int32Range(0, 5), 0, 3).Draw(t, "to")
				topic.Assignment = append(topic.Assignment, assignment)
			}
			r.Topics = append(r.Topics, topic)
		}
		validated := *r
		validated.ValidateOnly = true
		return r, &validated
	case 2:
		r := kmsg.NewPtrDeleteTopicsRequest()
		r.Version = 6
		topic := kmsg.NewDeleteTopicsRequestTopic()
		chosen := name.Draw(t, "name")
		if found := n.view.Image.Topic(chosen); found != nil && rapid.Bool().Draw(t, "by id") {
			topic.TopicID = found.ID
		} else {
			topic.Topic = &chosen
		}
		r.Topics = append(r.Topics, topic)
		return r, nil
	}
	r := kmsg.NewPtrIncrementalAlterConfigsRequest()
	r.Version = 1
	resource := kmsg.NewIncrementalAlterConfigsRequestResource()
	resource.ResourceType = rapid.SampledFrom([]kmsg.ConfigResourceType{2, 32}).Draw(t, "type")
	resource.ResourceName = name.Draw(t, "name")
	setting := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
	setting.Name = rapid.SampledFrom([]string{"cleanup.policy", "retention.ms", "no",
		"consumer.session.timeout.ms"}).Draw(t, "key")
	setting.Op = kmsg.IncrementalAlterConfigOp(rapid.Int8Range(0, 4).Draw(t, "operation"))
	values := rapid.SampledFrom([]string{"compact", "5", "-5", "50000"})
	setting.Value = rapid.Ptr(values, true).Draw(t, "value")
	resource.Configs = append(resource.Configs, setting)
	r.Resources = append(r.Resources, resource)
	validated := *r
	validated.ValidateOnly = true
	return r, &validated
}

func drawTopic(t *rapid.T, name string) kmsg.CreateTopicsRequestTopic {
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic = name
	topic.NumPartitions = rapid.Int32Range(-2, 5).Draw(t, "partitions")
	topic.ReplicationFactor = rapid.Int16Range(-2, 5).Draw(t, "replicas")
	for range rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "assignments") {
		topic.NumPartitions, topic.ReplicationFactor = -1, -1
		assignment := kmsg.NewCreateTopicsRequestTopicReplicaAssignment()
		assignment.Partition = rapid.Int32Range(-1, 2).Draw(t, "partition")
		assignment.Replicas = rapid.SliceOfN(rapid.Int32Range(0, 5), 0, 3).Draw(t, "to")
		topic.ReplicaAssignment = append(topic.ReplicaAssignment, assignment)
	}
	if rapid.Bool().Draw(t, "configured") {
		setting := kmsg.NewCreateTopicsRequestTopicConfig()
		setting.Name = rapid.SampledFrom([]string{"retention.ms", "nonsense"}).Draw(t, "key")
		setting.Value = rapid.Ptr(rapid.SampledFrom([]string{"5", "x"}), true).Draw(t, "value")
		topic.Configs = append(topic.Configs, setting)
	}
	return topic
}

// checkImage states what must hold of every topic and partition.
func checkImage(t *rapid.T, img *image.Image) {
	partitions := 0
	for topic := range img.Topics() {
		if img.TopicByID(topic.ID) != topic || img.Topic(topic.Name) != topic {
			t.Fatalf("%s is not what its name and id lead to", topic.Name)
		}
		if controller.CheckTopicName(topic.Name) != "" || topic.PartitionCount() == 0 {
			t.Fatalf("topic %q has %d partitions", topic.Name, topic.PartitionCount())
		}
		for i, p := range topic.Partitions() {
			if problem := badPartition(img, p); problem != "" {
				t.Fatalf("%s-%d %s: %+v", topic.Name, i, problem, p)
			}
		}
		partitions += topic.PartitionCount()
	}
	if partitions != img.PartitionCount() {
		t.Fatalf("%d partitions, counted as %d", partitions, img.PartitionCount())
	}
	for resource, set := range img.Configs() {
		if resource.Type == metadata.TopicResource && img.Topic(resource.Name) == nil {
			t.Fatalf("%s is configured and does not exist", resource.Name)
		}
		if resource.Type == metadata.GroupResource && (resource.Name == "" ||
			len(set.Entries()) == 0 ||
			config.StaticLayers(&config.Static{}).CheckGroup(set) != nil) {
			t.Fatalf("group %q has the settings %v", resource.Name, set.Entries())
		}
	}
}

func badPartition(img *image.Image, p *image.Partition) string {
	seen := map[kafka.BrokerID]bool{}
	for _, id := range p.Replicas {
		if seen[id] {
			return fmt.Sprintf("has broker %d twice", id)
		}
		seen[id] = true
		if img.Broker(id) == nil {
			return fmt.Sprintf("is on broker %d, which is not there", id)
		}
	}
	for _, id := range p.ISR {
		if !seen[id] {
			return "has somebody in sync who is no replica"
		}
	}
	switch {
	case len(p.ISR) == 0:
		return "has nobody in sync"
	case !slices.Contains(p.ISR, p.Leader):
		return "is led by somebody who is not in sync"
	case len(p.Directories) != len(p.Replicas):
		return "has another number of directories than replicas"
	}
	return ""
}
