package batch

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"odradek/core/kafka"
)

// casesNow is the leader's clock in all cases.
const casesNow kafka.Timestamp = 1_700_000_000_000

// question is one batch and the rules it is held to.
type question struct {
	name  string
	rules *Rules
	bytes []byte
}

// change is done to a batch's bytes.
type change func(b Batch) Batch

// resealed does a change and makes the CRC right again.
func resealed(c change) change {
	return func(b Batch) Batch {
		b = c(b)
		b.seal()
		return b
	}
}

func put(at int, value ...byte) change {
	return func(b Batch) Batch {
		copy(b[at:], value)
		return b
	}
}

func put32(at int, value int32) change {
	return put(at, binary.BigEndian.AppendUint32(nil, uint32(value))...)
}

func put64(at int, value int64) change {
	return put(at, binary.BigEndian.AppendUint64(nil, uint64(value))...)
}

// counted says that there are count records, consistently.
func counted(count int32) change {
	return func(b Batch) Batch {
		return put32(lastOffsetDeltaAt, count-1)(put32(recordCountAt, count)(b))
	}
}

func both(c ...change) change {
	return func(b Batch) Batch {
		for _, each := range c {
			b = each(b)
		}
		return b
	}
}

// three builds a batch of three records now.
func three(codec Codec) *Builder {
	b := NewBuilder().Compress(codec, DefaultLevel)
	b.Append(casesNow, []byte("k0"), []byte("v0"))
	b.Append(casesNow+1, []byte("k1"), nil, Header{"h", []byte("x")}, Header{"", nil})
	b.Append(casesNow-1, []byte{}, bytes.Repeat([]byte("long "), 60))
	return b
}

// timed builds a batch of records with the given timestamps, from now.
func timed(codec Codec, fromNow ...int64) *Builder {
	b := NewBuilder().Compress(codec, DefaultLevel)
	for i, d := range fromNow {
		b.Append(casesNow+kafka.Timestamp(d), []byte{byte(i)}, []byte("v"))
	}
	return b
}

// gapped builds a batch whose records have the given offset deltas.
func gapped(codec Codec, deltas ...int32) *Builder {
	b := NewBuilder().Compress(codec, DefaultLevel)
	for i, d := range deltas {
		b.AppendAt(d, casesNow, Record{Key: []byte("k"), Value: []byte{byte(i)}})
	}
	return b
}

// keyed builds a batch whose records have a key, or none.
func keyed(codec Codec, keys ...bool) *Builder {
	b := NewBuilder().Compress(codec, DefaultLevel)
	for _, has := range keys {
		if has {
			b.Append(casesNow, []byte{}, nil)
		} else {
			b.Append(casesNow, nil, []byte("value"))
		}
	}
	return b
}

// raw makes a batch of count records whose bytes are given uncompressed.
func raw(codec Codec, count int32, plain []byte) Batch {
	h := NewBuilder().header
	h.attributes = Attributes(codec)
	h.recordCount, h.lastOffsetDelta = count, count-1
	h.baseTimestamp, h.maxTimestamp = casesNow, casesNow
	room := make([]byte, HeaderSize)
	return assemble(h, new(Codecs).Compress(room, codec, DefaultLevel, plain))
}

func rules(with ...func(*Rules)) *Rules {
	r := DefaultRules(casesNow)
	r.Partition = "orders-3"
	for _, w := range with {
		w(&r)
	}
	return &r
}

func bounds(before, after int64) func(*Rules) {
	return func(r *Rules) { r.BeforeMaxMs, r.AfterMaxMs = before, after }
}

func compacted(r *Rules)     { r.CompactedTopic = true }
func logAppendTime(r *Rules) { r.TimestampType = LogAppendTime }

func keptAs(codec Codec) func(*Rules) {
	return func(r *Rules) { r.Compression = CompressionOf(codec) }
}

func atMost(n int) func(*Rules) { return func(r *Rules) { r.MaxMessageBytes = n } }

