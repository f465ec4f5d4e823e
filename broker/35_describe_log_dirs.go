package broker

import (
	"odradek/controller/image"
	"odradek/core/kafka"
	"odradek/core/task"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// DescribeLogDirs (key 35) tells how large each partition is and how much room
// the log directory has.
//
// Versions: 3 a top-level error (KIP-784); 4 the room in all and free (KIP-827);
// 5 cordoned directories (KIP-1066), which there are none of.
func (s *Shard) describeLogDirs(t *task.Task, q *kmsg.DescribeLogDirsRequest) kmsg.Response {
	response := kmsg.NewPtrDescribeLogDirsResponse()
	dir := kmsg.NewDescribeLogDirsResponseDir()
	dir.Dir = s.node.LogDir
	free, total := s.world.Disk.Space()
	dir.TotalBytes, dir.UsableBytes = total, free

	var ids []kafka.TopicPartition
	var topics []int
	add := func(topic *image.Topic, p kafka.Partition) {
		if topic.Partition(p) == nil {
			return
		}
		last := len(dir.Topics) - 1
		if last < 0 || dir.Topics[last].Topic != topic.Name {
			answer := kmsg.NewDescribeLogDirsResponseDirTopic()
			answer.Topic = topic.Name
			dir.Topics = append(dir.Topics, answer)
			last++
		}
		ids = append(ids, kafka.TopicPartition{Topic: topic.ID, Partition: p})
		topics = append(topics, last)
	}
	s.eachAsked(q, add)
	sizes := make([]int64, len(ids))
	s.atPartitions(t, "DescribeLogDirs", ids, func(_ *task.Task, host *partition, i int) {
		sizes[i] = -1
		if host != nil {
			sizes[i] = host.Log.SizeBytes()
		}
	})
	for i, size := range sizes {
		if size < 0 {
			continue
		}
		place := kmsg.NewDescribeLogDirsResponseDirTopicPartition()
		place.Partition, place.Size = int32(ids[i].Partition), size
		answer := &dir.Topics[topics[i]]
		answer.Partitions = append(answer.Partitions, place)
	}
	response.Dirs = append(response.Dirs, dir)
	return response
}

// eachAsked calls use for every partition that the request asks for; null asks
// for all.
func (s *Shard) eachAsked(q *kmsg.DescribeLogDirsRequest, use func(*image.Topic, kafka.Partition)) {
	if q.Topics == nil {
		for topic := range s.image.Topics() {
			for p := range topic.Partitions() {
				use(topic, kafka.Partition(p))
			}
		}
		return
	}
	for _, asked := range q.Topics {
		if topic := s.image.Topic(asked.Topic); topic != nil {
			named := map[int32]bool{}
			for _, p := range asked.Partitions {
				if !named[p] {
					named[p] = true
					use(topic, kafka.Partition(p))
				}
			}
		}
	}
}
