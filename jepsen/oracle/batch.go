package oracle

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// Record batches are built here by hand, byte by byte, not by the broker's own
// code: an oracle that shared core/batch could not see its mistakes.
//
//	 0 baseOffset int64           21 attributes int16      43 producerId int64
//	 8 batchLength int32          23 lastOffsetDelta int32 51 producerEpoch int16
//	12 partitionLeaderEpoch int32 27 baseTimestamp int64   53 baseSequence int32
//	16 magic int8                 35 maxTimestamp int64    57 recordCount int32
//	17 crc uint32 (of 21..)                                61 records ...
const (
	batchHeaderBytes = 61
	batchLengthEnd   = 12
	batchCRCAt       = 17
	batchCRCFrom     = 21
)

// firstTimestamp dates a script's records unless it says otherwise: 13 September
// 2020, well before any "now" of a broker under test (see nowFrom).
const firstTimestamp int64 = 1_600_000_000_000

// batchSpec is what a script's batch(...) may say; each field is an option of the
// same name. Those marked (lie) replace what would be right.
type batchSpec struct {
	codec       int64
	raw         bool // snappy without the xerial framing
	timestamp   int64
	producerID  int64
	epoch       int64
	sequence    int64
	baseOffset  int64
	leaderEpoch int64
	flags       int64 // further bits of attributes
	magic       int64
	payload     []byte // (lie) the bytes after the header, as they are
	records     []recordSpec

	lies map[string]int64 // (lie) crc, length, attributes, lastDelta, baseTs, maxTs, count
}

type recordSpec struct {
	key, value     []byte
	headers        [][2][]byte
	timestampDelta int64
	offsetDelta    int64
	attributes     int64
}

func evalBatch(args []argument, s *scope) (any, error) {
	spec := batchSpec{timestamp: firstTimestamp, producerID: -1, epoch: -1, sequence: -1,
		leaderEpoch: -1, magic: 2, lies: map[string]int64{}}
	for _, arg := range args {
		if err := spec.take(arg, s); err != nil {
			return nil, fmt.Errorf("batch: %w", err)
		}
	}
	return spec.encode()
}

func (b *batchSpec) take(arg argument, s *scope) error {
	value, err := arg.value.eval(s)
	if err != nil {
		return err
	}
	if arg.name != "" {
		return b.option(arg.name, value)
	}
	record := recordSpec{timestampDelta: int64(len(b.records)), offsetDelta: int64(len(b.records))}
	if arg.at != nil {
		record.timestampDelta = *arg.at
	}
	if fields, ok := value.(*object); ok {
		err = record.fields(fields)
	} else {
		record.value, err = nullableBytes(value)
	}
	if err == nil && arg.key != nil {
		var key any
		if key, err = arg.key.eval(s); err == nil {
			record.key, err = nullableBytes(key)
		}
	}
	b.records = append(b.records, record)
	return err
}

func (b *batchSpec) option(name string, value any) error {
	if name == "codec" {
		return b.setCodec(value)
	}
	if name == "payload" {
		payload, ok := value.([]byte)
		if !ok {
			return fmt.Errorf("payload wants bytes")
		}
		b.payload = payload
		return nil
	}
	number, err := wantNumber(value)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	switch name {
	case "ts":
		b.timestamp = number
	case "pid":
		b.producerID = number
	case "epoch":
		b.epoch = number
	case "seq":
		b.sequence = number
	case "base":
		b.baseOffset = number
	case "leaderEpoch":
		b.leaderEpoch = number
	case "flags":
		b.flags = number
	case "magic":
		b.magic = number
	case "records":
		for i := range number {
			b.records = append(b.records, recordSpec{value: fmt.Appendf(nil, "v%d", i),
				timestampDelta: i, offsetDelta: i})
		}
	case "crc", "length", "attributes", "lastDelta", "baseTs", "maxTs", "count":
		b.lies[name] = number
	default:
		return fmt.Errorf("no option %s", name)
	}
	return nil
}

func (b *batchSpec) setCodec(value any) error {
	name, _ := value.(word)
	for number, known := range codecNames {
		if string(name) == known {
			b.codec = int64(number)
			return nil
		}
	}
	if name == "rawsnappy" {
		b.codec, b.raw = codecSnappy, true
		return nil
	}
	return fmt.Errorf("no codec %v", value)
}

