package diskio

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"odradek/core/env"
)

// meaning wraps a system error in the env error that says what it means.
func meaning(err error) error {
	var errno unix.Errno
	if !errors.As(err, &errno) {
		return err
	}
	kind := env.ErrIO
	switch errno {
	case unix.ENOENT, unix.ENOTDIR:
		kind = env.ErrNotExist
	case unix.EEXIST, unix.ENOTEMPTY:
		kind = env.ErrExist
	case unix.ENOSPC, unix.EDQUOT, unix.EFBIG, unix.EMFILE, unix.ENFILE:
		// Files that may be open are room, too: nothing was done, and nothing is broken.
		kind = env.ErrNoSpace
	}
	return fmt.Errorf("%w (%w)", kind, errno)
}

// InUseError says that another process holds the log directory.
type InUseError struct {
	// Path is the directory.
	Path string
	// PID is the holder, 0 if it could not be found out.
	PID int
}

// Error names the directory and, if known, the process.
func (e *InUseError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("log directory %s is in use by another process", e.Path)
	}
	return fmt.Sprintf("log directory %s is in use by process %d", e.Path, e.PID)
}
