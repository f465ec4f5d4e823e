package diskio

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"odradek/core/env"
	"odradek/core/task"
)

// holdVariable makes the test binary hold a lock instead of running tests.
const holdVariable = "DISKIO_TEST_HOLD"

func TestMain(m *testing.M) {
	if how, dir, ok := strings.Cut(os.Getenv(holdVariable), ":"); ok {
		holdLock(how, dir)
		return
	}
	_ = flag.Set("rapid.checks", "30") // each check syncs; the command line can ask for more
	os.Exit(m.Run())
}

// holdLock takes a directory, as we do or as Apache Kafka does, says so, and
// keeps it until its input ends.
func holdLock(how, dir string) {
	if how == "odradek" {
		if _, err := Open(dir, Options{}); err != nil {
			fmt.Println(err)
			return
		}
	} else {
		fd, err := unix.Open(filepath.Join(dir, lockName), unix.O_RDWR|unix.O_CREAT, 0o600)
		whole := unix.Flock_t{Type: unix.F_WRLCK}
		if err == nil {
			err = unix.FcntlFlock(uintptr(fd), unix.F_SETLK, &whole)
		}
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println("held")
	_, _ = io.Copy(io.Discard, os.Stdin) // until the test closes it
}

func TestADirectoryInUseIsRefused(t *testing.T) {
	for _, how := range []string{"odradek", "kafka"} {
		t.Run(how, func(t *testing.T) {
			dir := t.TempDir()
			child := exec.Command(os.Args[0])
			child.Env = append(os.Environ(), holdVariable+"="+how+":"+dir)
			stdin, err := child.StdinPipe()
			must(t, err)
			stdout, err := child.StdoutPipe()
			must(t, err)
			must(t, child.Start())
			said, err := bufio.NewReader(stdout).ReadString('\n')
			if err != nil || said != "held\n" {
				t.Fatalf("the child said %q, %v", said, err)
			}
			_, err = Open(dir, Options{})
			var inUse *InUseError
			if !errors.As(err, &inUse) {
				t.Fatalf("Open returned %v", err)
			}
			if how == "odradek" && inUse.PID != child.Process.Pid {
				t.Fatalf("the holder is said to be %d, not %d", inUse.PID, child.Process.Pid)
			}
			must(t, stdin.Close())
			must(t, child.Wait())
			d, err := Open(dir, Options{})
			must(t, err)
			must(t, d.Close())
		})
	}
}

func TestADirectoryIsTakenOnceInAProcess(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "on", "the", "way")
	first, err := Open(dir, Options{})
	must(t, err)
	_, err = Open(dir, Options{})
	want := fmt.Sprintf("log directory %s is in use by process %d", dir, os.Getpid())
	if err == nil || err.Error() != want {
		t.Fatalf("Open returned %v, want %q", err, want)
	}
	must(t, first.Close())
	second, err := Open(dir, Options{})
	must(t, err)
	must(t, second.Close())
}

func TestADirectoryThatCannotBeIsRefusedWithASentence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	for _, path := range []string{file, filepath.Join(file, "below")} {
		if _, err := Open(path, Options{}); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("Open(%s) returned %v", path, err)
		}
	}
}

func TestNamesStayInTheDirectory(t *testing.T) {
	dir := t.TempDir()
	outside := t.TempDir()
	must(t, os.WriteFile(filepath.Join(outside, "secret"), []byte("s"), 0o600))
	must(t, os.Symlink(outside, filepath.Join(dir, "link")))
	must(t, os.Symlink(filepath.Join(outside, "secret"), filepath.Join(dir, "direct")))
	onDisk(t, dir, WayBest, func(tk *task.Task, d *Disk) {
		for _, name := range []string{
			"..", "../x", "a/../../x", "/etc/passwd", ".", "./a", "a//b", "a/", lockName, "a\x00b",
			"link/secret", "direct",
		} {
			if _, err := d.Open(name); err == nil {
				t.Errorf("Open(%q) worked", name)
			}
			if _, err := d.Create(name); err == nil {
				t.Errorf("Create(%q) worked", name)
			}
		}
		for _, name := range []string{"..", "../x", "/tmp/x", "a/../../x", lockName} {
			if d.MakeDir(name) == nil || d.Remove(name) == nil || d.Rename("link", name) == nil ||
				d.Rename(name, "x") == nil || d.SyncDir(tk, name) == nil {
				t.Errorf("a call with %q worked", name)
			}
			if _, err := d.List(name); err == nil {
				t.Errorf("List(%q) worked", name)
			}
		}
	})
}

