package main

import "syscall"

// filesMax is how many files this process may have open. Go has raised the soft
// limit to the hard one; the broker does the same for itself.
func filesMax() uint64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	return limit.Cur
}
