package oracle

import (
	"fmt"
	"testing"
	"time"

	"odradek/broker"
	"odradek/controller/config"
	"odradek/core/batch"
	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/sim"
	"odradek/sim/client"
	"odradek/sim/disk"

	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	// slowSync is how long this disk takes to make anything durable.
	slowSync = time.Second
	// overdueMillis is what a producer waits: long enough for the append, and far
	// from enough for the flush.
	overdueMillis     = 200
	overduePartitions = 6
)

// A Produce that is not acknowledged in time is answered with the base offset of
// what was appended, as Kafka answers it, also when some of its partitions are on
// other shards than its connection.
func TestATimedOutProduceTellsItsBaseOffset(t *testing.T) {
	for _, shards := range []int{1, 3} {
		t.Run(fmt.Sprintf("shards=%d", shards), func(t *testing.T) {
			onSlowDisk(t, shards, func(on *task.Task, call func(kmsg.Request) kmsg.Response) {
				topic := createOverdue(t, call)
				for round := range int64(2) {
					for partition, p := range produceOverdue(call, topic, overdueMillis) {
						if kafka.ErrorCode(p.ErrorCode) != kafka.ErrRequestTimedOut ||
							p.BaseOffset != round || p.LogStartOffset != 0 {
							t.Errorf("round %d, partition %d: %s, base offset %d, log start %d", round,
								partition, kafka.ErrorCode(p.ErrorCode), p.BaseOffset, p.LogStartOffset)
						}
					}
				}
				// What was told holds: the records are there, and the next ones follow.
				for partition, p := range produceOverdue(call, topic, 600_000) {
					if p.ErrorCode != 0 || p.BaseOffset != 2 {
						t.Errorf("with patience, partition %d: %s, base offset %d", partition,
							kafka.ErrorCode(p.ErrorCode), p.BaseOffset)
					}
				}
			})
		})
	}
}

// onSlowDisk boots a broker whose disk is slow, and runs body on a client.
func onSlowDisk(t *testing.T, shards int,
	body func(on *task.Task, call func(kmsg.Request) kmsg.Response)) {
	t.Helper()
	static, _, err := config.Load(config.Sources{
		Flags: []config.Entry{{Name: config.Listeners, Value: "PLAINTEXT://" + brokerAddress}}})
	if err != nil {
		t.Fatal(err)
	}
	slow := disk.DefaultConfig()
	slow.Sync, slow.Through = slowSync, slowSync
	world := sim.New(sim.Config{Seed: 1, Disk: slow})
	serves, done := false, false
	world.AddNode(brokerName, shards, func(w *env.World) {
		broker.Boot(w, broker.Config{Static: static,
			Ready: func([]config.Listener, broker.Report) { serves = true }})
	})
	world.AddClient("client", func(w *env.World) {
		w.Loop.Spawn("produce", func(on *task.Task) {
			defer func() { done = true }()
			for !serves {
				on.Sleep(bootPoll)
			}
			stamps := int64(0)
			conn, err := client.Dial(on, client.Options{World: w, ClientID: "test",
				Stamp:    func() int64 { stamps++; return stamps },
				Complain: func(sentence string) { t.Error(sentence) },
			}, brokerAddress, on.Now().Plus(dialPatience))
			if err != nil {
				t.Error(err)
				return
			}
			body(on, func(r kmsg.Request) kmsg.Response {
				_, response, err := conn.Call(on, r, on.Now().Plus(patience/2))
				if err != nil {
					t.Error(err)
				}
				return response
			})
		})
	})
	ended := world.RunWhile(world.Now().Plus(patience), func() bool { return !done })
	if report := world.Close(); report.Failure != nil || !ended {
		t.Fatalf("ended %v, %s", ended, report)
	}
}

func createOverdue(t *testing.T, call func(kmsg.Request) kmsg.Response) kafka.TopicID {
	create := kmsg.NewPtrCreateTopicsRequest()
	create.SetVersion(7)
	create.TimeoutMillis = 600_000
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = "overdue", overduePartitions, 1
	create.Topics = append(create.Topics, topic)
	answer := call(create).(*kmsg.CreateTopicsResponse)
	if code := answer.Topics[0].ErrorCode; code != 0 {
		t.Errorf("create the topic: %s", kafka.ErrorCode(code))
	}
	return kafka.TopicID(answer.Topics[0].TopicID)
}

// produceOverdue writes a record to every partition, in one request.
func produceOverdue(
	call func(kmsg.Request) kmsg.Response, id kafka.TopicID, timeoutMillis int32,
) []kmsg.ProduceResponseTopicPartition {
	produce := kmsg.NewPtrProduceRequest()
	produce.SetVersion(13)
	produce.Acks, produce.TimeoutMillis = -1, timeoutMillis
	topic := kmsg.NewProduceRequestTopic()
	topic.TopicID = id
	shape := client.Shape{Records: 1, ValueBytes: 40}
	b, _ := client.Build(new(batch.Codecs), client.Origin{}, shape, client.Anonymous())
	for i := range int32(overduePartitions) {
		p := kmsg.NewProduceRequestTopicPartition()
		p.Partition, p.Records = i, b
		topic.Partitions = append(topic.Partitions, p)
	}
	produce.Topics = append(produce.Topics, topic)
	return call(produce).(*kmsg.ProduceResponse).Topics[0].Partitions
}
