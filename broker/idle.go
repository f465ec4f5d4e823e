package broker

import (
	"time"

	"odradek/core/task"
)

// sessionList is a shard's connections, oldest first.
type sessionList struct {
	first, last *session
}

func (l *sessionList) add(s *session) {
	s.previous, s.following = l.last, nil
	if l.last != nil {
		l.last.following = s
	} else {
		l.first = s
	}
	l.last = s
}

func (l *sessionList) remove(s *session) {
	if s.previous != nil {
		s.previous.following = s.following
	} else {
		l.first = s.following
	}
	if s.following != nil {
		s.following.previous = s.previous
	} else {
		l.last = s.previous
	}
	s.previous, s.following = nil, nil
}

// closeIdleLoop closes connections without a request for longer than
// connections.max.idle.ms. A look at all of them is cheap and rare, so nothing
// is kept in order for it on the path of requests. One that waits for an answer
// isn't idle.
func (s *Shard) closeIdleLoop(t *task.Task) {
	limit := time.Duration(s.node.ConnectionsMaxIdleMs) * time.Millisecond
	for {
		t.Sleep(max(limit/4, time.Millisecond))
		for c := s.sessions.first; c != nil; c = c.following {
			if c.idle() && t.Now().Since(c.lastActive) > limit {
				c.conn.Close()
			}
		}
	}
}