func version(v int16) func(*Rules) { return func(r *Rules) { r.ProduceVersion = v } }

// questions are all cases. Those of one kind are asked plain and compressed.
func questions() []question {
	q := structureQuestions()
	for codec := Uncompressed; codec <= Zstd; codec++ {
		for _, each := range codecQuestions(codec) {
			each.name = codec.String() + ": " + each.name
			q = append(q, each)
		}
	}
	return q
}

func structureQuestions() []question {
	plain := func(c ...change) Batch { return both(c...)(three(Uncompressed).Build()) }
	good := plain()
	ask := func(name string, b []byte, with ...func(*Rules)) question {
		return question{name, rules(with...), b}
	}
	legacy := func(magic byte) []byte {
		return put(magicAt, magic)(append(Batch(nil), good...))
	}
	return []question{
		ask("nothing at all", nil),
		ask("eleven bytes", good[:11]),
		ask("sixteen bytes", good[:16]),
		ask("a prefix", good[:17]),
		ask("a header", good[:HeaderSize]),
		ask("all but the last byte", good[:len(good)-1]),
		ask("a batch and eleven bytes", append(plain(), good[:11]...)),
		ask("a batch and most of another", append(plain(), good[:len(good)-1]...)),
		ask("two batches", append(plain(), good...)),
		ask("a batch and one of format 1", append(plain(), legacy(1)...)),
		ask("a batch and an impossible magic", append(plain(), legacy(3)...)),
		ask("a batch and zeros", append(plain(), make([]byte, 40)...)),
		ask("a batch and the same with length 13", append(plain(), plain(put32(lengthAt, 13))...)),
		ask("length 13", plain(put32(lengthAt, 13))),
		ask("length 2 GiB", plain(put32(lengthAt, 1<<31-1))),
		ask("length negative", plain(put32(lengthAt, -1))),
		ask("length 48", plain(put32(lengthAt, 48))[:60]),
		ask("length one less", plain(put32(lengthAt, int32(len(good)-13)))),
		ask("format 0", legacy(0)),
		ask("format 1", legacy(1)),
		ask("format 3", legacy(3)),
		ask("format -1", legacy(0xff)),
		ask("wrong CRC", plain(put(crcAt, 0, 1, 2, 3))),
		ask("a byte changed", plain(put(len(good)-1, 7))),
		ask("base offset 5", plain(put64(baseOffsetAt, 5))),
		ask("leader epoch 5", plain(put32(leaderEpochAt, 5))),
		ask("count 0", plain(resealed(put32(recordCountAt, 0)))),
		ask("count -1", plain(resealed(put32(recordCountAt, -1)))),
		ask("count 2 of 3 offsets", plain(resealed(put32(recordCountAt, 2)))),
		ask("no records, no offsets", plain(resealed(counted(0)))),
		ask("last offset delta -1", plain(resealed(put32(lastOffsetDeltaAt, -1)))),
		ask("last offset delta -5", plain(resealed(put32(lastOffsetDeltaAt, -5)))),
		ask("control batch", plain(resealed(put(attributesAt, 0, controlFlag)))),
		ask("unused attributes", plain(resealed(put(attributesAt, 0x81, 0x80)))),
		ask("delete horizon", plain(resealed(put(attributesAt, 0, deleteHorizonFlag)))),
		ask("codec 5", plain(resealed(put(attributesAt, 0, 5)))),
		ask("codec 7", plain(resealed(put(attributesAt, 0, 7)))),
		ask("idempotent", three(0).Producer(4711, 3, 17).Build()),
		ask("idempotent at the last sequence", three(0).Producer(4711, 3, 1<<31-1).Build()),
		ask("producer without sequence", three(0).Producer(4711, 3, -1).Build()),
		ask("producer -2 without sequence", three(0).Producer(-2, 3, -1).Build()),
		ask("sequence without producer", three(0).Producer(-1, -1, 5).Build()),
		ask("producer without epoch", three(0).Producer(4711, -1, 5).Build()),
		ask("transactional", three(0).Producer(4711, 3, 17).Transactional().Build()),
		ask("zstd in version 6", three(Zstd).Build(), version(6)),
		ask("zstd in version 7", three(Zstd).Build(), version(7)),
		ask("gzip in version 3", three(Gzip).Build(), version(3)),
		ask("as large as allowed", plain(), atMost(len(good))),
		ask("a byte larger", plain(), atMost(len(good)-1)),
		ask("a byte larger and wrong CRC", plain(put(crcAt, 0)), atMost(len(good)-1)),
		ask("larger once uncompressed", three(Zstd).Build(), keptAs(Uncompressed), atMost(250)),
		ask("smaller once compressed", plain(), keptAs(Zstd), atMost(250)),
		ask("garbage for gzip", raw(0, 3, []byte("not gzip at all")).as(Gzip)),
		ask("garbage for snappy", raw(0, 3, []byte("not snappy at all")).as(Snappy)),
		ask("garbage for lz4", raw(0, 3, []byte("not lz4 at all")).as(LZ4)),
		ask("garbage for zstd", raw(0, 3, []byte("not zstd at all")).as(Zstd)),
	}
}

