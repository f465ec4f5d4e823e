package image_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"odradek/controller/image"
	"odradek/controller/metadata"
	"odradek/core/kafka"
)

// at is a provenance that tests can tell apart.
func at(offset kafka.Offset) image.Provenance { return image.Provenance{LastOffset: offset} }

// apply makes the image that follows one.
func apply(t testing.TB, from *image.Image,
	records ...metadata.Record) (*image.Image, image.Changes) {
	t.Helper()
	delta := from.Begin()
	for _, record := range records {
		if err := delta.Apply(record); err != nil {
			t.Fatal(err)
		}
	}
	next, changes, err := delta.Finish(at(from.Provenance().LastOffset + 1))
	if err != nil {
		t.Fatal(err)
	}
	return next, changes
}

// bytesOf are an image's records as bytes: two images are equal when these are.
func bytesOf(img *image.Image) []string {
	var all []string
	for record := range img.Records() {
		all = append(all, fmt.Sprintf("%s %x", record.Key(), metadata.Append(nil, record)))
	}
	return all
}

func id(n byte) kafka.TopicID { return kafka.TopicID{0: 7, 15: n} }

func topic(name string, n byte) *metadata.TopicRecord {
	return &metadata.TopicRecord{Name: name, TopicID: id(n)}
}

func partition(n byte, p int32) *metadata.PartitionRecord {
	return &metadata.PartitionRecord{TopicID: id(n), PartitionID: kafka.Partition(p),
		Replicas: []kafka.BrokerID{1, 2}, ISR: []kafka.BrokerID{1, 2}, Leader: 1}
}

func set(kind metadata.ResourceType, resource, name, value string) *metadata.ConfigRecord {
	return &metadata.ConfigRecord{ResourceType: kind, ResourceName: resource, Name: name,
		Value: &value}
}

func TestOldImagesStay(t *testing.T) {
	first, _ := apply(t, image.Empty(), topic("a", 1), partition(1, 0))
	change := metadata.NewPartitionChange(id(1), 0)
	change.ISR, change.Leader = []kafka.BrokerID{2}, 2
	second, changes := apply(t, first, change, topic("b", 2), partition(2, 0), partition(2, 1))
	third, _ := apply(t, second, &metadata.RemoveTopicRecord{TopicID: id(1)})

	if first.TopicCount() != 1 || second.TopicCount() != 2 || third.TopicCount() != 1 {
		t.Fatal("an image changed")
	}
	if first.PartitionCount() != 1 || second.PartitionCount() != 3 || third.PartitionCount() != 2 {
		t.Fatal("partitions are counted wrong")
	}
	before := first.Partition(kafka.TopicPartition{Topic: id(1)})
	after := second.Partition(kafka.TopicPartition{Topic: id(1)})
	if before.Leader != 1 || before.LeaderEpoch != 0 || before.PartitionEpoch != 0 {
		t.Errorf("before: %+v", before)
	}
	if after.Leader != 2 || after.LeaderEpoch != 1 || after.PartitionEpoch != 1 ||
		!slices.Equal(after.ISR, []kafka.BrokerID{2}) || len(after.Replicas) != 2 {
		t.Errorf("after: %+v", after)
	}
	if len(changes.Topics) != 2 || changes.Topics[0].Old != first.Topic("a") ||
		changes.Topics[0].New != second.TopicByID(id(1)) || changes.Topics[1].Old != nil {
		t.Errorf("changes: %+v", changes)
	}
	if third.Topic("a") != nil || third.Topic("b") != second.Topic("b") {
		t.Error("what did not change is shared")
	}
}

func TestATopicTakesItsConfigurationAlong(t *testing.T) {
	first, _ := apply(t, image.Empty(), topic("a", 1), partition(1, 0),
		set(metadata.TopicResource, "a", "retention.ms", "5"))
	if value, ok := first.Config(image.TopicResource("a")).Get("retention.ms"); !ok || value != "5" {
		t.Fatal("the setting is lost")
	}
	second, changes := apply(t, first, &metadata.RemoveTopicRecord{TopicID: id(1)},
		topic("a", 2), partition(2, 0))
	if len(second.Config(image.TopicResource("a")).Entries()) != 0 {
		t.Error("the new topic has the old one's settings")
	}
	if second.Topic("a").ID != id(2) || second.TopicByID(id(1)) != nil || second.TopicCount() != 1 {
		t.Error("the name is not the new topic's")
	}
	if len(changes.Topics) != 2 || len(changes.Configs) != 1 {
		t.Errorf("changes: %+v", changes)
	}
}

