package disk

import (
	"odradek/core/assert"
	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/sim/fault"
	"odradek/sim/schedule"
)

// Mount is one shard's env.Disk: it lives as long as its process.
type Mount struct {
	disk  *Disk
	lane  *schedule.Lane
	files []*file
	spare []*operation
	// never is where tasks of a doomed program wait.
	never task.Signal
}

var _ env.Disk = (*Mount)(nil)

// Mount gives a shard its view of the disk.
func (d *Disk) Mount(lane *schedule.Lane) *Mount {
	m := &Mount{disk: d, lane: lane}
	d.mounts = append(d.mounts, m)
	return m
}

// Open is how many files the programs of the node have open.
func (d *Disk) Open() int {
	open := 0
	for _, m := range d.mounts {
		open += len(m.files)
	}
	return open
}

// closeAll closes what a dead process had open.
func (d *Disk) closeAll() {
	for _, m := range d.mounts {
		for len(m.files) > 0 {
			m.files[len(m.files)-1].release()
		}
	}
	d.mounts = nil
}

// hang never returns: the program is about to be killed.
func (m *Mount) hang(t *task.Task) {
	for {
		if m.never.Wait(t, kafka.Never, "its own end") != nil {
			assert.Unreachable("a wait without a deadline has none")
		}
	}
}

// changes notes an operation that changes something, for aimed crashes and for
// watched windows. It reports false when the program is gone.
func (m *Mount) changes(what, name string) bool {
	if m.lane.Gone() {
		return false
	}
	m.say(what, name)
	m.disk.strike(0)
	return true
}

func (m *Mount) say(what, name string) {
	tr := m.disk.scheduler.Trace
	tr.Text(what)
	if tr.Watching() {
		tr.Say("%s: %s %s", m.lane.Name, what, name)
	}
}

// Create makes an empty file.
func (m *Mount) Create(name string) (env.File, error) {
	dir, last, err := m.disk.walk(name)
	if err != nil {
		return nil, err
	}
	if _, there := find(dir.visible, last); there || last == "" {
		return nil, env.ErrExist
	}
	if !m.disk.room(1) {
		return nil, env.ErrNoSpace
	}
	m.disk.numbers++
	n := &inode{disk: m.disk, number: m.disk.numbers, label: name}
	if !m.lane.Gone() {
		m.disk.link(dir, entry{name: last, file: n})
	}
	m.changes("create", name)
	return m.handle(n, name), nil
}

// Open opens a file.
func (m *Mount) Open(name string) (env.File, error) {
	e, _, err := m.disk.lookup(name)
	if err != nil {
		return nil, err
	}
	if e.file == nil {
		return nil, env.ErrExist
	}
	return m.handle(e.file, name), nil
}

// Rename moves a file or directory.
func (m *Mount) Rename(from, to string) error {
	if m.lane.Gone() {
		return nil
	}
	if err := m.disk.rename(from, to); err != nil {
		return err
	}
	m.changes("rename", to)
	return nil
}

// Remove deletes a file or an empty directory.
func (m *Mount) Remove(name string) error {
	e, dir, err := m.disk.lookup(name)
	if err != nil {
		return err
	}
	if e.dir != nil && len(e.dir.visible) > 0 {
		return env.ErrExist
	}
	if m.lane.Gone() {
		return nil
	}
	i, _ := find(dir.visible, e.name)
	m.disk.unlink(dir, i)
	m.changes("remove", name)
	return nil
}

// MakeDir makes a directory.
func (m *Mount) MakeDir(name string) error {
	dir, last, err := m.disk.walk(name)
	if err != nil {
		return err
	}
	if _, there := find(dir.visible, last); there || last == "" {
		return env.ErrExist
	}
	if !m.disk.room(1) {
		return env.ErrNoSpace
	}
	if m.lane.Gone() {
		return nil
	}
	m.disk.link(dir, entry{name: last, dir: &directory{}})
	m.changes("make directory", name)
	return nil
}

// List returns a directory's entries.
func (m *Mount) List(name string) ([]env.Entry, error) {
	dir, err := m.disk.directoryNamed(name)
	if err != nil {
		return nil, err
	}
	entries := make([]env.Entry, len(dir.visible))
	for i, e := range dir.visible {
		entries[i] = env.Entry{Name: e.name, Dir: e.dir != nil}
		if e.file != nil {
			entries[i].Size = e.file.size
		}
	}
	return entries, nil
}

// SyncDir makes a directory's entries durable.
func (m *Mount) SyncDir(t *task.Task, name string) error {
	if m.lane.Gone() {
		m.hang(t)
	}
	dir, err := m.disk.directoryNamed(name)
	if err != nil {
		return err
	}
	m.say("sync directory", name)
	o := m.take()
	o.action, o.dir, o.changes = doSyncDir, dir, len(m.disk.changes)
	o.fail(m.disk, fault.DiskSyncDirError)
	m.start(o, m.disk.after(m.disk.takes(m.disk.config.Sync, 1)))
	return o.await(t, "a directory sync")
}

// Buffer returns memory for WriteThrough.
func (m *Mount) Buffer(size int) []byte {
	assert.That(size%env.BlockSize == 0, "a buffer is some whole blocks")
	return make([]byte, size)
}

// Space is the room on the disk.
func (m *Mount) Space() (free, total int64) { return m.disk.free(), m.disk.config.Total }

func (m *Mount) handle(n *inode, name string) *file {
	f := &file{mount: m, node: n, name: name, size: n.size, told: n.failures, place: len(m.files)}
	n.handles++
	m.files = append(m.files, f)
	return f
}
