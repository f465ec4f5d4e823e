package disktest

import (
	"cmp"
	"fmt"
	"strings"

	"odradek/core/assert"
	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/order"
	"odradek/core/task"
)

// Disk is an env.Disk in memory. Set its hooks before use.
type Disk struct {
	// Before, when set, is asked before every operation; an error it returns is
	// the operation's answer. A write that fails with env.ErrNoSpace leaves its
	// first half behind.
	Before func(op Op) error
	// Cold makes ReadNow answer env.ErrCold for files not prefetched since.
	Cold bool
	root *directory
}

// Op is one operation, as Before sees it and transcripts print it.
type Op struct {
	Kind string // create write through sync rename remove mkdir syncdir truncate preallocate writeback
	Name string
	// To is the new name of a rename.
	To       string
	Position int64
	Length   int64
}

// String is the operation as one line of a transcript.
func (o Op) String() string {
	switch o.Kind {
	case "write", "through", "writeback":
		return fmt.Sprintf("%s %s %d+%d", o.Kind, o.Name, o.Position, o.Length)
	case "truncate", "preallocate":
		return fmt.Sprintf("%s %s %d", o.Kind, o.Name, o.Length)
	case "rename":
		return fmt.Sprintf("rename %s %s", o.Name, o.To)
	}
	return o.Kind + " " + o.Name
}

// directory is one directory: its entries as seen, as durable, and the changes
// between the two in the order they were made.
type directory struct {
	entries *order.Map[string, *node]
	durable *order.Map[string, *node]
	changes []change
	// settled counts the changes that have become durable and left the list.
	settled int
}

// change sets or, with a nil node, removes one name; a rename within a
// directory sets one and removes the other in one step.
type change struct {
	name string
	node *node
	gone string
}

// node is a file or a directory.
type node struct {
	dir  *directory
	file *inode
}

// New makes an empty disk.
func New() *Disk { return &Disk{root: newDirectory()} }

func newDirectory() *directory {
	return &directory{
		entries: order.NewMap[string, *node](cmp.Compare[string]),
		durable: order.NewMap[string, *node](cmp.Compare[string]),
	}
}

func (d *directory) apply(c change) {
	d.changes = append(d.changes, c)
	applyTo(d.entries, c)
}

func applyTo(entries *order.Map[string, *node], c change) {
	if c.gone != "" {
		entries.Delete(c.gone)
	}
	if c.name != "" {
		entries.Put(c.name, c.node)
	}
}

// Create implements env.Disk.
func (d *Disk) Create(name string) (env.File, error) {
	if err := d.before(Op{Kind: "create", Name: name}); err != nil {
		return nil, err
	}
	dir, last, err := d.parent(name)
	if err != nil {
		return nil, err
	}
	if dir.entries.Has(last) {
		return nil, fmt.Errorf("create %s: %w", name, env.ErrExist)
	}
	n := &node{file: newInode()}
	dir.apply(change{name: last, node: n})
	return &file{disk: d, name: name, inode: n.file}, nil
}

// Open implements env.Disk.
func (d *Disk) Open(name string) (env.File, error) {
	n, err := d.lookup(name)
	if err != nil {
		return nil, err
	}
	if n.file == nil {
		return nil, fmt.Errorf("open %s: %w", name, env.ErrNotExist)
	}
	return &file{disk: d, name: name, inode: n.file}, nil
}

// Rename implements env.Disk.
func (d *Disk) Rename(from, to string) error {
	if err := d.before(Op{Kind: "rename", Name: from, To: to}); err != nil {
		return err
	}
	n, err := d.lookup(from)
	if err != nil {
		return err
	}
	source, oldName, err := d.parent(from)
	if err != nil {
		return err
	}
	target, newName, err := d.parent(to)
	if err != nil {
		return err
	}
	if source == target {
		source.apply(change{name: newName, node: n, gone: oldName})
		return nil
	}
	target.apply(change{name: newName, node: n})
	source.apply(change{gone: oldName})
	return nil
}

