package wire

// Limits of a hand-parsed request.
const (
	// RequestEntriesMax is how many topics and partitions, together, one
	// Produce or Fetch request may name: more partitions than a broker holds.
	// It bounds what a request of minimal entries makes us allocate to about
	// 10 MiB, whatever the frame's limit is.
	RequestEntriesMax = 1 << 17
	// entriesKept is up to how many entries a slice keeps for the next request.
	// Above, one huge request would leave its memory to every pooled struct.
	entriesKept = 1 << 13
)

// rewind empties a slice for the next request, or gives up one that is too
// large to keep. What it held is still there, to be written over.
func rewind[T any](entries []T) []T {
	if cap(entries) > entriesKept {
		return nil
	}
	return entries[:0]
}

// recycle is rewind that clears what the slice held, so that it keeps no frame
// alive. Its time goes with what was in use, not with the room there is.
func recycle[T any](entries []T) []T {
	clear(entries)
	return rewind(entries)
}

// extend lengthens a slice by count elements, to be written over whatever they
// hold, and returns it with the part that was added. If it has to move, what it
// held before stays where it was and is no longer part of it: the parts given
// out earlier remain valid.
func extend[T any](entries []T, count int) (all, added []T) {
	from := len(entries)
	if cap(entries)-from >= count {
		all = entries[:from+count]
		return all, all[from : from+count : from+count]
	}
	all = make([]T, count, max(count, 2*cap(entries)))
	return all, all[:count:count]
}
