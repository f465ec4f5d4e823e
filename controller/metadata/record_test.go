package metadata_test

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"odradek/controller/metadata"
	"odradek/core/kafka"
)

func brokers() *rapid.Generator[[]kafka.BrokerID] {
	return rapid.SliceOfN(rapid.Map(rapid.Int32(), func(n int32) kafka.BrokerID {
		return kafka.BrokerID(n)
	}), 0, 4)
}

// optional is a list of brokers, or nil for unchanged.
func optional() *rapid.Generator[[]kafka.BrokerID] {
	return rapid.Custom(func(t *rapid.T) []kafka.BrokerID {
		if rapid.Bool().Draw(t, "nil") {
			return nil
		}
		return append([]kafka.BrokerID{}, brokers().Draw(t, "ids")...)
	})
}

func uuids() *rapid.Generator[[]metadata.UUID] {
	return rapid.SliceOfN(rapid.Map(rapid.Byte(), func(n byte) metadata.UUID {
		return metadata.UUID{3: n}
	}), 0, 3)
}

func text() *rapid.Generator[string] {
	return rapid.OneOf(rapid.StringN(0, 20, 60), rapid.Just(strings.Repeat("x", 200)))
}

func pointer() *rapid.Generator[*string] { return rapid.Ptr(text(), true) }

func change() *rapid.Generator[metadata.Change] {
	return rapid.SampledFrom([]metadata.Change{metadata.Clear, metadata.Unchanged, metadata.Set})
}

func topicID(t *rapid.T) kafka.TopicID {
	var id kafka.TopicID
	binary.BigEndian.PutUint64(id[:], rapid.Uint64().Draw(t, "id"))
	return id
}

// drawRecord draws any record with anything in it.
func drawRecord(t *rapid.T) metadata.Record {
	epoch := kafka.BrokerEpoch(rapid.Int64().Draw(t, "epoch"))
	id := kafka.BrokerID(rapid.Int32().Draw(t, "broker"))
	switch rapid.IntRange(0, 17).Draw(t, "kind") {
	case 0:
		return &metadata.TopicRecord{Name: text().Draw(t, "name"), TopicID: topicID(t)}
	case 1:
		return &metadata.RemoveTopicRecord{TopicID: topicID(t)}
	case 2:
		return drawPartition(t)
	case 3:
		return drawPartitionChange(t)
	case 4:
		return &metadata.ClearELRRecord{TopicName: text().Draw(t, "name")}
	case 5:
		return drawBroker(t, id, epoch)
	case 6:
		return &metadata.UnregisterBrokerRecord{BrokerID: id, BrokerEpoch: epoch}
	case 7:
		return &metadata.BrokerRegistrationChangeRecord{BrokerID: id, BrokerEpoch: epoch,
			Fenced: change().Draw(t, "fenced"), InControlledShutdown: change().Draw(t, "shutdown"),
			LogDirs: uuids().Draw(t, "dirs"), CordonedLogDirs: uuids().Draw(t, "cordoned")}
	case 8:
		return &metadata.FenceBrokerRecord{BrokerID: id, BrokerEpoch: epoch}
	case 9:
		return &metadata.UnfenceBrokerRecord{BrokerID: id, BrokerEpoch: epoch}
	case 10:
		return &metadata.RegisterControllerRecord{ControllerID: id,
			IncarnationID: metadata.UUID(topicID(t)), Endpoints: []metadata.Endpoint{{Name: "C",
				Host: text().Draw(t, "host"), Port: rapid.Uint16().Draw(t, "port"), Protocol: 2}}}
	case 11:
		return &metadata.FeatureLevelRecord{Name: text().Draw(t, "name"),
			Level: rapid.Int16().Draw(t, "level")}
	case 12:
		return &metadata.ConfigRecord{ResourceType: metadata.ResourceType(rapid.Int8().Draw(t, "type")),
			ResourceName: text().Draw(t, "resource"), Name: text().Draw(t, "name"),
			Value: pointer().Draw(t, "value")}
	case 13:
		return &metadata.ProducerIDsRecord{BrokerID: id, BrokerEpoch: epoch,
			NextProducerID: kafka.ProducerID(rapid.Int64().Draw(t, "next"))}
	case 14:
		return &metadata.BeginTransactionRecord{Name: pointer().Draw(t, "name")}
	case 15:
		return &metadata.AbortTransactionRecord{Reason: pointer().Draw(t, "reason")}
	case 16:
		return &metadata.ZkMigrationStateRecord{State: rapid.Int8().Draw(t, "state")}
	}
	return rapid.SampledFrom([]metadata.Record{&metadata.NoOpRecord{},
		&metadata.EndTransactionRecord{}}).Draw(t, "record")
}