// as changes what the batch says it is compressed with.
func (b Batch) as(codec Codec) Batch {
	b[attributesAt+1] = byte(codec)
	b.seal()
	return b
}

func codecQuestions(codec Codec) []question {
	var out []question
	ask := func(name string, b []byte, with ...func(*Rules)) {
		out = append(out, question{name, rules(with...), b})
	}
	good := func() Batch { return three(codec).Build() }
	ask("good", good())
	for target := Uncompressed; target <= Zstd; target++ {
		ask(fmt.Sprintf("kept as %v", target), good(), keptAs(target))
	}
	ask("LogAppendTime", good(), logAppendTime)
	ask("LogAppendTime kept as lz4", good(), logAppendTime, keptAs(LZ4))
	marked := func() Batch {
		return resealed(put(attributesAt, 0, logAppendTimeFlag|byte(codec)))(good())
	}
	ask("marked LogAppendTime", marked())
	ask("marked LogAppendTime for LogAppendTime", marked(), logAppendTime)
	ask("marked LogAppendTime without a time",
		resealed(put64(maxTimestampAt, -1))(marked()))

	ask("in an hour", timed(codec, 0, 3_600_000).Build())
	ask("in more than an hour", timed(codec, 0, 3_600_001).Build())
	ask("in more than an hour, LogAppendTime", timed(codec, 3_600_001).Build(), logAppendTime)
	ask("all too new", timed(codec, 3_600_001, 3_600_002, 4_000_000, 5_000_000).Build())
	ask("too old at first", timed(codec, -11, 0, 0).Build(), bounds(10, 10))
	ask("too old in the middle", timed(codec, 0, -11, 0).Build(), bounds(10, 10))
	ask("too old and too new", timed(codec, 0, -11, 11, 10, -10).Build(), bounds(10, 10))
	ask("without timestamps", timed(codec, -int64(casesNow)-1, -int64(casesNow)-1).Build(),
		bounds(10, 10))
	ask("some without timestamps", timed(codec, -int64(casesNow)-1, 0, -11).Build(),
		bounds(10, 10))
	ask("timestamp -2", timed(codec, -int64(casesNow)-2).Build())
	ask("timestamp -2, bounded", timed(codec, -int64(casesNow)-2).Build(), bounds(10, 10))
	ask("timestamp near the end of time", timed(codec, 1<<62).Build())
	ask("timestamp before all time", timed(codec, -1<<62, -1<<62).Build())
	ask("newest timestamp overstated", resealed(put64(maxTimestampAt, int64(casesNow)+2))(good()))
	ask("newest timestamp overstated beyond bounds",
		resealed(put64(maxTimestampAt, int64(casesNow)+3_700_000))(good()))
	ask("newest timestamp before the first", resealed(put64(maxTimestampAt, 5))(good()))
	ask("newest timestamp understated", resealed(put64(maxTimestampAt, int64(casesNow)))(good()))
	ask("too new but understated",
		resealed(put64(maxTimestampAt, int64(casesNow)))(timed(codec, 0, 3_600_001).Build()))

	ask("compacted, with keys", good(), compacted)
	ask("compacted, one without key", keyed(codec, true, false, true).Build(), compacted)
	ask("compacted, five without key",
		keyed(codec, false, false, true, false, false, false).Build(), compacted)
	mixed := keyed(codec, true, false)
	mixed.Append(casesNow+3_600_001, []byte("k"), nil)
	mixed.Append(casesNow+3_600_001, nil, nil)
	ask("compacted, without key and too new", mixed.Build(), compacted)
	ask("compacted, LogAppendTime, without key",
		keyed(codec, false).Build(), compacted, logAppendTime)

	ask("offsets 0 2 5", resealed(counted(3))(gapped(codec, 0, 2, 5).Build()))
	ask("offsets 0 0 0", resealed(counted(3))(gapped(codec, 0, 0, 0).Build()))
	ask("offsets 2 1 0", resealed(counted(3))(gapped(codec, 2, 1, 0).Build()))
	ask("offsets 1 2 3 kept as gzip",
		resealed(counted(3))(gapped(codec, 1, 2, 3).Build()), keptAs(Gzip))
	ask("offset 7, LogAppendTime",
		resealed(counted(1))(gapped(codec, 7).Build()), logAppendTime)

	for _, each := range brokenRecords() {
		ask(each.name, raw(codec, each.count, each.plain))
	}
	return out
}

