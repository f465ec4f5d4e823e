package live

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// Recovery is where the time of a start went, by the broker's own account.
type Recovery struct {
	// JournalBytes is how much journal there was to replay, as the broker writes
	// it.
	JournalBytes string
	// Replay, Logs and Opening are the parts of broker.Report.
	Replay, Logs, Opening time.Duration
}

// String tells it in half a line.
func (r Recovery) String() string {
	return fmt.Sprintf("%s of journal in %v, logs in %v, opened in %v",
		r.JournalBytes, r.Replay, r.Logs, r.Opening)
}

// recovered finds the line in which serve says so.
var recovered = regexp.MustCompile(
	`journal: (\S+ \S+) of .* replayed in (\S+), .* made whole in (\S+), opened in (\S+)\n`)

// saidWithin is how long the broker may take to say what it says at its start,
// once it answers: a moment.
const saidWithin = 10 * time.Second

// Recovery is what the present broker, which answers, says of its start.
func (p *Process) Recovery() (r Recovery, err error) {
	for began := time.Now(); time.Since(began) < saidWithin; time.Sleep(readyPoll) {
		var text []byte
		if text, err = os.ReadFile(filepath.Join(p.Dir, "broker.log")); err != nil {
			return r, err
		}
		if r, err = parseRecovery(text[min(p.began, int64(len(text))):]); err == nil {
			return r, nil
		}
	}
	return r, err
}

func parseRecovery(text []byte) (r Recovery, err error) {
	found := recovered.FindSubmatch(text)
	if found == nil {
		return r, fmt.Errorf("the broker does not say how long its start took: %q", text)
	}
	r.JournalBytes = string(found[1])
	for i, part := range []*time.Duration{&r.Replay, &r.Logs, &r.Opening} {
		if *part, err = time.ParseDuration(string(found[i+2])); err != nil {
			return r, err
		}
	}
	return r, nil
}