func TestNamesThatCollide(t *testing.T) {
	img, _ := apply(t, image.Empty(), topic("a.b", 1), partition(1, 0), topic("plain", 2),
		partition(2, 0))
	for name, want := range map[string]string{"a_b": "a.b", "a.b": "a.b", "plain": "", "a-b": "",
		"a.c": ""} {
		if other, ok := img.Colliding(name); other != want || ok != (want != "") {
			t.Errorf("%s collides with %q", name, other)
		}
	}
	img, _ = apply(t, img, &metadata.RemoveTopicRecord{TopicID: id(1)})
	if _, ok := img.Colliding("a_b"); ok {
		t.Error("it collides with a topic that is gone")
	}
}

func TestTransactionsTakeEffectTogetherOrNot(t *testing.T) {
	base, _ := apply(t, image.Empty(), topic("a", 1), partition(1, 0))
	delta := base.Begin()
	steps := []metadata.Record{
		topic("kept", 2), partition(2, 0),
		&metadata.BeginTransactionRecord{},
		topic("dropped", 3), partition(3, 0),
		set(metadata.BrokerResource, "", "num.partitions", "3"),
		&metadata.RemoveTopicRecord{TopicID: id(1)},
		&metadata.AbortTransactionRecord{},
		&metadata.BeginTransactionRecord{},
		topic("dropped", 4), partition(4, 0),
		&metadata.EndTransactionRecord{},
	}
	for i, record := range steps {
		if err := delta.Apply(record); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		if open := i >= 2 && i < 7 || i >= 8 && i < 11; delta.InTransaction() != open {
			t.Fatalf("step %d: in a transaction: %v", i, !open)
		}
	}
	img, changes, err := delta.Finish(at(9))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for topic := range img.Topics() {
		names = append(names, topic.Name+" "+topic.ID.String())
	}
	want := []string{"a " + id(1).String(), "dropped " + id(4).String(), "kept " + id(2).String()}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	if len(changes.Topics) != 2 || len(changes.Configs) != 0 {
		t.Errorf("changes: %+v", changes)
	}
}

func TestContradictions(t *testing.T) {
	base, _ := apply(t, image.Empty(), topic("a", 1), partition(1, 0),
		&metadata.RegisterBrokerRecord{BrokerID: 1, BrokerEpoch: 5},
		&metadata.ProducerIDsRecord{NextProducerID: 1000})
	removal := &metadata.RemoveTopicRecord{TopicID: id(1)}
	beginning := &metadata.BeginTransactionRecord{}
	for name, records := range map[string][]metadata.Record{
		"the name is taken":          {topic("a", 2)},
		"the id is taken":            {topic("b", 1)},
		"no name":                    {topic("", 2)},
		"no id":                      {&metadata.TopicRecord{Name: "b"}},
		"a partition of nothing":     {partition(2, 0)},
		"a hole":                     {partition(1, 2)},
		"no index":                   {partition(1, -1)},
		"a huge index":               {partition(1, 1<<30)},
		"a change of nothing":        {metadata.NewPartitionChange(id(1), 7)},
		"removed twice":              {removal, removal},
		"an unknown broker":          {&metadata.UnregisterBrokerRecord{BrokerID: 2, BrokerEpoch: 5}},
		"another epoch":              {&metadata.FenceBrokerRecord{BrokerID: 1, BrokerEpoch: 4}},
		"producer ids go back":       {&metadata.ProducerIDsRecord{NextProducerID: 999}},
		"an end without a beginning": {&metadata.EndTransactionRecord{}},
		"an abort without one":       {&metadata.AbortTransactionRecord{}},
		"two beginnings":             {beginning, beginning},
		"no end":                     {&metadata.BeginTransactionRecord{}},
	} {
		delta := base.Begin()
		var err error
		for _, record := range records {
			if err == nil {
				err = delta.Apply(record)
			}
		}
		if err == nil {
			_, _, err = delta.Finish(at(1))
		}
		if err == nil {
			t.Errorf("%s: nothing was said", name)
		}
	}
}

