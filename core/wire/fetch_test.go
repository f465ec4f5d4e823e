package wire

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"odradek/core/kafka"
)

func kafkaVersion(version int16) string { return fmt.Sprintf("v%d", version) }

// fetchAsKmsg says in kmsg's words what we parsed.
func fetchAsKmsg(r *FetchRequest, version int16) *kmsg.FetchRequest {
	out := kmsg.NewPtrFetchRequest()
	out.Version = version
	out.ClusterID = stringOrNil(r.ClusterID)
	if version >= 15 {
		out.ReplicaState.ID = int32(r.ReplicaID)
		out.ReplicaState.Epoch = int64(r.ReplicaEpoch)
	} else {
		out.ReplicaID = int32(r.ReplicaID)
	}
	out.MaxWaitMillis, out.MinBytes, out.MaxBytes = r.MaxWaitMillis, r.MinBytes, r.MaxBytes
	out.IsolationLevel = r.IsolationLevel
	out.SessionID, out.SessionEpoch = r.SessionID, r.SessionEpoch
	for _, topic := range r.Topics {
		t := kmsg.NewFetchRequestTopic()
		t.Topic, t.TopicID = string(topic.Name), topic.TopicID
		for _, partition := range topic.Partitions {
			t.Partitions = append(t.Partitions, kmsg.FetchRequestTopicPartition{
				Partition:          int32(partition.Partition),
				CurrentLeaderEpoch: int32(partition.CurrentLeaderEpoch),
				FetchOffset:        int64(partition.FetchOffset),
				LastFetchedEpoch:   int32(partition.LastFetchedEpoch),
				LogStartOffset:     int64(partition.LogStartOffset),
				PartitionMaxBytes:  partition.MaxBytes,
				ReplicaDirectoryID: partition.ReplicaDirectoryID,
				HighWatermark:      int64(partition.HighWatermark),
			})
		}
		out.Topics = append(out.Topics, t)
	}
	for _, topic := range r.Forgotten {
		t := kmsg.NewFetchRequestForgottenTopic()
		t.Topic, t.TopicID = string(topic.Name), topic.TopicID
		for _, partition := range topic.Partitions {
			t.Partitions = append(t.Partitions, int32(partition))
		}
		out.ForgottenTopics = append(out.ForgottenTopics, t)
	}
	out.Rack = string(r.RackID)
	return out
}

// withoutLaterTags removes tagged fields that the version does not know yet;
// kmsg would send them, Kafka and we refuse them.
func withoutLaterTags(request *kmsg.FetchRequest) {
	if request.Version < 15 {
		request.ReplicaState.Default()
		request.ReplicaState.ID, request.ReplicaState.Epoch = -1, -1
		request.ReplicaState.UnknownTags = kmsg.Tags{}
	}
	for i := range request.Topics {
		for j := range request.Topics[i].Partitions {
			p := &request.Topics[i].Partitions[j]
			if request.Version < 17 {
				p.ReplicaDirectoryID = [16]byte{}
			}
			if request.Version < 18 {
				p.HighWatermark = int64(NoHighWatermark)
			}
		}
	}
}

func TestParseFetchAgainstKmsg(t *testing.T) {
	api, _ := Lookup(KeyFetch)
	request := new(FetchRequest)
	for version := api.ServedFrom; version <= api.Max; version++ {
		rapid.Check(t, func(t *rapid.T) {
			drawn := kmsg.NewPtrFetchRequest()
			fillRandom(t, drawn)
			drawn.Version = version
			withoutLaterTags(drawn)
			body := drawn.AppendTo(nil)
			want := kmsg.NewPtrFetchRequest()
			want.Version = version
			if err := want.ReadFrom(body); err != nil {
				t.Fatal(err)
			}
			if err := request.Parse(version, body); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, fetchAsKmsg(request, version), asKmsg()); diff != "" {
				t.Fatalf("v%d: -kmsg +ours\n%s", version, diff)
			}
			entries := 0
			for _, topic := range request.Topics {
				if topic.First != entries {
					t.Fatalf("the topic's first is %d, not %d", topic.First, entries)
				}
				entries += len(topic.Partitions)
			}
			if request.Entries() != entries {
				t.Fatalf("%d entries, not %d", request.Entries(), entries)
			}
			short := rapid.IntRange(0, len(body)-1).Draw(t, "short")
			if err := request.Parse(version, body[:short]); !errors.Is(err, ErrMalformed) {
				t.Fatalf("v%d: %d of %d bytes: %v", version, short, len(body), err)
			}
		})
	}
}

