package env

import (
	"errors"

	"odradek/core/kafka"
	"odradek/core/task"
)

// Errors of a disk. Both worlds wrap exactly these; compare with errors.Is.
var (
	// ErrNotExist: there is no such file or directory.
	ErrNotExist = errors.New("no such file")
	// ErrExist: the name is taken.
	ErrExist = errors.New("file exists")
	// ErrNoSpace: the disk or the quota is full. What was written of the call
	// is unknown; the caller truncates or rewrites it.
	ErrNoSpace = errors.New("no space left on the disk")
	// ErrIO: the device failed.
	ErrIO = errors.New("input/output error")
	// ErrCold: ReadNow found that the bytes are not in memory.
	ErrCold = errors.New("not in the page cache")
	// ErrClosed: the file or connection was closed.
	ErrClosed = errors.New("closed")
)

// BlockSize is the unit of File.WriteThrough, in bytes: positions and lengths
// are its multiples.
const BlockSize = 4096

// Disk is one log directory. Names are relative to it, with slashes; the empty
// name is the directory itself.
type Disk interface {
	// Create makes an empty file that must not exist. ErrExist, ErrNotExist
	// (its directory is missing), ErrNoSpace, ErrIO.
	Create(name string) (File, error)
	// Open opens a file that exists, for reading and writing.
	Open(name string) (File, error)
	// Rename gives a file or directory another name, replacing a file of that
	// name in one step. Durable after SyncDir of both directories.
	Rename(from, to string) error
	// Remove deletes a file or an empty directory. A file that is open or
	// pinned stays readable through its handle.
	Remove(name string) error
	// MakeDir makes one directory. ErrExist if the name is taken.
	MakeDir(name string) error
	// List returns the entries of a directory in the order of their names.
	List(dir string) ([]Entry, error)
	// SyncDir makes the entries of a directory durable.
	SyncDir(t *task.Task, dir string) error
	// Buffer returns size bytes (a multiple of BlockSize) that WriteThrough
	// can send to the device without a copy. It is never freed: keep it.
	Buffer(size int) []byte
	// Space is the room left and in all, in bytes, for DescribeLogDirs.
	Space() (free, total int64)
}

// Entry is one name in a directory.
type Entry struct {
	Name string
	Dir  bool
	// Size is a file's length in bytes.
	Size int64
}

// File is an open file. Positions count bytes from its start.
type File interface {
	// Name is the name it was opened by.
	Name() string
	// Size is the length, as seen by this handle: its own writes and truncates
	// are counted, others' are not.
	Size() int64
	// WriteAt puts p into the page cache at position, growing the file; bytes
	// in between read as zero. ErrNoSpace, ErrIO. It never writes half of p and
	// returns nil.
	WriteAt(p []byte, position kafka.Position) error
	// WriteVector is WriteAt for several pieces, one after the other.
	WriteVector(pieces [][]byte, position kafka.Position) error
	// ReadAt fills p from position, waiting for the device where it must. It
	// returns how many bytes there were before the end of the file; fewer than
	// len(p) is not an error.
	ReadAt(t *task.Task, p []byte, position kafka.Position) (int, error)
	// ReadNow is ReadAt for bytes that are in memory; ErrCold when they aren't.
	ReadNow(p []byte, position kafka.Position) (int, error)
	// Resident reports whether a range can be sent without waiting for the
	// device; it may be wrong a moment later.
	Resident(position kafka.Position, length int64) bool
	// Prefetch brings a range into memory.
	Prefetch(t *task.Task, position kafka.Position, length int64) error
	// Sync makes everything written to the file so far durable, its length
	// included. On error see the rules: never again.
	Sync(t *task.Task) error
	// WriteThrough writes p, which came from Disk.Buffer, to a range that lies
	// within the file's Size, and makes it durable before it returns. Position
	// and length are multiples of BlockSize. A crash meanwhile leaves any mix of old
	// and new blocks. Don't mix with WriteAt on one file.
	WriteThrough(t *task.Task, p []byte, position kafka.Position) error
	// Preallocate makes the file size bytes long, with room on the device for
	// all of them, reading as zeros where nothing was written.
	Preallocate(size int64) error
	// Reserve takes room on the device for a range that begins at or before the
	// file's Size, and leaves the Size as it is: a WriteAt into the range then
	// finds its room. Truncate gives back what is behind the new size. ErrNoSpace
	// when there is no room, or the file system makes no such promise; ErrIO.
	Reserve(position kafka.Position, length int64) error
	// StartWriteback asks the kernel to begin writing a range to the device
	// without waiting: write-behind in small steady steps.
	StartWriteback(position kafka.Position, length int64)
	// Truncate cuts the file to size. It asserts that no pinned range is cut.
	Truncate(size int64) error
	// Pin keeps the bytes of the file readable through Close and Remove until
	// as many Unpins; a connection pins what it has queued. Any shard may call
	// them.
	Pin()
	Unpin()
	// Close gives the handle up. Nothing is synced.
	Close() error
}
