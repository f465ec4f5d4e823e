package replica

// Watcher is told that a partition it watches has more to read, or is gone.
type Watcher interface {
	Moved(w *Watch)
}

// Watch is one watcher's place at one partition. It belongs to the watcher and
// may be used again after Unwatch.
type Watch struct {
	Owner Watcher
	// Tag is the owner's: which of its partitions this is.
	Tag        int
	list       *watchList
	prev, next *Watch
}

// Unwatch ends the watch; one that is not set is left alone.
func (w *Watch) Unwatch() {
	if w.list == nil {
		return
	}
	if w.prev != nil {
		w.prev.next = w.next
	} else {
		w.list.first = w.next
	}
	if w.next != nil {
		w.next.prev = w.prev
	} else {
		w.list.last = w.prev
	}
	w.list, w.prev, w.next = nil, nil, nil
}

type watchList struct {
	first, last *Watch
}

func (l *watchList) add(w *Watch) {
	w.Unwatch()
	w.list, w.prev, w.next = l, l.last, nil
	if l.last != nil {
		l.last.next = w
	} else {
		l.first = w
	}
	l.last = w
}

// tell calls every watcher of now, oldest first. A watcher may end its own
// watches, all of them, while it is told; it must not end another's.
func (l *watchList) tell() {
	end := l.last
	for w := l.first; w != nil; {
		next, last := w.next, w == end
		w.Owner.Moved(w)
		if last {
			return
		}
		w = next
	}
}