func (r *recordSpec) fields(fields *object) error {
	for i, name := range fields.names {
		var err error
		value := fields.values[i]
		switch name {
		case "Key":
			r.key, err = nullableBytes(value)
		case "Value":
			r.value, err = nullableBytes(value)
		case "Offset":
			r.offsetDelta, err = wantNumber(value)
		case "Ts":
			r.timestampDelta, err = wantNumber(value)
		case "Attributes":
			r.attributes, err = wantNumber(value)
		case "Headers":
			r.headers, err = wantHeaders(value)
		default:
			err = fmt.Errorf("a record has no %s", name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *batchSpec) encode() ([]byte, error) {
	payload := b.payload
	if payload == nil {
		var plain []byte
		for i := range b.records {
			plain = b.records[i].append(plain)
		}
		var err error
		if payload, err = compress(b.codec, b.raw, plain); err != nil {
			return nil, err
		}
	}
	maxTimestamp := int64(-1)
	for i := range b.records {
		maxTimestamp = max(maxTimestamp, b.timestamp+b.records[i].timestampDelta)
	}
	count := int64(len(b.records))
	lastDelta := count - 1
	if count > 0 {
		lastDelta = b.records[count-1].offsetDelta
	}
	out := make([]byte, batchHeaderBytes, batchHeaderBytes+len(payload))
	big := binary.BigEndian
	big.PutUint64(out[0:], uint64(b.baseOffset))
	length := int64(batchHeaderBytes - batchLengthEnd + len(payload))
	big.PutUint32(out[8:], uint32(b.lie("length", length)))
	big.PutUint32(out[12:], uint32(b.leaderEpoch))
	out[16] = byte(b.magic)
	big.PutUint16(out[21:], uint16(b.lie("attributes", b.codec|b.flags)))
	big.PutUint32(out[23:], uint32(b.lie("lastDelta", lastDelta)))
	big.PutUint64(out[27:], uint64(b.lie("baseTs", b.timestamp)))
	big.PutUint64(out[35:], uint64(b.lie("maxTs", maxTimestamp)))
	big.PutUint64(out[43:], uint64(b.producerID))
	big.PutUint16(out[51:], uint16(b.epoch))
	big.PutUint32(out[53:], uint32(b.sequence))
	big.PutUint32(out[57:], uint32(b.lie("count", count)))
	out = append(out, payload...)
	sum := crc32.Checksum(out[batchCRCFrom:], crc32.MakeTable(crc32.Castagnoli))
	big.PutUint32(out[batchCRCAt:], uint32(b.lie("crc", int64(sum))))
	return out, nil
}

func (b *batchSpec) lie(name string, truth int64) int64 {
	if lie, ok := b.lies[name]; ok {
		return lie
	}
	return truth
}

// append writes one record: its length, then attributes, the two deltas, key,
// value and headers, all as zigzag varints with -1 for null.
func (r *recordSpec) append(dst []byte) []byte {
	body := []byte{byte(r.attributes)}
	body = binary.AppendVarint(body, r.timestampDelta)
	body = binary.AppendVarint(body, r.offsetDelta)
	body = appendVarBytes(body, r.key)
	body = appendVarBytes(body, r.value)
	body = binary.AppendVarint(body, int64(len(r.headers)))
	for _, header := range r.headers {
		body = appendVarBytes(body, header[0])
		body = appendVarBytes(body, header[1])
	}
	dst = binary.AppendVarint(dst, int64(len(body)))
	return append(dst, body...)
}

func appendVarBytes(dst, content []byte) []byte {
	if content == nil {
		return binary.AppendVarint(dst, -1)
	}
	dst = binary.AppendVarint(dst, int64(len(content)))
	return append(dst, content...)
}

// evalMessageSet builds messages(magic, "k"="v", ...) of the formats before
// batches, which every broker since Kafka 4 refuses.
func evalMessageSet(args []argument, s *scope) (any, error) {
	if len(args) == 0 {
		return nil, fmt.Errorf("messages needs a magic")
	}
	first, err := args[0].value.eval(s)
	if err != nil {
		return nil, err
	}
	magic, err := wantNumber(first)
	if err != nil {
		return nil, err
	}
	var out []byte
	for i, arg := range args[1:] {
		value, err := arg.value.eval(s)
		if err != nil {
			return nil, err
		}
		content, err := nullableBytes(value)
		if err != nil {
			return nil, err
		}
		body := []byte{byte(magic), 0}
		if magic == 1 {
			body = binary.BigEndian.AppendUint64(body, uint64(firstTimestamp))
		}
		body = binary.BigEndian.AppendUint32(body, 0xffffffff)
		body = binary.BigEndian.AppendUint32(body, uint32(len(content)))
		body = append(body, content...)
		out = binary.BigEndian.AppendUint64(out, uint64(i))
		out = binary.BigEndian.AppendUint32(out, uint32(4+len(body)))
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(body))
		out = append(out, body...)
	}
	return out, nil
}

func wantNumber(value any) (int64, error) {
	if _, ok := value.(missing); ok {
		return 0, nil
	}
	number, ok := value.(int64)
	if !ok {
		return 0, fmt.Errorf("%v is no number", value)
	}
	return number, nil
}

func nullableBytes(value any) ([]byte, error) {
	switch v := value.(type) {
	case nil:
		return nil, nil
	case string:
		return []byte(v), nil
	case []byte:
		return v, nil
	}
	return nil, fmt.Errorf("%v are no bytes", value)
}

func wantHeaders(value any) ([][2][]byte, error) {
	list, ok := value.([]any)
	if !ok {
		return nil, fmt.Errorf("headers are a list of pairs")
	}
	var out [][2][]byte
	for _, item := range list {
		pair, ok := item.([]any)
		if !ok || len(pair) != 2 {
			return nil, fmt.Errorf("a header is a pair")
		}
		var header [2][]byte
		for i := range header {
			content, err := nullableBytes(pair[i])
			if err != nil {
				return nil, err
			}
			header[i] = content
		}
		out = append(out, header)
	}
	return out, nil
}
