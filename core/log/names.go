package log

import (
	"fmt"
	"strconv"
	"strings"

	"odradek/core/kafka"
)

// Suffixes of the files of a partition's directory, and of directories that
// are no longer a partition's.
const (
	logSuffix       = ".log"
	indexSuffix     = ".index"
	timeIndexSuffix = ".timeindex"
	snapshotSuffix  = ".snapshot"
	deleteSuffix    = "-delete"
	straySuffix     = "-stray"
	// cleanedSuffix ends the name of a file that a compaction has written and that is
	// no part of the log yet. Kafka removes such files at a start, as we do.
	cleanedSuffix = ".cleaned"
)

// offsetDigits is how many digits a file's name has for its offset.
const offsetDigits = 20

// fileName is the name of a file of a log: its offset, zero-padded.
func fileName(dir string, offset kafka.Offset, suffix string) string {
	return fmt.Sprintf("%s/%0*d%s", dir, offsetDigits, int64(offset), suffix)
}

// cleanedName is the name of a file of a segment that is to come in place of others:
// the number, of the swap, tells it from what an earlier one has left behind.
func cleanedName(name string, swap int64) string {
	return fmt.Sprintf("%s.%d%s", name, swap, cleanedSuffix)
}

// parseName reads the last part of what fileName wrote.
func parseName(name, suffix string) (kafka.Offset, bool) {
	digits, ok := strings.CutSuffix(name, suffix)
	if !ok || len(digits) != offsetDigits {
		return 0, false
	}
	offset, err := strconv.ParseInt(digits, 10, 64)
	return kafka.Offset(offset), err == nil && offset >= 0
}

// DirName is the name of a partition's directory.
func DirName(topic string, partition kafka.Partition) string {
	return topic + "-" + strconv.Itoa(int(partition))
}

// parseDirName reads what DirName wrote. A topic's name may have dashes in it.
func parseDirName(name string) (topic string, partition kafka.Partition, ok bool) {
	at := strings.LastIndexByte(name, '-')
	if at <= 0 {
		return "", 0, false
	}
	digits := name[at+1:]
	n, err := strconv.ParseInt(digits, 10, 32)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != digits {
		return "", 0, false
	}
	return name[:at], kafka.Partition(n), true
}
