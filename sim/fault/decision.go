package fault

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"odradek/core/kafka"
)

// Decision is one answer of a Plan that was not "nothing".
type Decision struct {
	Kind Kind
	// Node is the node's index, or World.
	Node int
	// Nth counts from 0 how often the kind was asked for on the node before.
	Nth uint32
	// Value says how the fault looks; it is not zero. What its bits mean
	// belongs to the place that asked.
	Value uint64
	// At is when it was made. It matters only for a replay by time.
	At kafka.Instant
}

// place is what makes a decision that one and no other.
type place struct {
	kind Kind
	node int
	nth  uint32
}

// World stands for no particular node in a Decision.
const World = -1

// String writes a decision as "disk.sync-error node=2 nth=14 value=0x9f at=1500".
func (d Decision) String() string {
	return fmt.Sprintf("%s node=%d nth=%d value=%#x at=%d", d.Kind, d.Node, d.Nth, d.Value, d.At)
}

// ErrDecision is returned for a line that is not a decision.
var ErrDecision = errors.New("not a decision")

// ParseDecision reads what String writes.
func ParseDecision(line string) (Decision, error) {
	var d Decision
	name, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	kind, ok := ParseKind(name)
	if !ok {
		return d, fmt.Errorf("%w: unknown kind in %q", ErrDecision, line)
	}
	d.Kind = kind
	_, err := fmt.Sscanf(rest, "node=%d nth=%d value=0x%x at=%d",
		&d.Node, &d.Nth, &d.Value, &d.At)
	if err != nil || d.Node < World || d.Value == 0 {
		return d, fmt.Errorf("%w: want \"kind node=N nth=N value=0xN at=N\", got %q",
			ErrDecision, line)
	}
	return d, nil
}

// WriteList writes decisions, one a line.
func WriteList(w io.Writer, list []Decision) error {
	for _, d := range list {
		if _, err := fmt.Fprintln(w, d); err != nil {
			return err
		}
	}
	return nil
}

// ReadList reads what WriteList writes; empty lines and lines that begin with
// # are passed over.
func ReadList(r io.Reader) ([]Decision, error) {
	list := []Decision{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		d, err := ParseDecision(line)
		if err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, lines.Err()
}