func TestBrokersChange(t *testing.T) {
	dirs := []metadata.UUID{{1}}
	img, _ := apply(t, image.Empty(),
		&metadata.RegisterBrokerRecord{BrokerID: 3, BrokerEpoch: 9, Fenced: true, LogDirs: dirs})
	if img.Broker(3).Active() {
		t.Error("a fenced broker is active")
	}
	img, changes := apply(t, img, &metadata.UnfenceBrokerRecord{BrokerID: 3, BrokerEpoch: 9})
	if !img.Broker(3).Active() || !slices.Equal(changes.Brokers, []kafka.BrokerID{3}) {
		t.Error("the fence was not lifted")
	}
	img, _ = apply(t, img, &metadata.BrokerRegistrationChangeRecord{BrokerID: 3, BrokerEpoch: 9,
		InControlledShutdown: metadata.Set, CordonedLogDirs: dirs})
	b := img.Broker(3)
	if b.Active() || b.Fenced || len(b.CordonedLogDirs) != 1 || len(b.LogDirs) != 1 {
		t.Errorf("%+v", b)
	}
	img, _ = apply(t, img, &metadata.UnregisterBrokerRecord{BrokerID: 3, BrokerEpoch: 9})
	if img.BrokerCount() != 0 {
		t.Error("the broker is still there")
	}
}

// world draws records that fit an image, and some images on the way.
type world struct {
	img  *image.Image
	next byte
}

func (w *world) draw(t *rapid.T) []metadata.Record {
	name := rapid.SampledFrom([]string{"a", "b", "a.b", "a_b", "c.d"}).Draw(t, "name")
	existing := w.img.Topic(name)
	value := strconv.Itoa(rapid.IntRange(0, 9).Draw(t, "value"))
	switch kind := rapid.IntRange(0, 8).Draw(t, "kind"); {
	case kind <= 2 && existing == nil:
		w.next++
		records := []metadata.Record{topic(name, w.next)}
		for p := range rapid.IntRange(0, 3).Draw(t, "partitions") {
			records = append(records, partition(w.next, int32(p)))
		}
		return records
	case kind == 1 && existing != nil:
		return []metadata.Record{&metadata.RemoveTopicRecord{TopicID: existing.ID}}
	case kind == 2 && existing != nil:
		return []metadata.Record{&metadata.PartitionRecord{TopicID: existing.ID,
			PartitionID: kafka.Partition(existing.PartitionCount()), Replicas: []kafka.BrokerID{1},
			ISR: []kafka.BrokerID{1}, Leader: 1}}
	case kind == 3 && existing != nil && existing.PartitionCount() > 0:
		change := metadata.NewPartitionChange(existing.ID, 0)
		change.ELR = []kafka.BrokerID{2}
		change.Leader = kafka.BrokerID(rapid.IntRange(-2, 3).Draw(t, "leader"))
		return []metadata.Record{change}
	case kind == 4:
		return []metadata.Record{set(metadata.TopicResource, name, "k"+value, value)}
	case kind == 5:
		return []metadata.Record{&metadata.ConfigRecord{ResourceType: metadata.TopicResource,
			ResourceName: name, Name: "k" + value}}
	case kind == 6:
		return []metadata.Record{&metadata.RegisterBrokerRecord{BrokerID: kafka.BrokerID(w.next % 3),
			BrokerEpoch: kafka.BrokerEpoch(w.next), Fenced: value > "5"}}
	case kind == 7:
		return []metadata.Record{&metadata.ProducerIDsRecord{
			NextProducerID: w.img.NextProducerID() + 1000}}
	}
	return []metadata.Record{&metadata.FeatureLevelRecord{Name: "f" + value, Level: int16(w.next % 3)}}
}

