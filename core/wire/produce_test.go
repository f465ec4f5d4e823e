package wire

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"odradek/core/kafka"
)

// produceAsKmsg says in kmsg's words what we parsed.
func produceAsKmsg(r *ProduceRequest, version int16) *kmsg.ProduceRequest {
	out := kmsg.NewPtrProduceRequest()
	out.Version = version
	out.TransactionID = stringOrNil(r.TransactionalID)
	out.Acks, out.TimeoutMillis = r.Acks, r.TimeoutMillis
	for _, topic := range r.Topics {
		t := kmsg.NewProduceRequestTopic()
		t.Topic, t.TopicID = string(topic.Name), topic.TopicID
		for _, partition := range topic.Partitions {
			p := kmsg.NewProduceRequestTopicPartition()
			p.Partition, p.Records = int32(partition.Partition), partition.Records
			t.Partitions = append(t.Partitions, p)
		}
		out.Topics = append(out.Topics, t)
	}
	return out
}

func stringOrNil(text []byte) *string {
	if text == nil {
		return nil
	}
	return kmsg.StringPtr(string(text))
}

// asKmsg compares what we read with what kmsg read: but for tags that nobody
// knows, and for empty lists, all must be equal.
func asKmsg() cmp.Options {
	emptyLists := func(value any) bool {
		_, isBytes := value.([]byte)
		kind := reflect.TypeOf(value)
		return !isBytes && kind != nil && kind.Kind() == reflect.Slice
	}
	return cmp.Options{
		cmpopts.IgnoreTypes(kmsg.Tags{}),
		cmp.FilterValues(func(a, b any) bool {
			return emptyLists(a) && emptyLists(b) && reflect.ValueOf(a).Len() == 0 &&
				reflect.ValueOf(b).Len() == 0
		}, cmp.Ignore()),
	}
}

