package journal

// A journal's files hold two things that are needed: what came lately, and one
// State for each log that wrote in this run. To give up the oldest file, the
// States in it are written once more at the end. That only makes room when the
// files hold much more than the States, so the number of files follows the size
// of the States. With S for what all States may take, padded and grown:
//
//	[used: States, S] [used: what came lately] [current] [ready: S and some room]
//	<-- one round rewrites S at most -->                 <-- never refused -->
//
//   - Files are given up only when more are full than usedMax, which hold S at
//     least. So between two rounds at least as much came as States are written,
//     and a journal to which nothing comes falls silent after one round.
//   - When everything but the States is given up, usedMax files are full at most.
//     The others of filesMax are enough for Ready to take an entry. So a round
//     always ends with room.

// room is how many bytes of frames certainly go into the files that are free,
// when each may lose a piece at its end that a frame of size did not fit into.
func (j *Journal) room(size int64) int64 {
	lost := max(size, int64(j.options.CommitBytes))
	room := max(0, j.current.left()-lost)
	for _, f := range j.ready {
		room += max(0, f.size-lost)
	}
	return room
}

// stateRoom is what a log's next State may take of the files: it may be twice as
// long as the last, and in a commit of its own. If it is too long for a usual
// one it may also leave as much unused in the file before.
func (j *Journal) stateRoom(dataBytes int) int64 {
	const headers = frameHeaderSize + entryHeaderSize
	if padded(headers+dataBytes) <= j.options.CommitBytes {
		return int64(padded(headers + 2*dataBytes))
	}
	return int64(padded(headers + 3*dataBytes))
}

// reserve is what must stay free so that a file can be given up: each log
// appends a State for that.
func (j *Journal) reserve() int64 {
	return j.writers.stateRoom + int64(j.options.CommitBytes)
}

// roomWanted is the room without which appends are, or are about to be, refused.
func (j *Journal) roomWanted() int64 {
	slack := 2 * int64(j.options.CommitBytes)
	return j.refused + j.reserve() + slack
}

// low reports whether appends are, or are about to be, refused for want of
// files.
func (j *Journal) low() bool { return j.room(j.refused) < j.stagedBytes+j.roomWanted() }

// filesFor is how many files certainly hold so many bytes of frames.
func (j *Journal) filesFor(bytes int64) int {
	each := j.options.FileBytes - max(j.refused, int64(j.options.CommitBytes))
	return int((bytes + each - 1) / each)
}

func (j *Journal) filesTotal() int { return 1 + len(j.used) + len(j.ready) }

// usedMax is how many full files may wait before the oldest is given up: one, as
// write-behind has mostly reached the device by then, or as many as the States
// may fill.
func (j *Journal) usedMax() int { return max(1, j.filesFor(j.writers.stateRoom)) }

// filesMax is how many files there may be.
func (j *Journal) filesMax() int {
	return max(j.options.FilesMax, 1+j.usedMax()+j.filesFor(j.roomWanted()))
}

// mustGiveUp reports whether the oldest full file is due.
func (j *Journal) mustGiveUp() bool {
	return len(j.used) > j.usedMax() || len(j.used) > 0 && j.low()
}

// mustGrow reports whether another file is needed before one is given up.
func (j *Journal) mustGrow() bool {
	low := j.low()
	switch {
	case j.noSpace || len(j.ready) > 0 && !low || j.filesTotal() >= j.filesMax():
		return false
	case len(j.used) > j.usedMax():
		return j.current.left() < j.current.size/4 // one is being given up: it may be in time
	case low:
		return true
	}
	return j.current.left() < j.current.size/2
}
