package log

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"odradek/core/env"
	"odradek/core/kafka"
)

// finishSwaps gives the files of segments that a State has put into logs their own
// names, where the last run did not get so far.
func (r *recovery) finishSwaps() error {
	for _, l := range r.logs.Entries() {
		if l.Dir == "" || l.deleted || len(l.state.swapping) == 0 {
			continue // nothing was swapped, or there is nothing to swap in
		}
		if err := r.finishSwap(l); err != nil {
			return err
		}
	}
	return nil
}

func (r *recovery) finishSwap(l *RecoveredLog) error {
	list, err := r.listFiles(l.Dir)
	if err != nil {
		return err
	}
	for _, base := range l.state.swapping {
		if base < l.bases[0] {
			continue // it has gone since, below where the log starts
		}
		for _, suffix := range []string{timeIndexSuffix, indexSuffix, logSuffix} {
			name := fileName(l.Dir, base, suffix)
			cleaned := cleanedName(name, l.state.swaps)
			if list.size(cleaned) >= 0 {
				if err := r.disk.Rename(cleaned, name); err != nil {
					return err
				}
			} else if suffix == logSuffix && list.size(name) != l.state.sizeOf(base) {
				// Neither the new file nor what it would have become is there.
				l.Err = fmt.Errorf("%w: %s is missing, and %s has %d bytes of %d",
					ErrCorrupt, cleaned, name, list.size(name), l.state.sizeOf(base))
			}
		}
	}
	// Also when nothing was renamed: that may have been done and not be durable.
	if err := r.disk.SyncDir(r.task, l.Dir); err != nil {
		return err
	}
	l.state.swapping = nil
	return nil
}

// sizeOf is the size of a segment; -1 when the state has none of that base.
func (s *state) sizeOf(base kafka.Offset) int64 {
	for i := range s.segments {
		if s.segments[i].base == base {
			return s.segments[i].size
		}
	}
	return -1
}

// kafkaSwapSuffix ends the names of segments that Kafka was about to put in the place
// of others when it was killed.
const kafkaSwapSuffix = ".swap"

// mustBeWhole refuses a directory that Kafka has left in the middle of a compaction:
// some of its records are in files that only Kafka gives their names.
func (f files) mustBeWhole(dir string) error {
	for _, e := range f {
		if strings.HasSuffix(e.Name, kafkaSwapSuffix) {
			return fmt.Errorf("%w: %s/%s: Kafka was killed in the middle of a compaction; "+
				"start it on this directory once more, and stop it in good order",
				ErrCorrupt, dir, e.Name)
		}
	}
	return nil
}

// readEpochs takes leader-epoch-checkpoint in where no journal knows a log: compaction
// may have taken the batches with which an epoch began. A file that can't be read, or
// speaks of something else than the batches do, is passed over.
func (r *recovery) readEpochs(l *RecoveredLog) error {
	name := l.Dir + "/" + epochsName
	text, err := readWhole(r.task, r.disk, name, textBytesMax)
	if errors.Is(err, env.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	known, ok := parseEpochs(string(text))
	if ok && coversEpochs(known, l.live.epochs) {
		l.live.epochs = known
	}
	return nil
}

// parseEpochs reads what epochs.encode wrote.
func parseEpochs(text string) (entries []epochStart, ok bool) {
	lines, err := checkpointLines(text)
	if err != nil {
		return nil, false
	}
	for _, line := range lines {
		epoch, start, found := strings.Cut(line, " ")
		e, err1 := strconv.ParseInt(epoch, 10, 32)
		s, err2 := strconv.ParseInt(start, 10, 64)
		if !found || err1 != nil || err2 != nil || e < 0 || s < 0 {
			return nil, false
		}
		one := epochStart{kafka.LeaderEpoch(e), kafka.Offset(s)}
		if n := len(entries); n > 0 && (entries[n-1].Epoch >= one.Epoch ||
			entries[n-1].Start >= one.Start) {
			return nil, false
		}
		entries = append(entries, one)
	}
	return entries, true
}

// coversEpochs reports whether a checkpoint agrees with what the batches say: every
// epoch of theirs is in it, and begins there or earlier, behind where the one before
// was still going on.
func coversEpochs(checkpoint, batches []epochStart) bool {
	known := epochs{entries: checkpoint}
	if known.latest() != (&epochs{entries: batches}).latest() {
		return false
	}
	for i, b := range batches {
		if known.at(b.Start) != b.Epoch {
			return false
		}
		if i > 0 && known.at(batches[i-1].Start) != batches[i-1].Epoch {
			return false
		}
	}
	return true
}
