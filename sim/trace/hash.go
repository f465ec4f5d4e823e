package trace

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/bits"

	"odradek/core/kafka"
)

// Window is how many events lie between two checkpoints: small enough to read
// the one window in which two runs part, large enough that checkpoints are free.
const Window = 4096

// Trace is the record of one run.
type Trace struct {
	hash        uint64
	events      uint64
	checkpoints []uint64

	noted  uint64
	notes  notes
	alarms notes

	watchFrom, watchTo uint64
	lines              []string
	namer              func(kind uint16, lane int32) string
}

// New makes the trace of a run. Name turns an event's kind and lane into text,
// for the lines of a watched window.
func New(seed uint64, name func(kind uint16, lane int32) string) *Trace {
	return &Trace{
		hash: mix(0x6F64726164656B00, seed), namer: name,
		notes: notes{limit: storyMax}, alarms: notes{limit: alarmsMax},
	}
}

// Event takes in an event of the scheduler.
func (t *Trace) Event(at kafka.Instant, kind uint16, lane int32, a, b uint64) {
	h := mix(t.hash, uint64(at))
	h = mix(h, uint64(kind)<<32|uint64(uint32(lane)))
	t.hash = mix(mix(h, a), b)
	if t.Watching() {
		t.watched(at, kind, lane, a, b)
	}
	t.events++
	if t.events%Window == 0 {
		t.checkpoints = append(t.checkpoints, t.hash)
	}
}

// Number takes in one more fact about the present event.
func (t *Trace) Number(x uint64) { t.hash = mix(t.hash, x) }

// Text takes in a name.
func (t *Trace) Text(text string) {
	h := mix(t.hash, uint64(len(text)))
	for i := 0; i < len(text); i++ {
		h = (h ^ uint64(text[i])) * 0x100000001B3
	}
	t.hash = mix(h, uint64(len(text)))
}

// Bytes takes in content.
func (t *Trace) Bytes(p []byte) { t.hash = mix(t.hash, Digest(p)) }

// Digest is a fast 64-bit hash of content, the same in every process.
func Digest(p []byte) uint64 {
	a, b := uint64(len(p))^0x9E3779B97F4A7C15, uint64(0xD1B54A32D192ED03)
	for len(p) >= 16 {
		a = mix(a, binary.LittleEndian.Uint64(p))
		b = mix(b, binary.LittleEndian.Uint64(p[8:]))
		p = p[16:]
	}
	for _, c := range p {
		a = (a ^ uint64(c)) * 0x100000001B3
	}
	return mix(a, b)
}

// mix folds x into h by a 128-bit product, both halves of which are kept.
func mix(h, x uint64) uint64 {
	high, low := bits.Mul64(h^0xA0761D6478BD642F, x^0xE7037ED1A0B428DB)
	return high ^ low ^ bits.RotateLeft64(h, 23)
}

// Events is how many events there were.
func (t *Trace) Events() uint64 { return t.events }

// Hash is the rolling hash so far.
func (t *Trace) Hash() uint64 { return t.hash }

// Checkpoints are the rolling hashes after each Window events.
func (t *Trace) Checkpoints() []uint64 { return t.checkpoints }

// Sum is the hash of the whole run: SHA-256 over every checkpoint, the number
// of events and the rolling hash at the end.
func (t *Trace) Sum() string {
	p := make([]byte, 0, 8*(len(t.checkpoints)+2))
	for _, c := range t.checkpoints {
		p = binary.BigEndian.AppendUint64(p, c)
	}
	p = binary.BigEndian.AppendUint64(p, t.events)
	p = binary.BigEndian.AppendUint64(p, t.hash)
	sum := sha256.Sum256(p)
	return hex.EncodeToString(sum[:])
}
