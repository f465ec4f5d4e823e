package broker

import (
	"slices"
	"testing"

	"odradek/core/batch"
	"odradek/core/kafka"
	"odradek/core/task"
)

// Who reads a whole log begins where it starts now, and meets each batch behind that
// once, also when the start moves meanwhile.
func TestEachBatch(t *testing.T) {
	c, _ := newGroupHall(t)
	h := c.hall
	for i := range kafka.Offset(5) {
		if code := c.commit(i); code != kafka.None {
			t.Fatal(code)
		}
	}
	topic := h.shard.routes.byName[kafka.ConsumerOffsetsTopic].id
	host := h.shard.hosts[kafka.TopicPartition{Topic: topic, Partition: groupPartition("readers", 2)}]
	read := func(meet func(batch.Batch) error) (err error) {
		h.loop.Spawn("read", func(t *task.Task) { err = eachBatch(t, host.Log, 0, meet) })
		h.settle()
		return err
	}
	var met []kafka.Offset
	note := func(b batch.Batch) error {
		met = append(met, b.BaseOffset())
		return nil
	}
	if err := read(note); err != nil || !slices.Equal(met, []kafka.Offset{0, 1, 2, 3, 4}) {
		t.Errorf("all: %v, %v", met, err)
	}
	if err := host.Log.DeleteRecords(3); err != nil {
		t.Fatal(err)
	}
	met = nil
	if err := read(note); err != nil || !slices.Equal(met, []kafka.Offset{3, 4}) {
		t.Errorf("after a deletion up to 3: %v, %v", met, err)
	}
}
