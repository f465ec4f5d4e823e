package log

import (
	"fmt"
	"slices"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// LogOffsets is what Kafka's checkpoint files say of a log.
type LogOffsets struct {
	Topic          string
	Partition      kafka.Partition
	RecoveryPoint  kafka.Offset
	LogStartOffset kafka.Offset
	// FirstDirtyOffset is up to where the log was compacted; NoOffset if it never was.
	FirstDirtyOffset kafka.Offset
}

// Offsets is the log's line for WriteCleanShutdown, once it was closed.
func (l *Log) Offsets() LogOffsets {
	return LogOffsets{l.topic, l.partition.Partition, l.logEndOffset, l.logStartOffset,
		l.compaction.firstDirty}
}

// WriteCleanShutdown writes the files by which Apache Kafka knows that a log
// directory was left in order. It is called last, once every log was closed:
// Recover removes the marker, and does not believe it either.
func WriteCleanShutdown(t *task.Task, disk env.Disk, logs []LogOffsets) error {
	slices.SortFunc(logs, func(a, b LogOffsets) int {
		if a.Topic != b.Topic {
			if a.Topic < b.Topic {
				return -1
			}
			return 1
		}
		return int(a.Partition) - int(b.Partition)
	})
	var recovery, start, cleaned []PartitionOffset
	for _, l := range logs {
		recovery = append(recovery, PartitionOffset{l.Topic, l.Partition, l.RecoveryPoint})
		if l.LogStartOffset > 0 {
			start = append(start, PartitionOffset{l.Topic, l.Partition, l.LogStartOffset})
		}
		if l.FirstDirtyOffset >= 0 {
			cleaned = append(cleaned, PartitionOffset{l.Topic, l.Partition, l.FirstDirtyOffset})
		}
	}
	err := writeOffsets(t, disk, recoveryName, recovery)
	if err == nil {
		err = writeOffsets(t, disk, startName, start)
	}
	if err == nil {
		err = writeOffsets(t, disk, cleanedToName, cleaned)
	}
	if err == nil {
		err = disk.SyncDir(t, "")
	}
	if err == nil {
		err = replaceFile(t, disk, shutdownName, []byte(`{"version":0,"brokerEpoch":-1}`))
	}
	if err == nil {
		err = disk.SyncDir(t, "")
	}
	if err != nil {
		return fmt.Errorf("mark the clean shutdown: %w", err)
	}
	return nil
}