func TestErrorsMeanWhatTheySay(t *testing.T) {
	for errno, want := range map[unix.Errno]error{
		unix.ENOENT: env.ErrNotExist, unix.ENOTDIR: env.ErrNotExist, unix.EEXIST: env.ErrExist,
		unix.ENOSPC: env.ErrNoSpace, unix.EDQUOT: env.ErrNoSpace, unix.EIO: env.ErrIO,
		unix.EROFS: env.ErrIO, unix.EMFILE: env.ErrNoSpace,
	} {
		err := meaning(fmt.Errorf("somewhere: %w", errno))
		if !errors.Is(err, want) || !errors.Is(err, errno) {
			t.Errorf("%v became %v, want %v", errno, err, want)
		}
	}
	if err := meaning(env.ErrClosed); err != env.ErrClosed {
		t.Errorf("ErrClosed became %v", err)
	}
	if err := meaning(nil); err != nil {
		t.Errorf("nil became %v", err)
	}
}

// TestAFullDisk fills a file system of two megabytes, if it may mount one.
func TestAFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("none", dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("may not mount a small file system: %v", err)
	}
	defer func() { must(t, unix.Unmount(dir, 0)) }()
	onDisk(t, dir, WayBest, func(tk *task.Task, d *Disk) {
		made, err := d.Create("a")
		must(t, err)
		large := make([]byte, 3<<20)
		for what, err := range map[string]error{
			"WriteAt":     made.WriteAt(large, 0),
			"WriteVector": made.WriteVector([][]byte{large[:5], large[5:]}, 0),
			"Preallocate": made.Preallocate(64 << 20),
		} {
			if !errors.Is(err, env.ErrNoSpace) {
				t.Errorf("%s of too much returned %v", what, err)
			}
		}
		if free, _ := d.Space(); free > 1<<20 {
			t.Errorf("%d bytes free on a full disk", free)
		}
		must(t, made.Truncate(0))
		must(t, made.WriteAt(large[:4096], 0))
		must(t, made.Sync(tk))
		must(t, made.Close())
	})
}

func TestTheDescriptorLimitIsRaised(t *testing.T) {
	limit, err := RaiseDescriptorLimit()
	if err != nil || limit < 64 {
		t.Fatalf("%d, %v", limit, err)
	}
	var now unix.Rlimit
	must(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &now))
	if now.Cur != limit {
		t.Fatalf("the limit is %d, said to be %d", now.Cur, limit)
	}
}

// A directory that has as many files open as it may makes no more, and that is no
// failure: when one was closed, there is room.
func TestNoMoreFilesThanMayBeOpen(t *testing.T) {
	const most = 3
	r := newReactor()
	directory, err := Open(t.TempDir(), Options{FilesMax: most})
	if err != nil {
		t.Fatal(err)
	}
	defer directory.Close()
	disk, err := directory.Disk(r)
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	var files []env.File
	for i := range most {
		f, err := disk.Create(fmt.Sprint(i))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	if _, err := disk.Create("more"); !errors.Is(err, env.ErrNoSpace) {
		t.Errorf("a file over the limit: %v", err)
	}
	if err := files[0].Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := disk.Create("more"); err != nil {
		t.Errorf("a file within the limit: %v", err)
	}
}
