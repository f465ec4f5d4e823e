package main

import (
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// outage notices that a broker went away, and that it is back. The client tries for
// as long as it takes and says nothing, so that a command would just stand still.
type outage struct {
	mutex sync.Mutex
	// broker is the one that does not answer, and cause why not: nil when all do.
	broker string
	cause  error
	// told is set while the person at the terminal believes that it is away.
	told bool
}

var _ kgo.HookBrokerConnect = (*outage)(nil)

// OnBrokerConnect implements kgo.HookBrokerConnect, on any goroutine. The addresses
// to ask first, whose ids are negative, may be wrong as long as one is right.
func (o *outage) OnBrokerConnect(
	b kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error,
) {
	if b.NodeID < 0 {
		return
	}
	address := net.JoinHostPort(b.Host, fmt.Sprint(b.Port))
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if err != nil {
		o.broker, o.cause = address, err
	} else if address == o.broker {
		o.cause = nil
	}
}

// news is what has changed since it was asked last, or "".
func (o *outage) news() string {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if away := o.cause != nil; away == o.told {
		return ""
	}
	o.told = !o.told
	if o.told {
		return fmt.Sprintf("no broker answers at %s: %s; trying again", o.broker, rootCause(o.cause))
	}
	return fmt.Sprintf("the broker at %s answers again", o.broker)
}

// tell prints the news, if there are any, in place of a progress line.
func (o *outage) tell(c *console, line *progress) {
	if news := o.news(); news != "" {
		line.clear()
		fmt.Fprintf(c.err, "odradek: %s\n", news)
	}
}