// broken is a batch's records as they should not be, or as one might think so.
type broken struct {
	name  string
	count int32
	plain []byte
	sound bool
}

func brokenRecords() []broken {
	r := func(offset int32) []byte {
		return appendRecord(nil, Record{OffsetDelta: offset, Key: []byte("k"), Value: []byte("v")})
	}
	two := append(r(0), r(1)...)
	body := func(bytes ...byte) []byte {
		return append(binary.AppendVarint(nil, int64(len(bytes))), bytes...)
	}
	return []broken{
		{"one record of two", 2, r(0), false},
		{"one more than counted", 1, two, false},
		{"a billion counted", 1_000_000_000, two, false},
		{"a byte behind the records", 2, append(append([]byte{}, two...), 0), false},
		{"half a record", 2, two[:len(two)-3], false},
		{"no bytes at all", 1, nil, false},
		{"attributes of a record", 1, body(1, 0, 0, 2, 'k', 2, 'v', 0), true},
		{"length beyond the end", 1, append([]byte{0x7e}, r(0)[1:]...), false},
		{"length negative", 1, append([]byte{1}, r(0)[1:]...), false},
		{"length of six bytes", 1, []byte{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0}, false},
		{"key beyond the record", 1, body(0, 0, 0, 0x7e, 'k', 2, 'v', 0), false},
		{"value beyond the record", 1, body(0, 0, 0, 2, 'k', 0x7e, 'v', 0), false},
		{"key length -2", 1, body(0, 0, 0, 3, 2, 'v', 0), true},
		{"header count -1", 1, body(0, 0, 0, 2, 'k', 2, 'v', 1), false},
		{"header count beyond", 1, body(0, 0, 0, 2, 'k', 2, 'v', 100), false},
		{"header key null", 1, body(0, 0, 0, 2, 'k', 2, 'v', 2, 1, 0), false},
		{"header value null", 1, body(0, 0, 0, 2, 'k', 2, 'v', 2, 2, 'h', 1), true},
		{"header cut", 1, body(0, 0, 0, 2, 'k', 2, 'v', 2, 2), false},
		{"a byte too many in the record", 1, body(0, 0, 0, 2, 'k', 2, 'v', 0, 0), false},
		{"wasteful numbers", 1, body(0, 0x80, 0, 0x80, 0, 2, 'k', 2, 'v', 0), true},
	}
}
