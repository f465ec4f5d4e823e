package netio_test

import (
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"odradek/core/env"
	"odradek/core/env/envtest"
	"odradek/core/task"
	"odradek/diskio"
	"odradek/netio"
)

// linux is the envtest.Harness of the real network and the real disk.
type linux struct {
	way diskio.Way
	// on makes a directory for a test.
	on func(t testing.TB) string
}

// Directory makes an empty log directory.
func (l linux) Directory(t testing.TB) envtest.Directory { return l.on(t) }

// Run boots a node and runs a body on each shard.
func (l linux) Run(t testing.TB, on envtest.Directory, bodies ...envtest.Body) {
	t.Helper()
	directory, err := diskio.Open(on.(string), diskio.Options{Way: l.way})
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Add(len(bodies))
	node, err := netio.Start(netio.Config{
		Shards: len(bodies),
		OpenDisk: func(s *netio.Shard) (netio.Disk, error) {
			return directory.Disk(s)
		},
		Boot: func(w *env.World) {
			w.Loop.Spawn("body", func(tk *task.Task) {
				defer running.Done()
				bodies[w.Shards.Self()](tk, w)
			})
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	go func() { running.Wait(); close(over) }() // ends with the bodies
	select {
	case <-over:
	case <-time.After(60 * time.Second): // no healthy world needs it
		t.Error("the bodies do not return:\n" + stories(node, len(bodies)))
	}
	node.Stop()
	if err := node.Wait(); err != nil {
		t.Error(err)
	}
	if err := directory.Close(); err != nil {
		t.Error(err)
	}
}

// stories asks every shard what its tasks wait for.
func stories(node *netio.Node, shards int) string {
	lines := make(chan string, shards)
	for shard := range shards {
		shard := node.Shard(shard)
		shard.Post(func() {
			lines <- strings.Join(shard.Loop().Stories(), "\n")
		})
	}
	var all strings.Builder
	for range shards {
		select {
		case text := <-lines:
			all.WriteString(text + "\n")
		case <-time.After(time.Second): // the shard itself hangs
			all.WriteString("a shard does not answer\n")
		}
	}
	return all.String()
}

func temporary(t testing.TB) string { return t.TempDir() }

func TestTheConformanceSuite(t *testing.T) {
	t.Run("best", func(t *testing.T) {
		t.Parallel()
		envtest.Suite(t, linux{on: temporary})
	})
	t.Run("no direct access, in memory", func(t *testing.T) {
		t.Parallel()
		envtest.Suite(t, linux{way: diskio.WayWorker, on: inMemory})
	})
}

// inMemory makes a directory on a file system without a device.
func inMemory(t testing.TB) string {
	dir, err := os.MkdirTemp("/dev/shm", "netio-test-")
	if err != nil {
		t.Skipf("no file system in memory: %v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
