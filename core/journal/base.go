package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// Run is one run of a node between two recoveries.
type Run struct {
	// Number rises by one with each run.
	Number uint64
	// Salt is the run's secret; see frame.go.
	Salt uint64
}

const (
	baseName    = directory + "/base"
	baseNewName = directory + "/base.new"
	// baseMagic begins the base.
	baseMagic = 0x6c6e726a_65736162
	// baseHeaderSize is the size of the base's header; doc.go draws it.
	baseHeaderSize = 64
	// baseBytesMax bounds what is read of a base: a million logs of a few
	// hundred bytes each, or some with very many producers.
	baseBytesMax = 1 << 30
)

// Begin begins a run: entries, one State for each log there is, become what
// the run's journals continue, and what is in older journals counts no more.
// It is called once at boot, after recovery has made durable what those hold.
//
// Files of shards that no longer exist are removed. previous is what Replay
// returned, salt a random number.
func Begin(
	t *task.Task, disk env.Disk, previous Summary, salt uint64, shards int, states iter.Seq[Entry],
) (Run, error) {
	run := Run{Number: previous.Run.Number + 1, Salt: salt}
	if err := begin(t, disk, run, shards, states); err != nil {
		return Run{}, fmt.Errorf("begin run %d: %w", run.Number, err)
	}
	return run, nil
}

func begin(
	t *task.Task, disk env.Disk, run Run, shards int, states iter.Seq[Entry],
) error {
	if err := disk.MakeDir(directory); err != nil && !errors.Is(err, env.ErrExist) {
		return err
	}
	if err := disk.SyncDir(t, ""); err != nil {
		return err
	}
	err := replaceFile(t, disk, baseNewName, baseName, encodeBase(run, shards, states))
	if err != nil {
		return err
	}
	if err := disk.SyncDir(t, directory); err != nil {
		return err
	}
	return removeOtherShards(disk, shards)
}

// replaceFile puts a file in place of what may be there, in one step; it is
// durable once the directory is synced.
func replaceFile(t *task.Task, disk env.Disk, newName, name string, bytes []byte) error {
	if err := disk.Remove(newName); err != nil && !errors.Is(err, env.ErrNotExist) {
		return err
	}
	file, err := disk.Create(newName)
	if err != nil {
		return err
	}
	err = file.WriteAt(bytes, 0)
	if err == nil {
		err = file.Sync(t)
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	return disk.Rename(newName, name)
}

func removeOtherShards(disk env.Disk, shards int) error {
	entries, err := disk.List(directory)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		shard, n, ok := parseFileName(entry.Name)
		if ok && int(shard) >= shards {
			if err := disk.Remove(fileName(shard, n)); err != nil {
				return err
			}
		}
	}
	return nil
}

func encodeBase(run Run, shards int, states iter.Seq[Entry]) []byte {
	bytes := make([]byte, baseHeaderSize)
	count := uint32(0)
	for e := range states {
		start := len(bytes)
		bytes = append(bytes, make([]byte, entryHeaderSize)...)
		putEntryHeader(bytes[start:], &e)
		bytes = append(bytes, e.Data...)
		count++
	}
	header := bytes[:baseHeaderSize]
	binary.LittleEndian.PutUint64(header[0:], baseMagic)
	binary.LittleEndian.PutUint64(header[8:], run.Number)
	binary.LittleEndian.PutUint64(header[16:], run.Salt)
	binary.LittleEndian.PutUint64(header[24:], uint64(len(bytes)-baseHeaderSize))
	binary.LittleEndian.PutUint32(header[32:], uint32(shards))
	binary.LittleEndian.PutUint32(header[36:], count)
	binary.LittleEndian.PutUint32(header[60:], baseChecksum(bytes))
	return bytes
}

// baseChecksum covers all of the base but itself.
func baseChecksum(bytes []byte) uint32 {
	table := castagnoli()
	return crc32.Update(crc32.Update(0, table, bytes[:60]), table, bytes[baseHeaderSize:])
}

// base is a decoded base.
type base struct {
	run     Run
	shards  int
	entries []byte
	count   uint32
}

// readBase reads the base; it is all zeros when there has been no run yet.
func readBase(t *task.Task, disk env.Disk) (base, error) {
	file, err := disk.Open(baseName)
	if errors.Is(err, env.ErrNotExist) {
		return base{}, nil
	}
	if err != nil {
		return base{}, err
	}
	defer func() { _ = file.Close() }() // it was only read
	size := file.Size()
	if size < baseHeaderSize || size > baseBytesMax {
		return base{}, fmt.Errorf("%w: %s has %d bytes", ErrCorrupt, baseName, size)
	}
	bytes := make([]byte, size)
	n, err := file.ReadAt(t, bytes, kafka.Position(0))
	if err != nil {
		return base{}, err
	}
	if int64(n) != size || binary.LittleEndian.Uint64(bytes) != baseMagic ||
		binary.LittleEndian.Uint64(bytes[24:]) != uint64(size-baseHeaderSize) ||
		binary.LittleEndian.Uint32(bytes[60:]) != baseChecksum(bytes) {
		return base{}, fmt.Errorf("%w: %s fails its checksum", ErrCorrupt, baseName)
	}
	return base{
		run: Run{
			Number: binary.LittleEndian.Uint64(bytes[8:]),
			Salt:   binary.LittleEndian.Uint64(bytes[16:]),
		},
		shards:  int(binary.LittleEndian.Uint32(bytes[32:])),
		count:   binary.LittleEndian.Uint32(bytes[36:]),
		entries: bytes[baseHeaderSize:],
	}, nil
}
