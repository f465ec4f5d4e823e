package main

import "syscall"

// freeBytes is how much room there is on a directory's disk; 0 when nobody knows.
func freeBytes(dir string) int64 {
	var room syscall.Statfs_t
	if err := syscall.Statfs(dir, &room); err != nil {
		return 0
	}
	return int64(room.Bavail) * room.Bsize
}

// filesMax is how many files this process may have open. Go has raised the soft
// limit to the hard one; the broker does the same for itself.
func filesMax() uint64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	return limit.Cur
}
