package compact

import (
	"encoding/binary"

	"odradek/core/assert"
	"odradek/core/kafka"
)

const (
	// slotSize is what a key takes, whatever its length: as much as in Kafka's
	// map, so that the same memory holds as many keys.
	//
	//	0                16            24
	//	+----------------+-------------+
	//	| fingerprint    | offset + 1  |   little-endian; all zeros: empty
	//	+----------------+-------------+
	slotSize = 24
	// slotsPerChunk: memory is taken, and cleared, in pieces of some 64 KiB when
	// something first comes to them, so that no step has to clear all of a large map.
	slotsPerChunk = 2730
	// millionths are the unit of a LoadFactor.
	millionths = 1_000_000
)

// LoadFactor is up to which part a KeyMap is filled, in millionths: a fuller one holds
// more keys and takes longer to search.
type LoadFactor int64

// KeyMap holds the newest offset of each key of a log's dirty part, in memory of a
// fixed limit: a hash table with open addressing that knows keys by their
// fingerprints. It keeps no key, and forgets nothing until Reset.
//
// Invariant: at most limit of its slots are used, and less than all of them.
//
// Source: Kafka's SkimpyOffsetMap, which uses MD5.
type KeyMap struct {
	secret Secret
	// slotsMax is how many the memory has room for; slots how many are in use now.
	slotsMax int64
	slots    int64
	// limit is how many keys the map takes.
	limit   int64
	keys    int64
	loadMax int64
	chunks  [][]byte
}

// KeyMapBytesMin is the least memory of a KeyMap: that of some keys.
const KeyMapBytesMin = 16 * slotSize

// NewKeyMap makes a map that takes at most so many bytes, or KeyMapBytesMin, and is
// filled up to a load factor, which is brought between a millionth and one. It takes
// one key at least, and no memory before Reset.
func NewKeyMap(bytes int64, load LoadFactor, secret Secret) *KeyMap {
	return &KeyMap{secret: secret, slotsMax: max(bytes, KeyMapBytesMin) / slotSize,
		loadMax: min(max(int64(load), 1), millionths)}
}

// Reset empties the map and makes it ready for at most so many keys, as far as its
// memory goes: a small log needs little.
func (m *KeyMap) Reset(keysMax int64) {
	// One slot more than keys, so that a search for what is not there always ends.
	wanted := m.slotsMax
	if keysMax < m.slotsMax {
		wanted = min(m.slotsMax, (keysMax+1)*millionths/m.loadMax+1)
	}
	m.slots = max(wanted, 2)
	m.limit = min(max(m.slots*m.loadMax/millionths, 1), m.slots-1)
	m.keys = 0
	m.chunks = make([][]byte, (m.slots+slotsPerChunk-1)/slotsPerChunk)
}

// Release gives the memory back; Reset comes before the next use.
func (m *KeyMap) Release() { m.chunks, m.slots, m.keys = nil, 0, 0 }

// Keys is how many keys are in the map.
func (m *KeyMap) Keys() int64 { return m.keys }

// Bytes is how much memory the map has taken since Reset.
func (m *KeyMap) Bytes() int64 {
	taken := int64(0)
	for _, c := range m.chunks {
		taken += int64(len(c))
	}
	return taken
}

// Put notes the newest offset of a key; offsets only rise. It is false, and the map
// as it was, when the map is full. Source: Kafka, Cleaner.buildOffsetMapForSegment,
// which does not look whether the key is there already, either.
func (m *KeyMap) Put(key []byte, offset kafka.Offset) bool {
	assert.That(m.slots > 0, "a map is used after Reset")
	if m.keys >= m.limit {
		return false
	}
	f := m.secret.of(key)
	slot := m.slot(f, true)
	was := binary.LittleEndian.Uint64(slot[16:])
	assert.That(was <= uint64(offset), "a key's offsets rise")
	if was == 0 {
		m.keys++
	}
	binary.LittleEndian.PutUint64(slot[0:], f.low)
	binary.LittleEndian.PutUint64(slot[8:], f.high)
	binary.LittleEndian.PutUint64(slot[16:], uint64(offset)+1)
	return true
}

// Newest is the newest offset of a key, or NoOffset for one that is not in the map.
func (m *KeyMap) Newest(key []byte) kafka.Offset {
	if m.keys == 0 {
		return kafka.NoOffset
	}
	slot := m.slot(m.secret.of(key), false)
	if slot == nil {
		return kafka.NoOffset
	}
	return kafka.Offset(binary.LittleEndian.Uint64(slot[16:])) - 1
}

// slot finds the slot of a fingerprint, or the empty one where it would be: nil
// where no memory was taken for that and take is not set.
func (m *KeyMap) slot(f fingerprint, take bool) []byte {
	for i := int64(f.low % uint64(m.slots)); ; i++ {
		if i == m.slots {
			i = 0
		}
		chunk := m.chunks[i/slotsPerChunk]
		if chunk == nil {
			if !take {
				return nil
			}
			chunk = make([]byte, m.chunkSize(i/slotsPerChunk))
			m.chunks[i/slotsPerChunk] = chunk
		}
		at := i % slotsPerChunk * slotSize
		slot := chunk[at : at+slotSize : at+slotSize]
		if binary.LittleEndian.Uint64(slot[16:]) == 0 ||
			binary.LittleEndian.Uint64(slot) == f.low &&
				binary.LittleEndian.Uint64(slot[8:]) == f.high {
			return slot
		}
	}
}

// chunkSize is the size of a chunk in bytes; the last one may be shorter.
func (m *KeyMap) chunkSize(chunk int64) int64 {
	return min(slotsPerChunk, m.slots-chunk*slotsPerChunk) * slotSize
}
