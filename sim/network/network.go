package network

import (
	"math/bits"
	"time"

	"odradek/sim/chance"
	"odradek/sim/fault"
	"odradek/sim/schedule"
)

// Config is how fast the network is.
type Config struct {
	// Latency is what bytes between two nodes take at least; Local is for a node
	// and itself.
	Latency, Local time.Duration
	// WindowMax bounds the bytes of a stream that left and were not taken.
	WindowMax int
}

// DefaultConfig is a network within one building.
func DefaultConfig() Config {
	return Config{
		Latency: 200 * time.Microsecond, Local: 20 * time.Microsecond, WindowMax: 1 << 20,
	}
}

// Network connects the hosts of a world.
type Network struct {
	scheduler *schedule.Scheduler
	plan      *fault.Plan
	config    Config
	noise     chance.Stream
	hosts     []*Host
	links     map[[2]int]*link
	buffers   bufferPool
	endpoints uint64
}

// New makes a network without hosts.
func New(s *schedule.Scheduler, plan *fault.Plan, c Config, noise chance.Stream) *Network {
	return &Network{
		scheduler: s, plan: plan, config: c, noise: noise, links: map[[2]int]*link{},
	}
}

// link is one direction between two hosts.
type link struct {
	cuts  int
	slow  int // how many times slower than usual, 0 for not
	noise chance.Stream
}

func (n *Network) link(from, to *Host) *link {
	key := [2]int{from.node, to.node}
	l := n.links[key]
	if l == nil {
		l = &link{noise: n.noise.ForkNumber("link", uint64(from.node)<<32|uint64(to.node))}
		n.links[key] = l
	}
	return l
}

// latencyMax bounds what a spike on a slow link comes to: beyond it a cut says
// more.
const latencyMax = 10 * time.Second

// latency draws how long bytes take from one host to another.
func (n *Network) latency(from, to *Host) time.Duration {
	l := n.link(from, to)
	base := n.config.Latency
	if from == to {
		base = n.config.Local
	}
	d := base + l.noise.Tail(base/4)
	if l.slow > 0 {
		d *= time.Duration(l.slow)
	}
	if v, spike := n.plan.Draw(fault.NetworkSpike, from.node); spike {
		n.plan.Fired(fault.NetworkSpike)
		d *= time.Duration(10 + v%1000)
	}
	return min(d, latencyMax)
}

// Cut stops what one node sends another until as many calls of Mend. It reports
// whether there are two nodes to cut.
func (n *Network) Cut(from, to int) bool {
	if from == to || from >= len(n.hosts) || to >= len(n.hosts) {
		return false
	}
	n.link(n.hosts[from], n.hosts[to]).cuts++
	return true
}

// Mend undoes a Cut: what was held up arrives after a retransmission's time.
func (n *Network) Mend(from, to int) {
	l := n.link(n.hosts[from], n.hosts[to])
	l.cuts = max(0, l.cuts-1)
	if l.cuts > 0 {
		return
	}
	n.release(n.hosts[from], n.hosts[to])
	n.release(n.hosts[to], n.hosts[from])
}

// release lets held streams from one host to another go on, also those whose
// sender or receiver is dead: kernels do not forget. Windows that could not be
// told open too.
func (n *Network) release(from, to *Host) {
	for _, e := range to.endpoints {
		if e.peer.host == from {
			e.peer.out.release(n.retransmit(from, to))
		}
	}
	for _, e := range from.endpoints {
		if e.peer.host != to {
			continue
		}
		if e.peer.stack == nil {
			e.out.release(n.retransmit(from, to))
		}
		e.openWindow(n.retransmit(from, to))
	}
}

// retransmit is when a kernel tries again after a loss.
func (n *Network) retransmit(from, to *Host) time.Duration {
	return n.link(from, to).noise.Between(time.Millisecond, time.Second)
}

// Slow makes everything between two nodes factor times slower; 0 ends that.
func (n *Network) Slow(a, b, factor int) bool {
	if a == b || a >= len(n.hosts) || b >= len(n.hosts) {
		return false
	}
	n.link(n.hosts[a], n.hosts[b]).slow = factor
	n.link(n.hosts[b], n.hosts[a]).slow = factor
	return true
}

// Heal ends every cut and every slowness.
func (n *Network) Heal() {
	for _, from := range n.hosts {
		for _, to := range n.hosts {
			l := n.link(from, to)
			l.slow = 0
			if l.cuts > 0 {
				l.cuts = 1
				n.Mend(from.node, to.node)
			}
		}
	}
}

// blocked reports whether what from sends does not reach to.
func (n *Network) blocked(from, to *Host) bool {
	return from != to && (n.link(from, to).cuts > 0 || !to.up)
}

// bufferPool keeps buffers by the power of two of their size.
type bufferPool struct{ free [33][][]byte }

const (
	bufferMin = 256
	// keptBuffersMax bounds the kept buffers of one size.
	keptBuffersMax = 256
)

// classOf is the power of two that holds size bytes.
func classOf(size int) int { return bits.Len(uint(max(size, bufferMin) - 1)) }

func (p *bufferPool) take(size int) []byte {
	class := classOf(size)
	list := p.free[class]
	if n := len(list); n > 0 {
		b := list[n-1]
		list[n-1] = nil
		p.free[class] = list[:n-1]
		return b[:size]
	}
	return make([]byte, size, 1<<class)
}

func (p *bufferPool) give(b []byte) {
	class := bits.Len(uint(cap(b)) - 1)
	if cap(b) >= bufferMin && cap(b) == 1<<class && len(p.free[class]) < keptBuffersMax {
		p.free[class] = append(p.free[class], b)
	}
}
