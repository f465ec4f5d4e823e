package history

import (
	"fmt"
	"strconv"
	"strings"
)

// Millis is a time of the machine's clock, in milliseconds since 1970.
type Millis int64

// Offset is a record's place in its partition, or the next one to consume.
type Offset int64

// Kind is what a member says has happened.
type Kind string

// What happens to a member.
const (
	// Assigned: a partition is the member's from now on. It has not asked yet where
	// to begin.
	Assigned Kind = "assigned"
	// Revoked: a partition is no longer the member's.
	Revoked Kind = "revoked"
	// Consumed: the application was given a record.
	Consumed Kind = "consumed"
	// Committed: the coordinator has acknowledged a commit.
	Committed Kind = "committed"
)

// Event is one thing that a member says.
type Event struct {
	At        Millis
	Kind      Kind
	Partition int32
	// Offset is that of a consumed record, or the offset that was committed, which is
	// the next one to consume.
	Offset Offset
	// Value is that of a consumed record.
	Value string
}

// String gives the line that Parse reads.
func (e Event) String() string {
	switch e.Kind {
	case Consumed:
		return fmt.Sprintf("%d %s %d %d %s", e.At, e.Kind, e.Partition, e.Offset, e.Value)
	case Committed:
		return fmt.Sprintf("%d %s %d %d", e.At, e.Kind, e.Partition, e.Offset)
	}
	return fmt.Sprintf("%d %s %d", e.At, e.Kind, e.Partition)
}

// Parse reads a line. A line that is none, as a client's warning, is not an error of
// the history: ok is false.
func Parse(line string) (event Event, ok bool) {
	fields := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 5)
	if len(fields) < 3 {
		return Event{}, false
	}
	event.Kind = Kind(fields[1])
	wanted := map[Kind]int{Assigned: 3, Revoked: 3, Consumed: 5, Committed: 4}[event.Kind]
	if len(fields) != wanted {
		return Event{}, false
	}
	at, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		return Event{}, false
	}
	partition, err := strconv.ParseInt(fields[2], 10, 32)
	if err != nil {
		return Event{}, false
	}
	event.At, event.Partition = Millis(at), int32(partition)
	if wanted > 3 {
		offset, err := strconv.ParseInt(fields[3], 10, 64)
		if err != nil {
			return Event{}, false
		}
		event.Offset = Offset(offset)
	}
	if wanted > 4 {
		event.Value = fields[4]
	}
	return event, true
}

// Member is one process that was in the group, and all that it said, in order.
type Member struct {
	// Name is the member's for reports: its client and a number.
	Name string
	// Silent: the client does not say what it is assigned, so that where an ownership
	// begins must be guessed from what it consumes.
	Silent bool
	// Started is when the process was started.
	Started Millis
	Events  []Event
}

// Observation is an answer of the coordinator to a question of the observer.
type Observation struct {
	// Asked and Answered are when the question went and when the answer came.
	Asked, Answered Millis
	// Offsets are the committed offsets by partition; those never committed are
	// missing.
	Offsets map[int32]Offset
}

// History is everything that was seen of one group with one topic.
type History struct {
	// Log is the topic as it is at the end: the values by partition and offset. It
	// begins at offset 0.
	Log [][]string
	// Members are all that ever were in the group.
	Members []Member
	// Observations are in the order of their times.
	Observations []Observation
}