func drawPartition(t *rapid.T) metadata.Record {
	return &metadata.PartitionRecord{PartitionID: kafka.Partition(rapid.Int32().Draw(t, "p")),
		TopicID: topicID(t), Replicas: brokers().Draw(t, "replicas"), ISR: brokers().Draw(t, "isr"),
		RemovingReplicas: brokers().Draw(t, "removing"), AddingReplicas: brokers().Draw(t, "adding"),
		Leader:         kafka.BrokerID(rapid.Int32().Draw(t, "leader")),
		RecoveryState:  metadata.LeaderRecoveryState(rapid.Int8Range(0, 1).Draw(t, "recovery")),
		LeaderEpoch:    kafka.LeaderEpoch(rapid.Int32().Draw(t, "leader epoch")),
		PartitionEpoch: kafka.PartitionEpoch(rapid.Int32().Draw(t, "partition epoch")),
		Directories:    uuids().Draw(t, "directories"), ELR: optional().Draw(t, "elr"),
		LastKnownELR: optional().Draw(t, "last")}
}

func drawPartitionChange(t *rapid.T) metadata.Record {
	r := metadata.NewPartitionChange(topicID(t), kafka.Partition(rapid.Int32().Draw(t, "p")))
	r.ISR, r.Replicas = optional().Draw(t, "isr"), optional().Draw(t, "replicas")
	r.RemovingReplicas = optional().Draw(t, "removing")
	r.AddingReplicas = optional().Draw(t, "adding")
	r.Leader = kafka.BrokerID(rapid.Int32().Draw(t, "leader"))
	r.RecoveryState = metadata.LeaderRecoveryState(rapid.Int8Range(-1, 1).Draw(t, "recovery"))
	r.ELR, r.LastKnownELR = optional().Draw(t, "elr"), optional().Draw(t, "last")
	if rapid.Bool().Draw(t, "directories") {
		r.Directories = append([]metadata.UUID{}, uuids().Draw(t, "dirs")...)
	}
	return r
}

func drawBroker(t *rapid.T, id kafka.BrokerID, epoch kafka.BrokerEpoch) metadata.Record {
	return &metadata.RegisterBrokerRecord{BrokerID: id, BrokerEpoch: epoch,
		IncarnationID: metadata.UUID(topicID(t)), Rack: pointer().Draw(t, "rack"),
		Endpoints: []metadata.Endpoint{{Name: text().Draw(t, "name"), Host: "h", Port: 65535}},
		Features:  []metadata.Feature{{Name: "metadata.version", Min: 7, Max: 30}},
		Fenced:    rapid.Bool().Draw(t, "fenced"), IsMigratingZkBroker: rapid.Bool().Draw(t, "zk"),
		InControlledShutdown: rapid.Bool().Draw(t, "shutdown"), LogDirs: uuids().Draw(t, "dirs"),
		CordonedLogDirs: uuids().Draw(t, "cordoned")}
}

// sameBytes compares records by what they write: an empty list that may not be
// null is the same as none.
func sameBytes(t *rapid.T, a, b metadata.Record) {
	if diff := cmp.Diff(metadata.Append(nil, a), metadata.Append(nil, b)); diff != "" {
		t.Fatalf("%#v\n%#v\n%s", a, b, diff)
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		record := drawRecord(t)
		written := metadata.Append([]byte("before"), record)
		read, err := metadata.Parse(written[len("before"):])
		if err != nil {
			t.Fatal(err)
		}
		if read.Key() != record.Key() || read.Version() != record.Version() {
			t.Fatalf("%s v%d became %s v%d", record.Key(), record.Version(), read.Key(), read.Version())
		}
		sameBytes(t, record, read)
	})
}

