package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestAgainstBroker runs the scripts of testdata/broker against a broker of this
// tree, on the real network and disk. The scripts are as in TestScripts; a
// command may begin with "printf 'TEXT' |". What differs from run to run is
// replaced by ID, TIME, TOOK and DATA.
func TestAgainstBroker(t *testing.T) {
	names, err := filepath.Glob(filepath.Join("testdata", "broker", "*.txt"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			b := startTestBroker(t)
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := b.normalise(runScript(t, string(want), b.runLine))
			b.stop(t)
			if *rewrite {
				if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		})
	}
}

// testBroker is `odradek serve`, run inside the test's process.
type testBroker struct {
	dir     string
	address string
	said    *watchedBuffer
	cancel  context.CancelFunc
	status  chan int
}

func startTestBroker(t *testing.T, settings ...string) *testBroker {
	t.Helper()
	return startTestBrokerAt(t, filepath.Join(t.TempDir(), "data"), "127.0.0.1:0", settings...)
}

// restartTestBroker starts a broker that has stopped, at its address.
func restartTestBroker(t *testing.T, b *testBroker) *testBroker {
	t.Helper()
	return startTestBrokerAt(t, b.dir, b.address)
}

func startTestBrokerAt(t *testing.T, dir, address string, settings ...string) *testBroker {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	b := &testBroker{dir: dir, cancel: cancel,
		said: newWatchedBuffer(), status: make(chan int, 1)}
	t.Cleanup(cancel)
	c := &console{in: strings.NewReader(""), out: b.said, err: b.said,
		getenv: func(string) string { return "" }, now: time.Now}
	// One shard, since the shard of a connection shows in its producer ids; and no waiting
	// for further members of a group.
	args := append([]string{"serve", "--listeners", "PLAINTEXT://" + address, "--log.dirs", b.dir,
		"--shards", "1", "--group.initial.rebalance.delay.ms", "0"}, settings...)
	go func() { b.status <- run(ctx, args, c) }() // ends with cancel
	listens := regexp.MustCompile(`listens on PLAINTEXT://(\S+)`)
	for {
		if match := listens.FindStringSubmatch(b.said.String()); match != nil {
			b.address = match[1]
			return b
		}
		select {
		case <-b.said.changed:
		case status := <-b.status:
			t.Fatalf("serve ended with status %d: %s", status, b.said.String())
		}
	}
}

// stop asks the broker to end, as Ctrl-C does, and wants it to do so cleanly.
func (b *testBroker) stop(t *testing.T) {
	t.Helper()
	b.cancel()
	status := <-b.status
	if said := b.said.String(); status != exitDone || !strings.Contains(said, "stopped cleanly") {
		t.Errorf("serve ended with status %d: %s", status, said)
	}
}

func (b *testBroker) runLine(t *testing.T, line string) string {
	stdin := ""
	if text, command, ok := strings.Cut(line, " | "); ok {
		words := splitWords(text)
		if len(words) != 2 || words[0] != "printf" {
			t.Fatalf("a script feeds commands by printf 'TEXT', not %q", text)
		}
		var err error
		if stdin, err = unescape(words[1]); err != nil {
			t.Fatal(err)
		}
		line = command
	}
	words := splitWords(line)
	terminal := words[0] == "tty"
	if terminal {
		words = words[1:]
	}
	for i := range words {
		words[i] = strings.ReplaceAll(words[i], "DATA", b.dir)
	}
	return showRun(runCommandAt(b.address, terminal, stdin, words[1:]...))
}

// normalise replaces what differs from run to run.
func (b *testBroker) normalise(text string) string {
	text = strings.ReplaceAll(text, b.dir, "DATA")
	text = strings.ReplaceAll(text, b.address, "HOST:PORT")
	_, port, _ := strings.Cut(b.address, ":")
	for _, r := range []struct{ pattern, with string }{
		{`\b` + port + `\b`, "PORT"},
		{`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`, "TIME"},
		{`\b1[789]\d{11}\b`, "TIME"},
		{`in [0-9.]+(ms|s|µs) \([0-9.]+ [KMG]?i?B/s\)`, "in TOOK"},
		{`(?m)(id |cluster |topicId=|\t|   )[A-Za-z0-9_-]{22}(,|$)`, "${1}ID$2"},
		{`\bodradek-[0-9a-f]{8}-[0-9a-f-]{27}\b`, "MEMBER"},
		{`\t\d{9,}\t\d{9,}\t`, "\tROOM\tROOM\t"},
	} {
		text = regexp.MustCompile(r.pattern).ReplaceAllString(text, r.with)
	}
	return text
}

// watchedBuffer is a buffer that tells when something was written.
type watchedBuffer struct {
	mutex   sync.Mutex
	bytes   bytes.Buffer
	changed chan struct{}
}

func newWatchedBuffer() *watchedBuffer {
	return &watchedBuffer{changed: make(chan struct{}, 1)}
}

func (w *watchedBuffer) Write(p []byte) (int, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	select {
	case w.changed <- struct{}{}:
	default:
	}
	return w.bytes.Write(p)
}

func (w *watchedBuffer) String() string {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.bytes.String()
}
