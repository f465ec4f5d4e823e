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
	for _, r := range refusals() {
		all = append(all, testCase{"directory/" + r.name, func(ctx context.Context) error {
			dir, err := s.stoppedBroker(ctx, r.name)
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

// stoppedBroker is the directory of a broker that was stopped.
func (s *suite) stoppedBroker(ctx context.Context, name string) (string, error) {
	dir := filepath.Join(s.dir, name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	b, err := startBroker(ctx, s.binary, dir)
	if err != nil {
		return "", err
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