// TestDamagedBytesAreRefusedOrRead cuts and changes records: whatever comes of
// it is a record or an error, never a panic, and never much memory.
func TestDamagedBytesAreRefusedOrRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		written := metadata.Append(nil, drawRecord(t))
		cut := written[:rapid.IntRange(0, len(written)-1).Draw(t, "cut")]
		if read, err := metadata.Parse(cut); err == nil {
			t.Fatalf("%d of %d bytes are a %s", len(cut), len(written), read.Key())
		}
		for range rapid.IntRange(1, 3).Draw(t, "changes") {
			at := rapid.IntRange(0, len(written)-1).Draw(t, "at")
			written[at] = rapid.Byte().Draw(t, "byte")
		}
		if read, err := metadata.Parse(written); err == nil {
			if again, err := metadata.Parse(metadata.Append(nil, read)); err != nil {
				t.Fatalf("%v: %#v", err, again)
			}
		} else if !errors.Is(err, metadata.ErrMalformed) && !errors.Is(err, metadata.ErrUnknownRecord) {
			t.Fatal(err)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte{1, 20, 0, 0})
	f.Add([]byte{1, 3, 2, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, value []byte) {
		if record, err := metadata.Parse(value); err == nil {
			metadata.Append(nil, record)
		}
		if control, err := metadata.ParseControl([]byte{0, 0, 0, 6}, value); err == nil {
			metadata.AppendControl(nil, control)
		}
	})
}

func TestBadRecords(t *testing.T) {
	partition := metadata.Append(nil, &metadata.PartitionRecord{Replicas: []kafka.BrokerID{1}})
	huge := append([]byte{}, partition[:3+4+16]...)
	huge = append(huge, 0xff, 0xff, 0xff, 0xff, 0x0f)
	malformed, unknown := metadata.ErrMalformed, metadata.ErrUnknownRecord
	zeros := make([]byte, 17)
	for name, c := range map[string]struct {
		value []byte
		want  error
	}{
		"nothing":                  {nil, malformed},
		"another frame":            {[]byte{0, 20, 0, 0}, malformed},
		"an unknown key":           {[]byte{1, 99, 0, 0}, unknown},
		"a huge key":               {[]byte{1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0}, unknown},
		"a key beyond 32 bits":     {[]byte{1, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0}, malformed},
		"a newer version":          {[]byte{1, 20, 1, 0}, unknown},
		"bytes too many":           {[]byte{1, 20, 0, 0, 0}, malformed},
		"a null name":              {append([]byte{1, 2, 0, 0}, zeros...), malformed},
		"a name that is not UTF-8": {append([]byte{1, 2, 0, 2, 0xff}, zeros...), malformed},
		"4 G of replicas":          {huge, malformed},
		"tags that go back":        {[]byte{1, 20, 0, 2, 5, 0, 4, 0}, malformed},
		"4 G of tags":              {[]byte{1, 20, 0, 0xff, 0xff, 0xff, 0xff, 0x0f}, malformed},
	} {
		if _, err := metadata.Parse(c.value); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if record, err := metadata.Parse([]byte{1, 20, 0, 1, 9, 2, 1, 2}); err != nil {
		t.Errorf("an unknown tag is skipped: %v %v", record, err)
	}
}

func TestControlRecords(t *testing.T) {
	voter := metadata.Voter{ID: 3, DirectoryID: metadata.UUID{1}}
	for _, control := range []metadata.Control{
		&metadata.LeaderChange{LeaderID: 3, Voters: []metadata.Voter{voter}},
		&metadata.LeaderChange{LeaderID: 3, Voters: []metadata.Voter{{ID: 3}}},
		&metadata.SnapshotHeader{LastContainedLogTimestamp: 5},
		&metadata.SnapshotFooter{},
		&metadata.KRaftVersion{Level: 1},
		&metadata.Voters{Voters: []metadata.VoterNode{{Voter: voter, KRaftMax: 1,
			Endpoints: []metadata.Endpoint{{Name: "C", Host: "h", Port: 9093}}}}},
	} {
		key, value := metadata.AppendControlKey(nil, control), metadata.AppendControl(nil, control)
		read, err := metadata.ParseControl(key, value)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(value, metadata.AppendControl(nil, read)); diff != "" {
			t.Error(diff)
		}
		for cut := range value {
			if _, err := metadata.ParseControl(key, value[:cut]); err == nil {
				t.Errorf("%T: %d of %d bytes are enough", control, cut, len(value))
			}
		}
		value[1] = 9
		if _, err := metadata.ParseControl(key, value); !errors.Is(err, metadata.ErrUnknownRecord) {
			t.Errorf("%T of version 9: %v", control, err)
		}
	}
	for _, key := range [][]byte{nil, {0, 0, 0}, {0, 0, 0, 1}, {0, 0, 0, 99}} {
		if _, err := metadata.ParseControl(key, []byte{0, 0, 0}); err == nil {
			t.Errorf("key %x was taken", key)
		}
	}
}
