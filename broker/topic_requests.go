package broker

import (
	"odradek/controller"
	"odradek/controller/image"
	"odradek/controller/metadata"
	"odradek/core/kafka"
	"odradek/core/task"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// The APIs here change or describe metadata: package controller decides, this
// file only brings the decision into effect and answers. An answer is given
// once every shard has taken the change in, so a client that creates a topic
// and produces to it at once finds it.
//
// CreateTopics (19), DeleteTopics (20), CreatePartitions (37), AlterConfigs
// (33), IncrementalAlterConfigs (44), DescribeConfigs (32), ListConfigResources
// (74), DescribeTopicPartitions (75), DescribeCluster (60): see the functions of package controller
// for behaviour and versions.

// view is what package controller decides on.
func (s *Shard) view(now *image.Image) controller.View {
	return controller.View{ClusterID: s.identity.clusterID, NodeID: s.node.NodeID,
		Static: s.static, Image: now}
}

func (s *Shard) createTopics(t *task.Task, q *kmsg.CreateTopicsRequest) kmsg.Response {
	var response *kmsg.CreateTopicsResponse
	err := s.change(t, "create topics", func(v controller.View, ids controller.Random) (
		records []metadata.Record) {
		records, response = controller.CreateTopics(v, q, ids)
		return records
	})
	if response == nil {
		return nil // the node is stopping
	}
	if err != nil {
		for i := range response.Topics {
			notWritten(&response.Topics[i].ErrorCode)
		}
	}
	return response
}

// createAutomatically makes topics that a Metadata request asked for in vain,
// and returns what to answer for each meanwhile.
func (s *Shard) createAutomatically(t *task.Task, names []string, allowed bool) []kafka.ErrorCode {
	var codes []kafka.ErrorCode
	// What can't be written now is not there when the client asks again.
	_ = s.change(t, "create topics automatically", func(v controller.View,
		ids controller.Random) (records []metadata.Record) {
		records, codes = controller.AutoCreateTopics(v, names, allowed, ids)
		return records
	})
	return codes
}

func (s *Shard) deleteTopics(t *task.Task, q *kmsg.DeleteTopicsRequest) kmsg.Response {
	var response *kmsg.DeleteTopicsResponse
	err := s.change(t, "delete topics", func(v controller.View, _ controller.Random) (
		records []metadata.Record) {
		records, response = controller.DeleteTopics(v, q)
		return records
	})
	if response == nil {
		return nil // the node is stopping
	}
	if err != nil {
		for i := range response.Topics {
			notWritten(&response.Topics[i].ErrorCode)
		}
	}
	return response
}

func (s *Shard) createPartitions(t *task.Task, q *kmsg.CreatePartitionsRequest) kmsg.Response {
	var response *kmsg.CreatePartitionsResponse
	err := s.change(t, "create partitions", func(v controller.View, ids controller.Random) (
		records []metadata.Record) {
		records, response = controller.CreatePartitions(v, q, ids)
		return records
	})
	if response == nil {
		return nil // the node is stopping
	}
	if err != nil {
		for i := range response.Topics {
			notWritten(&response.Topics[i].ErrorCode)
		}
	}
	return response
}

func (s *Shard) alterConfigs(t *task.Task, q *kmsg.AlterConfigsRequest) kmsg.Response {
	var response *kmsg.AlterConfigsResponse
	err := s.change(t, "alter configs", func(v controller.View, _ controller.Random) (
		records []metadata.Record) {
		records, response = controller.AlterConfigs(v, q)
		return records
	})
	if response == nil {
		return nil // the node is stopping
	}
	if err != nil {
		for i := range response.Resources {
			notWritten(&response.Resources[i].ErrorCode)
		}
	}
	return response
}

func (s *Shard) incrementalAlterConfigs(t *task.Task,
	q *kmsg.IncrementalAlterConfigsRequest) kmsg.Response {
	var response *kmsg.IncrementalAlterConfigsResponse
	err := s.change(t, "alter configs", func(v controller.View, _ controller.Random) (
		records []metadata.Record) {
		records, response = controller.IncrementalAlterConfigs(v, q)
		return records
	})
	if response == nil {
		return nil // the node is stopping
	}
	if err != nil {
		for i := range response.Resources {
			notWritten(&response.Resources[i].ErrorCode)
		}
	}
	return response
}

func (s *Shard) describeConfigs(q *kmsg.DescribeConfigsRequest) kmsg.Response {
	return controller.DescribeConfigs(s.view(s.image), q)
}

func (s *Shard) listConfigResources(q *kmsg.ListConfigResourcesRequest) kmsg.Response {
	return controller.ListConfigResources(s.view(s.image), q)
}

func (s *Shard) describeTopicPartitions(q *kmsg.DescribeTopicPartitionsRequest) kmsg.Response {
	return controller.DescribeTopicPartitions(s.view(s.image), q)
}

func (s *Shard) describeCluster(q *request, body *kmsg.DescribeClusterRequest) kmsg.Response {
	response := controller.DescribeCluster(s.view(s.image), body, q.session.listener)
	for i := range response.Brokers {
		response.Brokers[i].Host = q.session.reachable(response.Brokers[i].Host)
	}
	return response
}

// notWritten answers for one part of a change whose records could not be written.
// A part that was refused before keeps its own error.
func notWritten(code *int16) {
	if *code == int16(kafka.None) {
		*code = int16(kafka.ErrKafkaStorageError)
	}
}
