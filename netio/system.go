package netio

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls below go to the kernel by RawSyscall: they cannot block, so the Go
// scheduler need not hear of them, which saves its bookkeeping and, when the
// call takes long for other reasons, a hand-off of the P.

func rawRead(fd int, into []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(into))), uintptr(len(into)))
	return int(n), errno
}

func rawSend(fd int, bytes []byte, flags int) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(bytes))), uintptr(len(bytes)),
		uintptr(flags), 0, 0)
	return int(n), errno
}

func rawSendMessage(fd int, message *unix.Msghdr, flags int) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall(unix.SYS_SENDMSG, uintptr(fd),
		uintptr(unsafe.Pointer(message)), uintptr(flags))
	return int(n), errno
}

// rawSendfile moves *position forward by what was sent.
func rawSendfile(socket, file int, position *int64, length int) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_SENDFILE, uintptr(socket), uintptr(file),
		uintptr(unsafe.Pointer(position)), uintptr(length), 0, 0)
	return int(n), errno
}

// rawDrop takes up to length bytes out of a socket without copying them.
func rawDrop(fd int, scratch []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(scratch))), uintptr(len(scratch)),
		unix.MSG_TRUNC, 0, 0)
	return int(n), errno
}

func rawEpollWait(epoll int, events []unix.EpollEvent) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(epoll),
		uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events)), 0, 0, 0)
	return int(n), errno
}

func rawEpollModify(epoll, fd int, event *unix.EpollEvent) unix.Errno {
	_, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_CTL, uintptr(epoll),
		unix.EPOLL_CTL_MOD, uintptr(fd), uintptr(unsafe.Pointer(event)), 0, 0)
	return errno
}

func rawWake(eventfd int) {
	one := uint64(1)
	_, _, _ = unix.RawSyscall(unix.SYS_WRITE, uintptr(eventfd),
		uintptr(unsafe.Pointer(&one)), 8) // fails only if the counter is full: awake anyway
}

// mapMemory returns size bytes of zeroed memory outside the Go heap, aligned to
// align, a power of two not under the page size; nil when there is none.
func mapMemory(size, align int) []byte {
	const pageBytes = 4096
	room := uintptr(size)
	if align > pageBytes {
		room += uintptr(align)
	}
	start, err := unix.MmapPtr(-1, 0, nil, room, unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE)
	if err != nil {
		return nil
	}
	head := -uintptr(start) & uintptr(align-1)
	if align <= pageBytes {
		head = 0
	}
	if tail := room - head - uintptr(size); tail > 0 {
		_ = unix.MunmapPtr(unsafe.Add(start, head+uintptr(size)), tail) // ours: cannot fail
	}
	if head > 0 {
		_ = unix.MunmapPtr(start, head) // ours: cannot fail
	}
	return unsafe.Slice((*byte)(unsafe.Add(start, head)), size)
}

func unmapMemory(memory []byte) {
	_ = unix.MunmapPtr(unsafe.Pointer(unsafe.SliceData(memory)), uintptr(len(memory))) // ours
}

// offset is where in the chunk a buffer begins.
func (c *chunk) offset(bytes []byte) int {
	return int(uintptr(unsafe.Pointer(unsafe.SliceData(bytes))) -
		uintptr(unsafe.Pointer(unsafe.SliceData(c.bytes))))
}