func TestParseProduceAgainstKmsg(t *testing.T) {
	api, _ := Lookup(KeyProduce)
	request := new(ProduceRequest)
	for version := api.ServedFrom; version <= api.Max; version++ {
		rapid.Check(t, func(t *rapid.T) {
			drawn := kmsg.NewPtrProduceRequest()
			fillRandom(t, drawn)
			drawn.Version = version
			body := drawn.AppendTo(nil)
			want := kmsg.NewPtrProduceRequest()
			want.Version = version
			if err := want.ReadFrom(body); err != nil {
				t.Fatal(err)
			}
			if err := request.Parse(version, body); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, produceAsKmsg(request, version), asKmsg()); diff != "" {
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

// produceFromKmsg makes our response of kmsg's.
func produceFromKmsg(in *kmsg.ProduceResponse, out *ProduceResponse) {
	out.Reset()
	out.ThrottleMillis = in.ThrottleMillis
	for i := range in.Topics {
		out.AddTopic([]byte(in.Topics[i].Topic), in.Topics[i].TopicID)
		for _, p := range in.Topics[i].Partitions {
			to := out.AddPartition(kafka.Partition(p.Partition))
			to.Error = kafka.ErrorCode(p.ErrorCode)
			to.BaseOffset = kafka.Offset(p.BaseOffset)
			to.LogAppendTime = kafka.Timestamp(p.LogAppendTime)
			to.LogStartOffset = kafka.Offset(p.LogStartOffset)
			to.ErrorMessage = textOrEmpty(p.ErrorMessage)
			to.CurrentLeader = CurrentLeader{kafka.BrokerID(p.CurrentLeader.LeaderID),
				kafka.LeaderEpoch(p.CurrentLeader.LeaderEpoch)}
			for _, fault := range p.ErrorRecords {
				to.RecordErrors = append(to.RecordErrors,
					RecordError{fault.RelativeOffset, textOrEmpty(fault.ErrorMessage)})
			}
		}
	}
	for _, broker := range in.Brokers {
		out.NodeEndpoints = append(out.NodeEndpoints, NodeEndpoint{
			kafka.BrokerID(broker.NodeID), broker.Host, broker.Port, textOrEmpty(broker.Rack)})
	}
}

func textOrEmpty(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// nullIfEmpty makes empty and null the same: our responses only have null.
func nullIfEmpty(text **string) {
	if *text != nil && **text == "" {
		*text = nil
	}
}

func TestProduceResponseAgainstKmsg(t *testing.T) {
	api, _ := Lookup(KeyProduce)
	response := new(ProduceResponse)
	for version := api.ServedFrom; version <= api.Max; version++ {
		rapid.Check(t, func(t *rapid.T) {
			drawn := kmsg.NewPtrProduceResponse()
			fillRandom(t, drawn)
			withoutTags(reflect.ValueOf(drawn).Elem())
			drawn.Version = version
			for i := range drawn.Topics {
				for j := range drawn.Topics[i].Partitions {
					p := &drawn.Topics[i].Partitions[j]
					nullIfEmpty(&p.ErrorMessage)
					for k := range p.ErrorRecords {
						nullIfEmpty(&p.ErrorRecords[k].ErrorMessage)
					}
					if p.CurrentLeader.LeaderID == -1 {
						p.CurrentLeader.Default()
					}
				}
			}
			for i := range drawn.Brokers {
				nullIfEmpty(&drawn.Brokers[i].Rack)
			}
			produceFromKmsg(drawn, response)
			if version < 10 {
				withoutLeaderHints(drawn)
			}
			want := drawn.AppendTo(nil)
			if got := response.Append(nil, version); !bytes.Equal(got, want) {
				t.Fatalf("v%d:\nours %x\nkmsg %x", version, got, want)
			}
			frame := response.AppendFrame([]byte("x"), version, 9)
			if int(reader32(frame[1:])) != len(frame)-5 || !bytes.HasSuffix(frame, want) {
				t.Fatalf("v%d: frame %x", version, frame)
			}
		})
	}
}

// withoutLeaderHints removes what versions before 10 do not have; kmsg would
// send it.
func withoutLeaderHints(response *kmsg.ProduceResponse) {
	response.Brokers = nil
	for i := range response.Topics {
		for j := range response.Topics[i].Partitions {
			response.Topics[i].Partitions[j].CurrentLeader.Default()
		}
	}
}

func reader32(data []byte) int32 { r := reader{data: data}; return r.int32() }

func TestProduceRefuses(t *testing.T) {
	cases := []struct {
		name    string
		version int16
		body    string
		want    error
	}{
		{"v2", 2, "0001 00000001 00000000", ErrUnsupportedVersion},
		{"v14", 14, "00 0001 00000001 01 00", ErrUnsupportedVersion},
		{"null topics", 3, "ffff 0001 00000001 ffffffff", ErrMalformed},
		{"null topics, compact", 9, "00 0001 00000001 00 00", ErrMalformed},
		{"2 GiB of topics", 3, "ffff 0001 00000001 7fffffff 0000", ErrMalformed},
		{"null name", 3, "ffff 0001 00000001 00000001 ffff 00000000", ErrMalformed},
		{"2 GiB of records", 3, "ffff 0001 00000001 00000001 000161 00000001 00000000 7fffffff 00",
			ErrMalformed},
		{"4 billion tags", 9, "00 0001 00000001 01 ffffffff0f", ErrMalformed},
		{"varint of 36 bits", 9, "00 0001 00000001 ffffffff1f", ErrMalformed},
	}
	for _, c := range cases {
		r := new(ProduceRequest)
		if err := r.Parse(c.version, unhex(t, c.body)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// crowd writes a request of count topics, all empty, after a prefix.
func crowd(prefix []byte, count int) []byte {
	body := appendUvarint(prefix, uint32(count+1))
	for range count {
		body = append(body, 1, 1, 0)
	}
	return append(body, 0)
}

func TestLongMessageIsCutInClassicVersions(t *testing.T) {
	response := new(ProduceResponse)
	response.AddTopic([]byte("t"), kafka.TopicID{})
	response.AddPartition(0).ErrorMessage = strings.Repeat("x", 40000)
	for version, want := range map[int16]int{8: 32767, 9: 40000} {
		decoded := kmsg.NewPtrProduceResponse()
		decoded.Version = version
		if err := decoded.ReadFrom(response.Append(nil, version)); err != nil {
			t.Fatal(err)
		}
		if got := len(*decoded.Topics[0].Partitions[0].ErrorMessage); got != want {
			t.Errorf("v%d: a message of %d bytes, not %d", version, got, want)
		}
	}
}

func TestProduceLimitsEntriesAndGivesMemoryBack(t *testing.T) {
	prefix := unhex(t, "00 0001 00000001")
	r := new(ProduceRequest)
	if err := r.Parse(9, crowd(prefix, RequestEntriesMax)); err != nil {
		t.Fatalf("as many as may be: %v", err)
	}
	if err := r.Parse(9, crowd(prefix, RequestEntriesMax+1)); !errors.Is(err, ErrTooLarge) {
		t.Fatalf("one more: %v", err)
	}
	partitions := append(prefix[:len(prefix):len(prefix)], 2, 1)
	partitions = appendUvarint(partitions, RequestEntriesMax+1)
	partitions = append(partitions, make([]byte, 6*RequestEntriesMax+2)...)
	if err := r.Parse(9, partitions); !errors.Is(err, ErrTooLarge) {
		t.Fatalf("a topic and as many partitions as may be: %v", err)
	}
	if err := r.Parse(9, crowd(prefix, 1)); err != nil || cap(r.Topics) > entriesKept {
		t.Fatalf("%v, capacity for %d topics is kept", err, cap(r.Topics))
	}
}

// Partitions that were parsed must not move or change when later topics need
// more room than there is.
func TestPartitionsStayWhenRoomGrows(t *testing.T) {
	request := kmsg.NewPtrProduceRequest()
	request.Version = 9
	for topic := range 40 {
		added := kmsg.NewProduceRequestTopic()
		for partition := range topic {
			added.Partitions = append(added.Partitions,
				kmsg.ProduceRequestTopicPartition{Partition: int32(1000*topic + partition)})
		}
		request.Topics = append(request.Topics, added)
	}
	body := request.AppendTo(nil)
	r := new(ProduceRequest)
	for range 2 {
		if err := r.Parse(9, body); err != nil {
			t.Fatal(err)
		}
		for topic := range r.Topics {
			for partition, p := range r.Topics[topic].Partitions {
				if int(p.Partition) != 1000*topic+partition {
					t.Fatalf("topic %d: partition %d is %d", topic, partition, p.Partition)
				}
			}
		}
	}
}

// oneBatch is a request with one batch of 100 bytes.
func oneBatch(version int16) []byte {
	request := kmsg.NewPtrProduceRequest()
	request.Version, request.Acks, request.TimeoutMillis = version, -1, 30000
	partition := kmsg.NewProduceRequestTopicPartition()
	partition.Records = make([]byte, 100)
	topic := kmsg.NewProduceRequestTopic()
	topic.Topic, topic.TopicID = "orders", [16]byte{1, 2, 3}
	topic.Partitions = append(topic.Partitions, partition)
	request.Topics = append(request.Topics, topic)
	return request.AppendTo(nil)
}

func TestProduceAllocatesNothing(t *testing.T) {
	request, response := new(ProduceRequest), new(ProduceResponse)
	dst := make([]byte, 0, 1024)
	for _, version := range []int16{3, 8, 9, 13} {
		body := oneBatch(version)
		allocations := testing.AllocsPerRun(100, func() {
			if err := request.Parse(version, body); err != nil {
				t.Fatal(err)
			}
			response.Reset()
			for i := range request.Topics {
				topic := &request.Topics[i]
				response.AddTopic(topic.Name, topic.TopicID)
				for j := range topic.Partitions {
					response.AddPartition(topic.Partitions[j].Partition).BaseOffset = 5
				}
			}
			dst = response.AppendFrame(dst[:0], version, 1)
		})
		if allocations != 0 {
			t.Errorf("v%d: %v allocations", version, allocations)
		}
	}
}

func FuzzParseProduce(f *testing.F) {
	for _, version := range []int16{3, 8, 9, 12, 13} {
		f.Add(version, oneBatch(version))
	}
	f.Add(int16(9), unhex(f, "00 0001 00000001 01 ffffffff0f"))
	f.Fuzz(func(t *testing.T, version int16, body []byte) {
		var r ProduceRequest
		if err := r.Parse(version, body); err != nil {
			return
		}
		want := kmsg.NewPtrProduceRequest()
		want.Version = version
		if err := want.ReadFrom(body); err != nil {
			t.Fatalf("we read what kmsg does not: %v", err)
		}
		if diff := cmp.Diff(want, produceAsKmsg(&r, version), asKmsg()); diff != "" {
			t.Fatalf("v%d: -kmsg +ours\n%s", version, diff)
		}
	})
}

func BenchmarkParseProduceOneBatch(b *testing.B) {
	for _, version := range []int16{8, 9, 13} {
		b.Run(kafkaVersion(version), func(b *testing.B) {
			body := oneBatch(version)
			request := new(ProduceRequest)
			b.ReportAllocs()
			for b.Loop() {
				if err := request.Parse(version, body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkProduceResponseOneBatch(b *testing.B) {
	response := new(ProduceResponse)
	var dst []byte
	name := []byte("orders")
	b.ReportAllocs()
	for b.Loop() {
		response.Reset()
		response.AddTopic(name, kafka.TopicID{})
		response.AddPartition(0).BaseOffset = 77
		dst = response.AppendFrame(dst[:0], 12, 1)
	}
}
