package check

import (
	"encoding/binary"
	"testing"
)

// Records of a batch differ in little: a counter here, a timestamp there. Their
// hashes must differ all the same.
func TestHashTellsAlikeRecordsApart(t *testing.T) {
	seen := map[Hash]uint64{}
	value := make([]byte, 40)
	for i := range uint64(2_000_000) {
		binary.BigEndian.PutUint32(value[8:], uint32(i%1000))
		binary.BigEndian.PutUint64(value[12:], 1_767_225_600_000+i/1000+i%1000)
		h := HashOf(nil, value)
		if other, twice := seen[h]; twice {
			t.Fatalf("records %d and %d have the same hash %x", other, i, h)
		}
		seen[h] = i
	}
}
