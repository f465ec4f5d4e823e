package oracle

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
)

// describeBatches writes the record batches of a Fetch reply as lines, one a batch
// and one a record. A trailing piece of a batch is legal and carries nothing, so
// it leaves no line: Kafka cuts where a limit falls, others at a whole batch.
func (n *normaliser) describeBatches(records []byte) []string {
	var lines []string
	for len(records) >= batchLengthEnd {
		length := int64(int32(binary.BigEndian.Uint32(records[8:])))
		end := batchLengthEnd + length
		if length < 0 || end > int64(len(records)) {
			break
		}
		if end < batchHeaderBytes {
			return append(lines, fmt.Sprintf("- a batch of %d bytes", end))
		}
		lines = append(lines, n.describeBatch(records[:end])...)
		records = records[end:]
	}
	return lines
}

func (n *normaliser) describeBatch(batch []byte) []string {
	big := binary.BigEndian
	attributes := int(big.Uint16(batch[21:]))
	codec := attributes & 7
	base := int64(big.Uint64(batch[0:]))
	var head strings.Builder
	fmt.Fprintf(&head, "- batch %d..%d", base, base+int64(int32(big.Uint32(batch[23:]))))
	fmt.Fprintf(&head, " leaderEpoch %d", int32(big.Uint32(batch[12:])))
	if magic := batch[16]; magic != 2 {
		fmt.Fprintf(&head, " magic %d", magic)
	}
	head.WriteString(describeAttributes(attributes))
	fmt.Fprintf(&head, " baseTimestamp %s", n.number(int64(big.Uint64(batch[27:]))))
	fmt.Fprintf(&head, " maxTimestamp %s", n.number(int64(big.Uint64(batch[35:]))))
	if id := int64(big.Uint64(batch[43:])); id >= 0 {
		fmt.Fprintf(&head, " producer %s epoch %d sequence %d", n.producer(id),
			int16(big.Uint16(batch[51:])), int32(big.Uint32(batch[53:])))
	}
	count := int32(big.Uint32(batch[57:]))
	fmt.Fprintf(&head, " records %d", count)
	if codec == codecNone {
		fmt.Fprintf(&head, " bytes %d", len(batch))
	}
	sum := crc32.Checksum(batch[batchCRCFrom:], crc32.MakeTable(crc32.Castagnoli))
	if sum != big.Uint32(batch[batchCRCAt:]) {
		head.WriteString(" WRONG CRC")
	}
	lines := []string{head.String()}
	plain, err := decompress(codec, batch[batchHeaderBytes:])
	if err != nil {
		return append(lines, "  - not decompressed")
	}
	return append(lines, n.describeRecords(plain, count)...)
}

func describeAttributes(attributes int) string {
	var out strings.Builder
	if codec := attributes & 7; codec >= len(codecNames) {
		fmt.Fprintf(&out, " codec %d", codec)
	} else if codec != codecNone {
		out.WriteString(" " + codecNames[codec])
	}
	for bit, name := range [...]string{3: "LogAppendTime", 4: "transactional", 5: "control",
		6: "deleteHorizon"} {
		if name != "" && attributes&(1<<bit) != 0 {
			out.WriteString(" " + name)
		}
	}
	if rest := attributes &^ 0x7f; rest != 0 {
		fmt.Fprintf(&out, " attributes %#x", rest)
	}
	return out.String()
}

// mostRecordsShown keeps a transcript readable; the rest is counted.
const mostRecordsShown = 12

func (n *normaliser) describeRecords(plain []byte, count int32) []string {
	var lines []string
	reader := varReader{rest: plain}
	for i := int32(0); i < count && reader.ok(); i++ {
		line := n.describeRecord(reader.bytes())
		if i < mostRecordsShown {
			lines = append(lines, line)
		}
	}
	if count > mostRecordsShown {
		lines = append(lines, fmt.Sprintf("  - and %d more", count-mostRecordsShown))
	}
	if !reader.ok() || len(reader.rest) > 0 {
		lines = append(lines, "  - records do not fill the batch")
	}
	return lines
}

func (n *normaliser) describeRecord(body []byte) string {
	if len(body) == 0 {
		return "  - an empty record"
	}
	reader := varReader{rest: body[1:]}
	var out strings.Builder
	timestamp, offset := reader.varint(), reader.varint()
	fmt.Fprintf(&out, "  - +%d @%+d", offset, timestamp)
	if body[0] != 0 {
		fmt.Fprintf(&out, " attributes %#x", body[0])
	}
	key, value := reader.bytes(), reader.bytes()
	fmt.Fprintf(&out, " %s = %s", n.content(key), n.content(value))
	for range reader.varint() {
		if !reader.ok() {
			break
		}
		name, content := reader.bytes(), reader.bytes()
		fmt.Fprintf(&out, " [%s: %s]", name, n.content(content))
	}
	if !reader.ok() || len(reader.rest) > 0 {
		out.WriteString(" MALFORMED")
	}
	return out.String()
}

// mostContentShown keeps long keys and values to a length and a checksum.
const mostContentShown = 60

func (n *normaliser) content(content []byte) string {
	switch {
	case content == nil:
		return "null"
	case len(content) > mostContentShown:
		return fmt.Sprintf("%q... (%d bytes, crc %08x)", content[:8], len(content),
			crc32.ChecksumIEEE(content))
	}
	return n.quote(string(content))
}

// varReader reads zigzag varints and what they count, remembering the first failure.
type varReader struct {
	rest   []byte
	failed bool
}

func (r *varReader) ok() bool { return !r.failed }

func (r *varReader) varint() int64 {
	value, used := binary.Varint(r.rest)
	if used <= 0 {
		r.failed, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[used:]
	return value
}

// bytes returns nil for null, and never more than there is.
func (r *varReader) bytes() []byte {
	length := r.varint()
	if r.failed || length < 0 {
		return nil
	}
	if length > int64(len(r.rest)) {
		r.failed, r.rest = true, nil
		return nil
	}
	content := r.rest[:length:length]
	r.rest = r.rest[length:]
	return content
}
