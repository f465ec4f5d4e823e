package main

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// progressEvery is how often a progress line is drawn again: often enough to
// look alive, seldom enough to cost nothing.
const progressEvery = 200 * time.Millisecond

// progress draws one line over and over at a terminal, and nothing in a pipe.
// It is not safe for concurrent use.
type progress struct {
	out   io.Writer // nil when nobody looks
	now   func() time.Time
	last  time.Time
	width int // of the line on the screen
}

func newProgress(c *console) *progress {
	p := &progress{now: c.now}
	if c.errTerminal {
		p.out = c.err
	}
	return p
}

// show draws the line that text returns, if it is time to.
func (p *progress) show(text func() string) {
	if p.out == nil {
		return
	}
	now := p.now()
	if now.Sub(p.last) < progressEvery {
		return
	}
	p.last = now
	line := text()
	width := utf8.RuneCountInString(line)
	fmt.Fprintf(p.out, "\r%s%s", line, strings.Repeat(" ", max(0, p.width-width)))
	p.width = width
}

// clear takes the line away, before something else is printed.
func (p *progress) clear() {
	if p.out != nil && p.width > 0 {
		fmt.Fprintf(p.out, "\r%s\r", strings.Repeat(" ", p.width))
		p.width = 0
	}
}

// rate is "12.3 MiB/s", of bytes in a duration.
func rate(bytes int64, d time.Duration) string {
	if d <= 0 {
		d = time.Millisecond
	}
	return byteSize(float64(bytes)/d.Seconds()).String() + "/s"
}
