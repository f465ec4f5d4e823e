package log

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// Names of Kafka's text files.
const (
	epochsName     = "leader-epoch-checkpoint"
	metadataName   = "partition.metadata"
	recoveryName   = "recovery-point-offset-checkpoint"
	startName      = "log-start-offset-checkpoint"
	cleanedToName  = "cleaner-offset-checkpoint"
	shutdownName   = ".kafka_cleanshutdown"
	textBytesMax   = 64 << 20 // a checkpoint of a million partitions
	checkpointHead = "0\n"
)

// ErrTextFile: a checkpoint or partition.metadata can't be read.
var ErrTextFile = errors.New("malformed file")

// encode is the contents of leader-epoch-checkpoint: the version, the number of
// lines, then an epoch and the offset it began at in each.
func (e *epochs) encode() []byte {
	text := fmt.Appendf(nil, "%s%d\n", checkpointHead, len(e.entries))
	for _, s := range e.entries {
		text = fmt.Appendf(text, "%d %d\n", s.Epoch, s.Start)
	}
	return text
}

// checkpointLines cuts a checkpoint file of version 0 into its lines.
func checkpointLines(text string) ([]string, error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 2 || lines[0] != "0" {
		return nil, fmt.Errorf("%w: a checkpoint begins with its version, 0", ErrTextFile)
	}
	if n, err := strconv.Atoi(lines[1]); err != nil || n != len(lines)-2 {
		return nil, fmt.Errorf("%w: %d lines, the second line says %s",
			ErrTextFile, len(lines)-2, lines[1])
	}
	return lines[2:], nil
}

// PartitionOffset is a line of a checkpoint file of the log directory.
type PartitionOffset struct {
	Topic     string
	Partition kafka.Partition
	Offset    kafka.Offset
}

// readOffsets reads a checkpoint of the log directory; nothing if there is none.
func readOffsets(t *task.Task, disk env.Disk, name string) ([]PartitionOffset, error) {
	text, err := readWhole(t, disk, name, textBytesMax)
	if errors.Is(err, env.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	lines, err := checkpointLines(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var offsets []PartitionOffset
	for _, line := range lines {
		fields := strings.Split(line, " ")
		if len(fields) != 3 {
			return nil, fmt.Errorf("%s: %w: %q", name, ErrTextFile, line)
		}
		partition, err1 := strconv.ParseInt(fields[1], 10, 32)
		offset, err2 := strconv.ParseInt(fields[2], 10, 64)
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("%s: %w: %w", name, ErrTextFile, err)
		}
		offsets = append(offsets,
			PartitionOffset{fields[0], kafka.Partition(partition), kafka.Offset(offset)})
	}
	return offsets, nil
}

func writeOffsets(t *task.Task, disk env.Disk, name string, offsets []PartitionOffset) error {
	text := fmt.Appendf(nil, "%s%d\n", checkpointHead, len(offsets))
	for _, o := range offsets {
		text = fmt.Appendf(text, "%s %d %d\n", o.Topic, o.Partition, o.Offset)
	}
	return replaceFile(t, disk, name, text)
}

// encodeMetadata is the contents of partition.metadata.
func encodeMetadata(id kafka.TopicID) []byte {
	return fmt.Appendf(nil, "version: 0\ntopic_id: %s\n", id)
}

// readMetadata reads the topic id of a partition's directory.
func readMetadata(t *task.Task, disk env.Disk, dir string) (kafka.TopicID, error) {
	text, err := readWhole(t, disk, dir+"/"+metadataName, textBytesMax)
	if err != nil {
		return kafka.TopicID{}, err
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) != 2 || strings.TrimSpace(lines[0]) != "version: 0" {
		return kafka.TopicID{}, fmt.Errorf("%s/%s: %w", dir, metadataName, ErrTextFile)
	}
	value, ok := strings.CutPrefix(lines[1], "topic_id:")
	id, err := kafka.ParseTopicID(strings.TrimSpace(value))
	if !ok || err != nil || id.IsZero() {
		return kafka.TopicID{}, fmt.Errorf("%s/%s: %w: no topic id", dir, metadataName, ErrTextFile)
	}
	return id, nil
}
