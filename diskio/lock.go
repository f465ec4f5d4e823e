package diskio

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// lockName is the file whose lock says who uses a log directory. Apache Kafka
// uses the same name.
const lockName = ".lock"

// takeLock takes the directory for this process, or says who has it. Two locks
// are held: flock keeps other Odradeks out, also in the same process, and the
// record lock keeps out Apache Kafka, which takes no other.
func takeLock(root int, path string) (int, error) {
	fd, err := openBeneath(root, lockName, unix.O_RDWR|unix.O_CREAT)
	if err != nil {
		return -1, fmt.Errorf("lock log directory %s: %w", path, err)
	}
	err = unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		whole := unix.Flock_t{Type: unix.F_WRLCK, Whence: 0}
		err = unix.FcntlFlock(uintptr(fd), unix.F_OFD_SETLK, &whole)
		if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOLCK) {
			err = nil // this file system has no record locks: flock must do
		}
	}
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		err = &InUseError{Path: path, PID: holder(fd)}
	}
	if err == nil {
		err = signLock(fd)
	}
	if err != nil {
		_ = unix.Close(fd) // gives up what it had of the locks
		var inUse *InUseError
		if errors.As(err, &inUse) {
			return -1, err
		}
		return -1, fmt.Errorf("lock log directory %s: %w", path, meaning(err))
	}
	return fd, nil
}

// signLock writes our process id into the lock file, for whoever finds it taken.
func signLock(fd int) error {
	if err := unix.Ftruncate(fd, 0); err != nil {
		return err
	}
	_, err := unix.Pwrite(fd, fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
	return err
}

// holder reads the process id in a lock file, 0 if there is none.
func holder(fd int) int {
	text := make([]byte, 32)
	n, err := unix.Pread(fd, text, 0)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text[:n])))
	if err != nil || pid < 0 {
		return 0
	}
	return pid
}
