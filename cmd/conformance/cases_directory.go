package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// refusalTime is how long a broker may take to refuse a directory.
const refusalTime = 20 * time.Second

// refusal is a data directory that must not be served, and why.
type refusal struct {
	name string
	// spoil makes the directory what it is; it has the files of a broker that
	// was stopped: what is spoiled after a kill, the journal may mend.
	spoil func(dir string) error
	// killed has the broker killed instead.
	killed bool
	// settings are further arguments, says what the refusal must contain.
	settings []string
	says     string
}

var errNotReadable = fmt.Errorf("%w: root reads everything", errSkip)

func refusals() []refusal {
	return []refusal{
		{name: "another-node", settings: []string{"--node.id", "7"}, says: "belongs to node.id 1"},
		{name: "not-a-directory", says: "not a directory", spoil: func(dir string) error {
			return errors.Join(os.RemoveAll(dir), os.WriteFile(dir, []byte("x"), 0o600))
		}},
		{name: "unreadable", says: "permission denied", spoil: func(dir string) error {
			if os.Geteuid() == 0 {
				return errNotReadable
			}
			return os.Chmod(dir, 0)
		}},
		{name: "corrupt-properties", says: "meta.properties", spoil: func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "meta.properties"), []byte("garbage\n"), 0o600)
		}},
		{name: "corrupt-metadata", says: "metadata log", spoil: func(dir string) error {
			return flip(filepath.Join(dir, "__cluster_metadata-0", "00000000000000000000.log"), 300)
		}},
		{name: "corrupt-journal", says: "corrupt journal", spoil: func(dir string) error {
			return flip(filepath.Join(dir, "journal", "base"), 20)
		}},
		{name: "missing-journal", killed: true, says: "missing journal", spoil: func(dir string) error {
			return os.RemoveAll(filepath.Join(dir, "journal"))
		}},
	}
}

// directoryCases start brokers on directories that they must refuse.
func (s *suite) directoryCases() []testCase {
	all := []testCase{{"directory/in-use", func(ctx context.Context) error {
		if s.broker == nil {
			return errNotOurs
		}
		return s.refused(ctx, filepath.Join(s.broker.dir, "data"), nil, "in use by process")
	}}}
	all = append(all, testCase{"directory/moved-without-journal", s.movesWithoutJournal})
	for _, r := range refusals() {
		all = append(all, testCase{"directory/" + r.name, func(ctx context.Context) error {
			dir, err := s.endedBroker(ctx, r.name, r.killed)
			if err != nil {
				return err
			}
			data := filepath.Join(dir, "data")
			if r.spoil != nil {
				if err := r.spoil(data); err != nil {
					return err
				}
			}
			return s.refused(ctx, data, r.settings, r.says)
		}})
	}
	return all
}

// movesWithoutJournal checks that a directory that was stopped needs no journal.
func (s *suite) movesWithoutJournal(ctx context.Context) error {
	dir, err := s.endedBroker(ctx, "moved", false)
	if err != nil {
		return err
	}
	data := filepath.Join(dir, "data")
	if _, err := os.Stat(filepath.Join(data, ".kafka_cleanshutdown")); err != nil {
		return fmt.Errorf("a stopped broker leaves no mark for Kafka: %w", err)
	}
	if err := os.RemoveAll(filepath.Join(data, "journal")); err != nil {
		return err
	}
	b, err := startBroker(ctx, s.binary, dir)
	if err != nil {
		return err
	}
	return errors.Join(b.stop(), b.log.Close())
}

// endedBroker is the directory of a broker that was stopped, or killed.
func (s *suite) endedBroker(ctx context.Context, name string, killed bool) (string, error) {
	dir := filepath.Join(s.dir, name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	b, err := startBroker(ctx, s.binary, dir)
	if err != nil {
		return "", err
	}
	if killed {
		b.kill()
		return dir, b.log.Close()
	}
	return dir, errors.Join(b.stop(), b.log.Close())
}

// refused starts a broker that must end by itself, with a sentence.
func (s *suite) refused(ctx context.Context, data string, settings []string, says string) error {
	ctx, cancel := context.WithTimeout(ctx, refusalTime)
	defer cancel()
	arguments := append([]string{"serve", "--listeners", "PLAINTEXT://127.0.0.1:0",
		"--log.dirs", data}, settings...)
	out, err := exec.CommandContext(ctx, s.binary, arguments...).CombinedOutput()
	said := strings.TrimSpace(string(out))
	var exit *exec.ExitError
	switch {
	case err == nil || !errors.As(err, &exit) || exit.ExitCode() != 1:
		return fmt.Errorf("it ended with %v, not exit status 1; it said: %s", err, excerpt(said))
	case !strings.Contains(said, says):
		return fmt.Errorf("want %q in what it said: %s", says, excerpt(said))
	case strings.Count(said, "\n") > 2:
		return fmt.Errorf("a refusal of many lines: %s", excerpt(said))
	}
	return nil
}

// flip spoils some bytes of a file.
func flip(path string, at int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	bytes := make([]byte, 16)
	if _, err := f.ReadAt(bytes, at); err != nil {
		return err
	}
	for i := range bytes {
		bytes[i] ^= 0x55
	}
	_, err = f.WriteAt(bytes, at)
	return err
}
