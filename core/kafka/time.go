package kafka

import "time"

// Instant is a moment of a node's monotonic clock, in nanoseconds since some
// start that means nothing. It is for time-outs and never leaves the node.
type Instant int64

// Plus returns the instant d later.
func (i Instant) Plus(d time.Duration) Instant { return i + Instant(d) }

// Since returns the duration from earlier to i.
func (i Instant) Since(earlier Instant) time.Duration { return time.Duration(i - earlier) }

// Never is an instant that does not come: the deadline of a wait without one.
const Never Instant = 1<<63 - 1

// Timestamp is wall-clock time in milliseconds since the Unix epoch. It is for
// records only: it may jump either way.
type Timestamp int64

// NoTimestamp is Kafka's -1.
const NoTimestamp Timestamp = -1
