package client

import (
	"encoding/binary"
	"errors"
	"fmt"

	"odradek/core/batch"
	"odradek/core/kafka"
	"odradek/sim/chance"
)

// Origin says which client made a record, and when by its own count: it makes
// every record of a run distinct.
type Origin struct {
	Client    uint32
	Operation uint32
	Index     uint32
}

// Shape says what the records of a batch look like.
type Shape struct {
	Codec batch.Codec
	// Records and ValueBytes are how many and how long.
	Records, ValueBytes int
	// Keys and Headers say whether there are any.
	Keys, Headers bool
	// NullValues: the records are tombstones, and their origin is their key.
	NullValues bool
	// Few: the records have one of few keys, some of them no value, and their origin in
	// a header, as for a compacted topic.
	Few bool
	// Timestamp is that of the first record; the others follow by the millisecond.
	Timestamp kafka.Timestamp
	// Noisy values hardly compress.
	Noisy bool
}

// Producer is who an idempotent batch is from.
type Producer struct {
	ID       kafka.ProducerID
	Epoch    kafka.ProducerEpoch
	Sequence kafka.Sequence
}

// Anonymous is the Producer of batches that are not idempotent.
func Anonymous() Producer {
	return Producer{kafka.NoProducerID, kafka.NoProducerEpoch, kafka.NoSequence}
}

// originBytes is how long a record's value is at least, or the key of one that has
// none:
//
//	 0        4           8       12          20
//	+--------+-----------+-------+-----------+---------+
//	| client | operation | index | timestamp | filling |
//	+--------+-----------+-------+-----------+---------+
const originBytes = 20

// Build makes a batch, and returns the contents of its records beside it.
func Build(codecs *batch.Codecs, o Origin, s Shape, p Producer) (batch.Batch, []Content) {
	builder := batch.NewBuilder().Compress(s.Codec, batch.DefaultLevel).Working(codecs)
	if p.ID != kafka.NoProducerID {
		builder.Producer(p.ID, p.Epoch, p.Sequence)
	}
	filling := chance.New(uint64(o.Client)<<32|uint64(o.Operation), "filling")
	contents := make([]Content, s.Records)
	for i := range contents {
		o.Index = uint32(i)
		timestamp := s.Timestamp + kafka.Timestamp(i)
		c := Content{Value: value(o, s, timestamp, &filling)}
		if s.Keys {
			c.Key = binary.BigEndian.AppendUint32(nil, o.Operation%7)
		}
		if s.Headers {
			c.Headers = []batch.Header{{Key: originHeader, Value: c.Value[:4]}, {Key: "none"}}
		}
		if s.NullValues && !s.Few {
			c.Key, c.Value = c.Value[:originBytes], nil
		}
		if s.Few {
			c = few(c.Value, o)
		}
		builder.Append(timestamp, c.Key, c.Value, c.Headers...)
		contents[i] = c
	}
	return builder.Build(), contents
}

const (
	// fewKeys is how many keys a compacted topic has, of each length.
	fewKeys = 5
	// tombstoneEvery of the records of a compacted topic has no value.
	tombstoneEvery = 4
	originHeader   = "origin"
)

// few is a record for a compacted topic.
func few(value []byte, o Origin) Content {
	mixed := chance.New(uint64(o.Client)<<32|uint64(o.Operation), "key")
	for range o.Index {
		mixed.Uint64()
	}
	key := binary.BigEndian.AppendUint32(nil, uint32(mixed.Below(fewKeys)))
	if mixed.OneIn(2) {
		key = append(key, make([]byte, 20)...)
	}
	c := Content{Key: key, Value: value,
		Headers: []batch.Header{{Key: originHeader, Value: value[:originBytes]}}}
	if mixed.OneIn(tombstoneEvery) {
		c.Value = nil
	}
	return c
}

func value(o Origin, s Shape, timestamp kafka.Timestamp, filling *chance.Stream) []byte {
	v := make([]byte, max(s.ValueBytes, originBytes))
	binary.BigEndian.PutUint32(v, o.Client)
	binary.BigEndian.PutUint32(v[4:], o.Operation)
	binary.BigEndian.PutUint32(v[8:], o.Index)
	binary.BigEndian.PutUint64(v[12:], uint64(timestamp))
	rest := v[originBytes:]
	word := filling.Uint64()
	for len(rest) > 0 {
		if s.Noisy {
			word = filling.Uint64()
		}
		var bytes [8]byte
		binary.LittleEndian.PutUint64(bytes[:], word)
		rest = rest[copy(rest, bytes[:]):]
	}
	return v
}

// Content is what a record holds, without what the broker may set.
type Content struct {
	Key, Value []byte
	Headers    []batch.Header
}

// Read is a record as a fetch gave it.
type Read struct {
	Content
	Offset kafka.Offset
	// Timestamp is the record's; Own is the one that its producer gave it, and
	// LogAppendTime tells which of the two the topic keeps.
	Timestamp, Own kafka.Timestamp
	LogAppendTime  bool
}

// ErrPartial: the bytes end within a batch, though this broker sends whole ones.
var ErrPartial = errors.New("the records end within a batch")

// Fetched is what a fetch gave: batches, of which some may be without records, and the
// records of those that are not control batches.
type Fetched struct {
	Batches []batch.Batch
	Records []Read
}

// Next is the offset behind what was given, or an offset if that was nothing: where the
// next fetch goes on.
func (f *Fetched) Next(offset kafka.Offset) kafka.Offset {
	if len(f.Batches) == 0 {
		return offset
	}
	return f.Batches[len(f.Batches)-1].NextOffset()
}

// ReadAll decodes what a fetch gave. Every batch is checked first, as a consumer
// does. An error wraps batch.ErrCorrupt or ErrPartial.
func ReadAll(codecs *batch.Codecs, records []byte) (Fetched, error) {
	var f Fetched
	for len(records) > 0 {
		b, rest, err := batch.Next(records)
		if errors.Is(err, batch.ErrShort) {
			return f, fmt.Errorf("%w: %d bytes are left", ErrPartial, len(records))
		}
		if err == nil {
			err = b.Check()
		}
		if err != nil {
			return f, err
		}
		records = rest
		f.Batches = append(f.Batches, b)
		if b.IsControl() {
			continue
		}
		if f.Records, err = appendBatch(f.Records, codecs, b); err != nil {
			return f, err
		}
	}
	return f, nil
}

func appendBatch(all []Read, codecs *batch.Codecs, b batch.Batch) ([]Read, error) {
	it := b.Records(batch.Limits{Codecs: codecs})
	for it.Next() {
		r := it.Record()
		one := Read{Content: Content{r.Key, r.Value, r.Headers}, Offset: b.Offset(r),
			Timestamp: b.Timestamp(r), LogAppendTime: b.TimestampType() == batch.LogAppendTime}
		origin := r.Value
		if origin == nil {
			origin = r.Key
			if len(r.Headers) > 0 && len(r.Headers[0].Value) >= originBytes {
				origin = r.Headers[0].Value
			}
		}
		if len(origin) >= originBytes {
			one.Own = kafka.Timestamp(binary.BigEndian.Uint64(origin[12:]))
		}
		all = append(all, one)
	}
	return all, it.Err()
}
