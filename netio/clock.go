package netio

import (
	"time"

	"odradek/core/kafka"
	"odradek/core/task"
)

// clock is env.Clock: the loop's instant, and the machine's wall clock read at
// most once a turn.
type clock struct {
	loop *task.Loop
	// start is the zero of the node's instants; time.Since of it is monotonic.
	start time.Time
	wall  kafka.Timestamp
	// wallAt is the turn for which wall was read.
	wallAt kafka.Instant
}

// Now is the instant of the current turn.
func (c *clock) Now() kafka.Instant { return c.loop.Now() }

// Wall is the wall clock in milliseconds since 1970.
func (c *clock) Wall() kafka.Timestamp {
	if now := c.loop.Now(); now != c.wallAt {
		c.wall, c.wallAt = kafka.Timestamp(time.Now().UnixMilli()), now
	}
	return c.wall
}

// read looks at the monotonic clock. It is never zero, so that a turn's instant
// differs from that of a clock that was never read.
func (c *clock) read() kafka.Instant {
	return kafka.Instant(time.Since(c.start)) + 1
}