// Remove implements env.Disk.
func (d *Disk) Remove(name string) error {
	if err := d.before(Op{Kind: "remove", Name: name}); err != nil {
		return err
	}
	n, err := d.lookup(name)
	if err != nil {
		return err
	}
	assert.That(n.dir == nil || n.dir.entries.Len() == 0, "only an empty directory is removed")
	dir, last, err := d.parent(name)
	if err != nil {
		return err
	}
	dir.apply(change{gone: last})
	return nil
}

// MakeDir implements env.Disk.
func (d *Disk) MakeDir(name string) error {
	if err := d.before(Op{Kind: "mkdir", Name: name}); err != nil {
		return err
	}
	dir, last, err := d.parent(name)
	if err != nil {
		return err
	}
	if dir.entries.Has(last) {
		return fmt.Errorf("make directory %s: %w", name, env.ErrExist)
	}
	dir.apply(change{name: last, node: &node{dir: newDirectory()}})
	return nil
}

// List implements env.Disk.
func (d *Disk) List(name string) ([]env.Entry, error) {
	n, err := d.lookup(name)
	if err != nil {
		return nil, err
	}
	if n.dir == nil {
		return nil, fmt.Errorf("list %s: %w", name, env.ErrNotExist)
	}
	var entries []env.Entry
	for name, child := range n.dir.entries.Entries() {
		entry := env.Entry{Name: name, Dir: child.dir != nil}
		if child.file != nil {
			entry.Size = int64(len(child.file.cache))
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

// SyncDir implements env.Disk.
func (d *Disk) SyncDir(t *task.Task, name string) error {
	label := name
	if label == "" {
		label = "."
	}
	if err := d.before(Op{Kind: "syncdir", Name: label}); err != nil {
		return err
	}
	n, err := d.lookup(name)
	if err != nil {
		return err
	}
	upTo := n.dir.settled + len(n.dir.changes)
	t.Yield()
	// Another task's sync may have settled some of them meanwhile.
	for ; n.dir.settled < upTo; n.dir.settled++ {
		applyTo(n.dir.durable, n.dir.changes[0])
		n.dir.changes = n.dir.changes[1:]
	}
	return nil
}

// Buffer implements env.Disk.
func (d *Disk) Buffer(size int) []byte {
	assert.That(size%env.BlockSize == 0, "a buffer is whole blocks")
	return make([]byte, size)
}

// Space implements env.Disk.
func (d *Disk) Space() (free, total int64) { return 1 << 40, 1 << 40 }

func (d *Disk) before(op Op) error {
	if d.Before == nil {
		return nil
	}
	if err := d.Before(op); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	return nil
}

// parent finds the directory a name is in.
func (d *Disk) parent(name string) (*directory, string, error) {
	at := strings.LastIndexByte(name, '/')
	if at < 0 {
		return d.root, name, nil
	}
	n, err := d.lookup(name[:at])
	if err != nil {
		return nil, "", err
	}
	if n.dir == nil {
		return nil, "", fmt.Errorf("%s: %w", name, env.ErrNotExist)
	}
	return n.dir, name[at+1:], nil
}

func (d *Disk) lookup(name string) (*node, error) {
	n := &node{dir: d.root}
	if name == "" {
		return n, nil
	}
	for _, part := range strings.Split(name, "/") {
		if n.dir == nil {
			return nil, fmt.Errorf("%s: %w", name, env.ErrNotExist)
		}
		child, ok := n.dir.entries.Get(part)
		if !ok {
			return nil, fmt.Errorf("%s: %w", name, env.ErrNotExist)
		}
		n = child
	}
	return n, nil
}

// Bytes returns a copy of a file as it is seen now.
func (d *Disk) Bytes(name string) ([]byte, error) {
	n, err := d.lookup(name)
	if err != nil {
		return nil, err
	}
	return append([]byte(nil), n.file.cache...), nil
}

// Damage flips one bit of a file behind its user's back, everywhere.
func (d *Disk) Damage(name string, position kafka.Position) error {
	n, err := d.lookup(name)
	if err != nil {
		return err
	}
	for _, bytes := range [][]byte{n.file.cache, n.file.platter} {
		if int(position) < len(bytes) {
			bytes[position] ^= 0x10
		}
	}
	return nil
}