// TestLoadingASnapshotGivesTheImage is the law of snapshots, and on the way that
// nothing changes an image once it is there and that the index of names agrees
// with that of ids.
func TestLoadingASnapshotGivesTheImage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := world{img: image.Empty()}
		var images []*image.Image
		var prints [][]string
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			delta := w.img.Begin()
			for _, record := range w.draw(t) {
				if err := delta.Apply(record); err != nil {
					t.Fatal(err)
				}
			}
			next, _, err := delta.Finish(at(kafka.Offset(len(images))))
			if err != nil {
				t.Fatal(err)
			}
			w.img = next
			images, prints = append(images, next), append(prints, bytesOf(next))
		}
		loaded, err := image.Load(w.img.Records(), w.img.Provenance())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(bytesOf(w.img), bytesOf(loaded)); diff != "" {
			t.Fatal(diff)
		}
		if loaded.PartitionCount() != w.img.PartitionCount() {
			t.Fatal("partitions are counted differently")
		}
		for i, img := range images {
			if diff := cmp.Diff(prints[i], bytesOf(img)); diff != "" {
				t.Fatalf("image %d changed: %s", i, diff)
			}
			for topic := range img.Topics() {
				if img.TopicByID(topic.ID) != topic {
					t.Fatalf("image %d: %s by name and by id differ", i, topic.Name)
				}
			}
		}
	})
}

func TestEligibleLeaderReplicasCanBeForgotten(t *testing.T) {
	withELR := func(n byte) *metadata.PartitionRecord {
		p := partition(n, 0)
		p.ELR, p.LastKnownELR = []kafka.BrokerID{2}, []kafka.BrokerID{1}
		return p
	}
	base, _ := apply(t, image.Empty(), topic("a", 1), withELR(1), topic("b", 2), withELR(2),
		&metadata.ZkMigrationStateRecord{}, &metadata.NoOpRecord{})
	one, changes := apply(t, base, &metadata.ClearELRRecord{TopicName: "a"})
	if one.Topic("a").Partition(0).ELR != nil || one.Topic("b").Partition(0).ELR == nil ||
		len(changes.Topics) != 1 {
		t.Errorf("one topic: %+v", changes)
	}
	all, _ := apply(t, base, &metadata.ClearELRRecord{})
	if all.Topic("a").Partition(0).LastKnownELR != nil || all.Topic("b").Partition(0).ELR != nil {
		t.Error("all topics: somebody is left")
	}
	delta := base.Begin()
	if err := delta.Apply(&metadata.ClearELRRecord{TopicName: "c"}); err == nil {
		t.Error("a topic that does not exist was cleared")
	}
}

func TestIterationCanBeginAnywhereAndEndEarly(t *testing.T) {
	img, _ := apply(t, image.Empty(), topic("b", 1), partition(1, 0), topic("a", 2), partition(2, 0),
		topic("c", 3), partition(3, 0), &metadata.RegisterBrokerRecord{BrokerID: 2},
		&metadata.RegisterBrokerRecord{BrokerID: 1}, &metadata.RegisterControllerRecord{ControllerID: 1},
		&metadata.FeatureLevelRecord{Name: "f", Level: 1}, &metadata.FeatureLevelRecord{
			Name: "metadata.version", Level: 30}, set(metadata.TopicResource, "a", "k", "1"),
		set(metadata.BrokerResource, "", "k", "1"), &metadata.ProducerIDsRecord{NextProducerID: 5})
	var names []string
	for topic := range img.TopicsFrom("b") {
		names = append(names, topic.Name)
	}
	if !slices.Equal(names, []string{"b", "c"}) {
		t.Error(names)
	}
	whole := bytesOf(img)
	for stop := range whole {
		seen := 0
		for range img.Records() {
			if seen++; seen > stop {
				break
			}
		}
		if seen != stop+1 {
			t.Fatalf("%d records before the end at %d", seen, stop)
		}
	}
	for broker := range img.Brokers() {
		if broker.ID != 1 {
			t.Error("the brokers are not in order")
		}
		break
	}
}
