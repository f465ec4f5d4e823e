package diskio

import (
	"errors"
	"strings"

	"golang.org/x/sys/unix"
)

// errName refuses names that lead out of the log directory or to its lock.
var errName = errors.New("the name is outside of the log directory")

// Permissions of what we make: the group may look, others may not.
const (
	fileMode      = 0o640
	directoryMode = 0o750
)

// checkName accepts a/b/c. The empty name is the directory itself, for those
// who take a directory.
func checkName(name string) error {
	if name == "" {
		return nil
	}
	if name == lockName {
		return errName
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." || part == ".." || strings.Contains(part, "\x00") {
			return errName
		}
	}
	return nil
}

// pathOf is the name as the kernel wants it.
func pathOf(name string) string {
	if name == "" {
		return "."
	}
	return name
}

// openBeneath opens a name below root. Where the kernel can (5.6), it refuses
// links that lead elsewhere; the name itself was checked.
func openBeneath(root int, name string, flags int) (int, error) {
	flags |= unix.O_CLOEXEC
	var mode uint64
	if flags&unix.O_CREAT != 0 {
		mode = fileMode
	}
	how := unix.OpenHow{
		Flags: uint64(flags), Mode: mode,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_MAGICLINKS,
	}
	for {
		fd, err := unix.Openat2(root, pathOf(name), &how)
		switch {
		case errors.Is(err, unix.EINTR) || errors.Is(err, unix.EAGAIN):
			continue // EAGAIN: a rename elsewhere disturbed the walk
		case errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM):
			// An old kernel, or a filter of system calls that does not know it.
			return openPlain(root, name, flags, uint32(mode))
		}
		return fd, err
	}
}

func openPlain(root int, name string, flags int, mode uint32) (int, error) {
	for {
		fd, err := unix.Openat(root, pathOf(name), flags, mode)
		if !errors.Is(err, unix.EINTR) {
			return fd, err
		}
	}
}
