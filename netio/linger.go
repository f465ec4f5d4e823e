package netio

import (
	"time"

	"golang.org/x/sys/unix"

	"odradek/core/task"
)

// Limits of lingering sockets.
const (
	// lingersMax bounds how many sockets of a shard linger; more are closed.
	lingersMax = 256
	// lingerSpan is how long the peer has to read its last answer.
	lingerSpan = 2 * time.Second
)

// linger is a socket whose last answer was handed to the kernel. Closing it
// while unread requests are in it would send a reset, which may overtake the
// answer; so it says that no more comes, drops what the peer still sends, and
// closes when the peer does.
type linger struct {
	shard *Shard
	fd    int
	token token
	timer *task.Timer
}

func (s *Shard) linger(fd int) {
	if s.lingers >= lingersMax || s.closing {
		_ = unix.Close(fd) // everything was handed to the kernel
		return
	}
	l := &linger{shard: s, fd: fd}
	_ = unix.EpollCtl(s.poller.epoll, unix.EPOLL_CTL_DEL, fd, nil) // was watched as a conn
	t, err := s.poller.add(fd, unix.EPOLLIN|unix.EPOLLRDHUP, l)
	if err != nil || unix.Shutdown(fd, unix.SHUT_WR) != nil {
		if err == nil {
			s.poller.forget(t)
		}
		_ = unix.Close(fd) // the peer is gone already
		return
	}
	l.token = t
	s.lingers++
	l.timer = s.loop.NewTimer(l.close)
	l.timer.Set(s.loop.Now().Plus(lingerSpan))
}

func (l *linger) ready(uint32) {
	n, errno := rawDrop(l.fd, l.shard.scratch)
	if n > 0 && errno == 0 || errno == unix.EAGAIN || errno == unix.EINTR {
		return
	}
	l.timer.Stop()
	l.close()
}

func (l *linger) close() {
	l.shard.lingers--
	l.shard.poller.forget(l.token)
	_ = unix.Close(l.fd) // nothing of it is ours any more
}
