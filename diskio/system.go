package diskio

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"odradek/core/assert"
)

// rawBytesMax is the longest write that goes to the kernel by RawSyscall. A
// longer one takes long enough for the collector to care; it is announced to
// the Go scheduler, which costs nothing beside the copy.
const rawBytesMax = 64 << 10

// hugePageBytes is the size from which on a buffer asks for huge pages.
const hugePageBytes = 2 << 20

// pageCacheWrite writes to the page cache.
func pageCacheWrite(fd int, p []byte, position int64) (int, unix.Errno) {
	var n uintptr
	var errno unix.Errno
	if len(p) <= rawBytesMax {
		n, _, errno = unix.RawSyscall6(unix.SYS_PWRITE64, uintptr(fd),
			uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), uintptr(position), 0, 0)
	} else {
		n, _, errno = unix.Syscall6(unix.SYS_PWRITE64, uintptr(fd),
			uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), uintptr(position), 0, 0)
	}
	return int(n), errno
}

// pageCacheWriteVector is pageCacheWrite for several pieces of total bytes.
func pageCacheWriteVector(
	fd int, vectors []unix.Iovec, total int, position int64,
) (int, unix.Errno) {
	var n uintptr
	var errno unix.Errno
	if total <= rawBytesMax {
		n, _, errno = unix.RawSyscall6(unix.SYS_PWRITEV, uintptr(fd),
			uintptr(unsafe.Pointer(unsafe.SliceData(vectors))), uintptr(len(vectors)),
			uintptr(position), 0, 0)
	} else {
		n, _, errno = unix.Syscall6(unix.SYS_PWRITEV, uintptr(fd),
			uintptr(unsafe.Pointer(unsafe.SliceData(vectors))), uintptr(len(vectors)),
			uintptr(position), 0, 0)
	}
	return int(n), errno
}

// rawReadNow reads what is in the page cache: EAGAIN when the next byte is not.
func rawReadNow(fd int, p []byte, position int64) (int, unix.Errno) {
	vector := unix.Iovec{Base: unsafe.SliceData(p)}
	vector.SetLen(len(p))
	n, _, errno := unix.RawSyscall6(unix.SYS_PREADV2, uintptr(fd),
		uintptr(unsafe.Pointer(&vector)), 1, uintptr(position), 0, unix.RWF_NOWAIT)
	return int(n), errno
}

// cachePages is how many pages of a range are in the page cache.
func cachePages(fd int, position, length int64) (int64, unix.Errno) {
	span := unix.CachestatRange{Off: uint64(position), Len: uint64(length)}
	var counts unix.Cachestat_t
	_, _, errno := unix.RawSyscall6(unix.SYS_CACHESTAT, uintptr(fd),
		uintptr(unsafe.Pointer(&span)), uintptr(unsafe.Pointer(&counts)), 0, 0, 0)
	return int64(counts.Cache), errno
}

// mapBuffer returns page-aligned memory that the collector does not know. It is
// never given back.
func mapBuffer(size int) []byte {
	start, err := unix.MmapPtr(-1, 0, nil, uintptr(size), unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_PRIVATE|unix.MAP_ANON)
	assert.That(err == nil, "there is memory for the buffers of the disk")
	memory := unsafe.Slice((*byte)(start), size)
	if size >= hugePageBytes {
		_ = unix.Madvise(memory, unix.MADV_HUGEPAGE) // small pages serve as well
	}
	return memory
}