func TestFetchRefuses(t *testing.T) {
	head12 := "ffffffff 000001f4 00000001 03200000 00 00000000 ffffffff"
	head15 := "000001f4 00000001 03200000 00 00000000 ffffffff"
	id := "00000000000000000000000000000001"
	cases := []struct {
		name    string
		version int16
		body    string
		want    error
	}{
		{"v3", 3, "", ErrUnsupportedVersion},
		{"v19", 19, "", ErrUnsupportedVersion},
		{"fine", 12, head12 + "01 01 01 00", nil},
		{"null topics", 12, head12 + "00 01 01 00", ErrMalformed},
		{"null forgotten topics", 12, head12 + "01 00 01 00", ErrMalformed},
		{"null rack", 12, head12 + "01 01 00 00", ErrMalformed},
		{"null cluster id", 12, head12 + "01 01 01 01 00 01 00", nil},
		{"replica state before v15", 12, head12 +
			"01 01 01 01 01 0d 00000001 0000000000000001 00", ErrMalformed},
		{"replica state", 15, head15 +
			"01 01 01 01 01 0d 00000001 0000000000000001 00", nil},
		{"replica state too short", 15, head15 +
			"01 01 01 01 01 0c 00000001 0000000000000001", ErrMalformed},
		{"high watermark before v18", 17, head15 + "02" + id + "02 00000000 00000000" +
			"0000000000000000 00000000 0000000000000000 00000000 01 01 08 0000000000000001" +
			"00 01 01 00", ErrMalformed},
		{"directory id before v17", 16, head15 + "02" + id + "02 00000000 00000000" +
			"0000000000000000 00000000 0000000000000000 00000000 01 00 10" + id +
			"00 01 01 00", ErrMalformed},
		{"directory id", 17, head15 + "02" + id + "02 00000000 00000000" +
			"0000000000000000 00000000 0000000000000000 00000000 01 00 10" + id +
			"00 01 01 00", nil},
		{"high watermark", 18, head15 + "02" + id + "02 00000000 00000000" +
			"0000000000000000 00000000 0000000000000000 00000000 01 01 08 0000000000000001" +
			"00 01 01 00", nil},
		{"2 GiB of topics", 4, "ffffffff 000001f4 00000001 03200000 00 7fffffff", ErrMalformed},
		{"4 billion tags", 12, head12 + "01 01 01 ffffffff0f", ErrMalformed},
	}
	for _, c := range cases {
		r := new(FetchRequest)
		if err := r.Parse(c.version, unhex(t, c.body)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func TestFetchLimitsEntries(t *testing.T) {
	prefix := unhex(t, "ffffffff 000001f4 00000001 03200000 00 00000000 ffffffff")
	r := new(FetchRequest)
	full := append(crowd(prefix, RequestEntriesMax)[:len(prefix)+3+3*RequestEntriesMax], 1, 1, 0)
	if err := r.Parse(12, full); err != nil {
		t.Errorf("as many as may be: %v", err)
	}
	if err := r.Parse(12, crowd(prefix, RequestEntriesMax+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("one more: %v", err)
	}
	partitions := unhex(t, "ffffffff 000001f4 00000001 03200000 00 00000001 0000 00020000")
	partitions = append(partitions, make([]byte, 16*RequestEntriesMax)...)
	if err := r.Parse(4, partitions); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a topic and as many partitions as may be: %v", err)
	}
	forgotten := crowd(append(prefix[:len(prefix):len(prefix)], 1), RequestEntriesMax+1)
	if err := r.Parse(12, forgotten); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too many forgotten: %v", err)
	}
}

// fetchFromKmsg makes our response of kmsg's; the records go by length only.
func fetchFromKmsg(in *kmsg.FetchResponse, out *FetchResponse) (records [][]byte) {
	out.Reset()
	out.ThrottleMillis, out.SessionID = in.ThrottleMillis, in.SessionID
	out.Error = kafka.ErrorCode(in.ErrorCode)
	for i := range in.Topics {
		out.AddTopic([]byte(in.Topics[i].Topic), in.Topics[i].TopicID)
		for _, p := range in.Topics[i].Partitions {
			to := out.AddPartition(kafka.Partition(p.Partition))
			to.Error = kafka.ErrorCode(p.ErrorCode)
			to.HighWatermark = kafka.Offset(p.HighWatermark)
			to.LastStableOffset = kafka.Offset(p.LastStableOffset)
			to.LogStartOffset = kafka.Offset(p.LogStartOffset)
			to.PreferredReadReplica = kafka.BrokerID(p.PreferredReadReplica)
			to.CurrentLeader = CurrentLeader{kafka.BrokerID(p.CurrentLeader.LeaderID),
				kafka.LeaderEpoch(p.CurrentLeader.LeaderEpoch)}
			to.DivergingEpoch = EpochEndOffset{kafka.LeaderEpoch(p.DivergingEpoch.Epoch),
				kafka.Offset(p.DivergingEpoch.EndOffset)}
			to.SnapshotID = EpochEndOffset{kafka.LeaderEpoch(p.SnapshotID.Epoch),
				kafka.Offset(p.SnapshotID.EndOffset)}
			if p.AbortedTransactions != nil {
				to.Aborted = []AbortedTransaction{}
			}
			for _, a := range p.AbortedTransactions {
				to.Aborted = append(to.Aborted, AbortedTransaction{
					kafka.ProducerID(a.ProducerID), kafka.Offset(a.FirstOffset)})
			}
			to.RecordsBytes = int32(len(p.RecordBatches))
			records = append(records, p.RecordBatches)
		}
	}
	for _, broker := range in.Brokers {
		out.NodeEndpoints = append(out.NodeEndpoints, NodeEndpoint{
			kafka.BrokerID(broker.NodeID), broker.Host, broker.Port, textOrEmpty(broker.Rack)})
	}
	return records
}

// drawFetchResponse draws a response that ours can say, in a version.
func drawFetchResponse(t *rapid.T, version int16) *kmsg.FetchResponse {
	drawn := kmsg.NewPtrFetchResponse()
	fillRandom(t, drawn)
	withoutTags(reflect.ValueOf(drawn).Elem())
	drawn.Version = version
	for i := range drawn.Topics {
		for j := range drawn.Topics[i].Partitions {
			p := &drawn.Topics[i].Partitions[j]
			if p.RecordBatches == nil {
				p.RecordBatches = []byte{}
			}
			if p.CurrentLeader.LeaderID == -1 {
				p.CurrentLeader.Default()
			}
			if p.DivergingEpoch.Epoch == -1 {
				p.DivergingEpoch.Default()
			}
			if p.SnapshotID.Epoch == -1 {
				p.SnapshotID.Default()
			}
		}
	}
	for i := range drawn.Brokers {
		nullIfEmpty(&drawn.Brokers[i].Rack)
	}
	return drawn
}

// weave puts records where the splices say.
func weave(dst []byte, splices []Splice, records [][]byte) []byte {
	var whole []byte
	from := 0
	for _, splice := range splices {
		whole = append(whole, dst[from:splice.At]...)
		whole = append(whole, records[splice.Partition]...)
		from = splice.At
	}
	return append(whole, dst[from:]...)
}

func TestFetchResponseAgainstKmsg(t *testing.T) {
	api, _ := Lookup(KeyFetch)
	response := new(FetchResponse)
	for version := api.ServedFrom; version <= api.Max; version++ {
		rapid.Check(t, func(t *rapid.T) {
			drawn := drawFetchResponse(t, version)
			records := fetchFromKmsg(drawn, response)
			omitDrawn(t, drawn, response)
			if version < 16 {
				drawn.Brokers = nil
			}
			want := drawn.AppendTo(nil)
			dst, splices := response.Append(nil, nil, version)
			if got := weave(dst, splices, records); !bytes.Equal(got, want) {
				t.Fatalf("v%d:\nours %x\nkmsg %x", version, got, want)
			}
			for _, splice := range splices {
				if splice.Bytes == 0 || int(splice.Bytes) != len(records[splice.Partition]) {
					t.Fatalf("splice %+v of %d bytes", splice, len(records[splice.Partition]))
				}
			}
			dst, splices = response.AppendFrame([]byte("x"), make([]Splice, 2), version, 9)
			frame := weave(dst, splices[2:], records)
			if int(reader32(frame[1:])) != len(frame)-5 || !bytes.HasSuffix(frame, want) {
				t.Fatalf("v%d: frame %x", version, frame)
			}
		})
	}
}

// omitDrawn leaves out drawn partitions: by the flag in ours, really in kmsg's,
// where a topic goes with its last partition. A topic that had none goes, too.
func omitDrawn(t *rapid.T, drawn *kmsg.FetchResponse, response *FetchResponse) {
	index := 0
	var topics []kmsg.FetchResponseTopic
	for _, topic := range drawn.Topics {
		var kept []kmsg.FetchResponseTopicPartition
		for _, partition := range topic.Partitions {
			response.Partitions[index].Omit = rapid.IntRange(0, 3).Draw(t, "omit") == 0
			if !response.Partitions[index].Omit {
				kept = append(kept, partition)
			}
			index++
		}
		if topic.Partitions = kept; len(kept) > 0 {
			topics = append(topics, topic)
		}
	}
	drawn.Topics = topics
}

func TestFetchResponseGolden(t *testing.T) {
	response := new(FetchResponse)
	response.AddTopic([]byte("t"), kafka.TopicID{})
	p := response.AddPartition(2)
	p.HighWatermark, p.LastStableOffset, p.LogStartOffset, p.RecordsBytes = 7, 7, 1, 300
	dst, splices := response.AppendFrame(nil, nil, 12, 0x0a0b0c0d)
	want := unhex(t, `00000167 0a0b0c0d 00
		00000000 0000 00000000
		02 0274 02 00000002 0000 0000000000000007 0000000000000007 0000000000000001
		00 ffffffff ad02
		00 00 00`)
	if !bytes.Equal(dst, want) {
		t.Errorf("frame\n%x, want\n%x", dst, want)
	}
	if diff := cmp.Diff([]Splice{{len(want) - 3, 0, 300}}, splices); diff != "" {
		t.Error(diff)
	}
}

// onePartition is a fetch of one partition.
func onePartition(version int16) []byte {
	request := kmsg.NewPtrFetchRequest()
	request.Version, request.MaxWaitMillis, request.MinBytes = version, 500, 1
	topic := kmsg.NewFetchRequestTopic()
	topic.Topic, topic.TopicID = "orders", [16]byte{1, 2, 3}
	topic.Partitions = append(topic.Partitions, kmsg.NewFetchRequestTopicPartition())
	request.Topics = append(request.Topics, topic)
	return request.AppendTo(nil)
}

func TestFetchAllocatesNothing(t *testing.T) {
	request, response := new(FetchRequest), new(FetchResponse)
	dst, splices := make([]byte, 0, 1024), make([]Splice, 0, 8)
	for _, version := range []int16{4, 11, 12, 18} {
		body := onePartition(version)
		allocations := testing.AllocsPerRun(100, func() {
			if err := request.Parse(version, body); err != nil {
				t.Fatal(err)
			}
			response.Reset()
			for i := range request.Topics {
				topic := &request.Topics[i]
				response.AddTopic(topic.Name, topic.TopicID)
				for j := range topic.Partitions {
					response.AddPartition(topic.Partitions[j].Partition).RecordsBytes = 5
				}
			}
			dst, splices = response.AppendFrame(dst[:0], splices[:0], version, 1)
		})
		if allocations != 0 || len(splices) != 1 {
			t.Errorf("v%d: %v allocations, splices %v", version, allocations, splices)
		}
	}
}

func FuzzParseFetch(f *testing.F) {
	for _, version := range []int16{4, 7, 11, 12, 13, 15, 18} {
		f.Add(version, onePartition(version))
	}
	f.Add(int16(12), unhex(f, `ffffffff 000001f4 00000001 03200000 00 00000000 ffffffff
		01 02 0261 02 00000005 00 01 02 00 04 03616263 07 00`))
	f.Fuzz(func(t *testing.T, version int16, body []byte) {
		var r FetchRequest
		if err := r.Parse(version, body); err != nil {
			return
		}
		want := kmsg.NewPtrFetchRequest()
		want.Version = version
		if err := want.ReadFrom(body); err != nil {
			t.Fatalf("we read what kmsg does not: %v", err)
		}
		if diff := cmp.Diff(want, fetchAsKmsg(&r, version), asKmsg()); diff != "" {
			t.Fatalf("v%d: -kmsg +ours\n%s", version, diff)
		}
	})
}

func BenchmarkParseFetchOnePartition(b *testing.B) {
	for _, version := range []int16{11, 12, 18} {
		b.Run(kafkaVersion(version), func(b *testing.B) {
			body := onePartition(version)
			request := new(FetchRequest)
			b.ReportAllocs()
			for b.Loop() {
				if err := request.Parse(version, body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFetchResponseOnePartition(b *testing.B) {
	response := new(FetchResponse)
	var dst []byte
	var splices []Splice
	name := []byte("orders")
	b.ReportAllocs()
	for b.Loop() {
		response.Reset()
		response.AddTopic(name, kafka.TopicID{})
		response.AddPartition(0).RecordsBytes = 1 << 20
		dst, splices = response.AppendFrame(dst[:0], splices[:0], 12, 1)
	}
}
