package diskio

import "sync"

const (
	// workersCount is how many operations wait for the device at once. Syncs of
	// many files share the file system's own commits: a thousand partitions that
	// had to be synced after a crash took 0.6 s where 16 took 2.3, on a busy machine.
	workersCount = 64
	// workerScratchBytes is each worker's buffer for bringing pages in.
	workerScratchBytes = 256 << 10
	// droppableMax: while more jobs than this wait, hints (write-behind) are
	// dropped.
	droppableMax = 64
)

// workers are the goroutines of a Directory that may wait for the device. They
// start with the first job and end with close.
type workers struct {
	mutex   sync.Mutex
	some    sync.Cond
	jobs    []func(w *worker)
	idle    int
	started int
	closed  bool
	running sync.WaitGroup
}

// worker is one of them. Its scratch is for the job it runs, and made by the
// first that asks for it: most workers only ever sync.
type worker struct {
	scratch []byte
}

// buffer returns the worker's scratch.
func (w *worker) buffer() []byte {
	if w.scratch == nil {
		w.scratch = make([]byte, workerScratchBytes)
	}
	return w.scratch
}

func newWorkers() *workers {
	w := new(workers)
	w.some.L = &w.mutex
	return w
}

// submit queues a job; it reports false, and does nothing, after close.
func (w *workers) submit(job func(w *worker)) bool { return w.add(job, false) }

// hint queues a job that may as well be dropped.
func (w *workers) hint(job func(w *worker)) bool { return w.add(job, true) }

func (w *workers) add(job func(w *worker), droppable bool) bool {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.closed || droppable && len(w.jobs) >= droppableMax {
		return false
	}
	w.jobs = append(w.jobs, job)
	if w.idle == 0 && w.started < workersCount {
		w.started++
		w.running.Add(1)
		go w.serve() // ends with close
		return true
	}
	w.some.Signal()
	return true
}

func (w *workers) serve() {
	defer w.running.Done()
	me := new(worker)
	for {
		job := w.next()
		if job == nil {
			return
		}
		job(me)
	}
}

// next waits for a job; nil when there will be none.
func (w *workers) next() func(w *worker) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	for len(w.jobs) == 0 {
		if w.closed {
			return nil
		}
		w.idle++
		w.some.Wait()
		w.idle--
	}
	job := w.jobs[0]
	w.jobs[0] = nil
	w.jobs = w.jobs[1:]
	return job
}

// close waits until what was submitted is done.
func (w *workers) close() {
	w.mutex.Lock()
	w.closed = true
	w.mutex.Unlock()
	w.some.Broadcast()
	w.running.Wait()
}
