package broker

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"odradek/controller/image"
	"odradek/controller/metadata"
	"odradek/core/batch"
	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// A snapshot is an image written down, so that a start need not replay the
// whole history. It is named after the offset behind the last record that it
// stands for, and that record's epoch, as Kafka names it:
//
//	00000000000000004711-0000000003.checkpoint
//
// Inside are batches like the log's own: a header, the records, a footer.
// Without its footer a snapshot isn't whole and is passed over. Source: KIP-630.
const snapshotSuffix = ".checkpoint"

// snapshotRecordsPerBatch bounds a snapshot's batches.
const snapshotRecordsPerBatch = 1000

// snapshotBytesMax bounds what is read of a snapshot: a gigabyte is about ten
// million partitions.
const snapshotBytesMax = 1 << 30

type snapshotID struct {
	end   kafka.Offset
	epoch kafka.LeaderEpoch
}

func (id snapshotID) name() string {
	return fmt.Sprintf("%020d-%010d%s", id.end, id.epoch, snapshotSuffix)
}

func parseSnapshotName(name string) (snapshotID, bool) {
	stem, ok := strings.CutSuffix(name, snapshotSuffix)
	end, epoch, two := strings.Cut(stem, "-")
	if !ok || !two || len(end) != 20 || len(epoch) != 10 {
		return snapshotID{}, false
	}
	e, err1 := strconv.ParseInt(end, 10, 64)
	p, err2 := strconv.ParseInt(epoch, 10, 32)
	if err1 != nil || err2 != nil || e < 0 || p < 0 {
		return snapshotID{}, false
	}
	return snapshotID{kafka.Offset(e), kafka.LeaderEpoch(p)}, true
}

// snapshotIfDue writes a snapshot when the log has grown enough since the last.
func (m *metadataLog) snapshotIfDue(t *task.Task) error {
	if m.bytesSinceSnapshot < m.shard.node.MetadataSnapshotBytes {
		return nil
	}
	return m.snapshot(t)
}

// snapshot writes the present image down, then lets go of the history before it
// and of older snapshots.
func (m *metadataLog) snapshot(t *task.Task) error {
	now := m.shard.image
	id := snapshotID{now.Provenance().LastOffset + 1, now.Provenance().LeaderEpoch}
	dir := m.leader.Log.Dir()
	var contents []byte
	for _, b := range snapshotBatches(now) {
		contents = append(contents, b...)
	}
	if err := replaceFile(t, m.shard.world.Disk, dir+"/"+id.name(), contents); err != nil {
		m.shard.diskFailed(err)
		return fmt.Errorf("write the metadata snapshot %s: %w", id.name(), err)
	}
	m.bytesSinceSnapshot = 0
	m.shard.world.Trace.Event("snapshot", kafka.MetadataTopic, int64(id.end), int64(len(contents)))
	if err := m.leader.Log.DeleteRecords(id.end); err != nil {
		m.shard.diskFailed(err)
		return err
	}
	names, err := snapshots(m.shard.world.Disk, dir)
	if err != nil {
		return err
	}
	for _, old := range names {
		if old.end < id.end {
			// One that stays behind is only old: the next snapshot tries again.
			_ = m.shard.world.Disk.Remove(dir + "/" + old.name())
		}
	}
	return nil
}

func snapshotBatches(now *image.Image) []batch.Batch {
	timestamp := now.Provenance().Timestamp
	var batches []batch.Batch
	next := kafka.Offset(0)
	add := func(b *batch.Builder) {
		built := b.At(next, now.Provenance().LeaderEpoch).Build()
		next = built.NextOffset()
		batches = append(batches, built)
	}
	control := func(c metadata.Control) {
		b := batch.NewBuilder().Control()
		b.Append(timestamp, metadata.AppendControlKey(nil, c), metadata.AppendControl(nil, c))
		add(b)
	}
	control(&metadata.SnapshotHeader{LastContainedLogTimestamp: timestamp})
	b := batch.NewBuilder()
	for record := range now.Records() {
		b.Append(timestamp, nil, metadata.Append(nil, record))
		if b.Count() == snapshotRecordsPerBatch {
			add(b)
			b = batch.NewBuilder()
		}
	}
	if b.Count() > 0 {
		add(b)
	}
	control(&metadata.SnapshotFooter{})
	return batches
}

// snapshots lists a directory's snapshots, the newest first.
func snapshots(disk env.Disk, dir string) ([]snapshotID, error) {
	entries, err := disk.List(dir)
	if err != nil {
		return nil, err
	}
	var found []snapshotID
	for _, entry := range entries {
		if id, ok := parseSnapshotName(entry.Name); ok {
			found = append(found, id)
		}
	}
	slices.SortFunc(found, func(a, b snapshotID) int { return int(b.end - a.end) })
	return found, nil
}

// errNoSnapshot means that the history is to be replayed from its beginning.
var errNoSnapshot = errors.New("no snapshot")

// loadSnapshot reads the newest snapshot that is whole.
func loadSnapshot(t *task.Task, disk env.Disk, dir string) (*image.Image, error) {
	found, err := snapshots(disk, dir)
	if err != nil {
		return nil, err
	}
	for _, id := range found {
		loaded, err := readSnapshot(t, disk, dir, id)
		if err == nil {
			return loaded, nil
		}
		if !errors.Is(err, errTornSnapshot) {
			return nil, fmt.Errorf("%w: snapshot %s: %w", ErrMetadataLog, id.name(), err)
		}
	}
	return nil, errNoSnapshot
}

// errTornSnapshot means that a crash kept the snapshot from its end.
var errTornSnapshot = errors.New("the snapshot has no footer")

func readSnapshot(t *task.Task, disk env.Disk, dir string, id snapshotID) (*image.Image, error) {
	file, err := disk.Open(dir + "/" + id.name())
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if file.Size() > snapshotBytesMax {
		return nil, fmt.Errorf("it is %d bytes long", file.Size())
	}
	contents := make([]byte, file.Size())
	n, err := file.ReadAt(t, contents, 0)
	if err != nil {
		return nil, err
	}
	delta := image.Empty().Begin()
	whole := false
	timestamp := kafka.NoTimestamp
	for rest := contents[:n]; len(rest) > 0; {
		var b batch.Batch
		if b, rest, err = batch.Next(rest); errors.Is(err, batch.ErrShort) {
			return nil, errTornSnapshot
		} else if err != nil {
			return nil, err
		}
		if err := b.Check(); err != nil {
			return nil, err
		}
		if err := applyBatch(delta, b); err != nil {
			return nil, err
		}
		whole, timestamp = b.IsControl(), b.MaxTimestamp()
	}
	if !whole {
		return nil, errTornSnapshot
	}
	loaded, _, err := delta.Finish(image.Provenance{LastOffset: id.end - 1,
		LeaderEpoch: id.epoch, Timestamp: timestamp})
	return loaded, err
}
