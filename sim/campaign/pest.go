package campaign

import (
	"encoding/binary"
	"time"

	"odradek/core/task"
	"odradek/sim/chance"
	"odradek/sim/client"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// pest is a client that does what no client should: it sends rubbish, frames
// that are cut or announce gibibytes, and asks without ever reading. What it
// is told is of no interest; what others are told is.
type pest struct{ *actor }

func newPest(a *actor) role { return &pest{a} }

func (p *pest) finish(*task.Task) {}

// step opens a connection, misbehaves on it, and leaves.
func (p *pest) step(t *task.Task, op *chance.Stream) {
	options := p.options()
	options.Complain = func(string) {} // rubbish may be answered by rubbish
	conn, err := client.Dial(t, options, brokerAddress, t.Now().Plus(dialPatience))
	if err != nil {
		return
	}
	switch op.Below(5) {
	case 0:
		conn.SendRaw(rubbish(op, 1+int(op.Below(300))))
	case 1:
		conn.SendRaw(binary.BigEndian.AppendUint32(nil, uint32(1<<31-1-op.Below(1<<20))))
	case 2:
		frame := kmsg.NewRequestFormatter().AppendRequest(nil, p.drawRequest(op), 1)
		conn.SendRaw(frame[:op.Below(uint64(len(frame)))])
	case 3:
		frame := kmsg.NewRequestFormatter().AppendRequest(nil, p.drawRequest(op), 1)
		for range 1 + op.Below(4) {
			frame[4+op.Below(uint64(len(frame)-4))] ^= byte(1 << op.Below(8))
		}
		conn.SendRaw(frame)
	default:
		p.neverRead(op, conn)
	}
	t.Sleep(time.Duration(op.Below(uint64(200 * time.Millisecond))))
	conn.Close()
}

// neverRead asks for everything there is, many times, and reads nothing.
func (p *pest) neverRead(op *chance.Stream, conn *client.Conn) {
	conn.Pause(true)
	usable := p.run.ledger.usable()
	for range 1 + op.Below(30) {
		request := kmsg.NewPtrFetchRequest()
		request.SetVersion(fetchMax)
		request.MaxBytes, request.SessionEpoch = 50<<20, -1
		for _, target := range usable {
			addFetch(request, &cursor{topic: target}, 1<<20)
		}
		conn.Send(request, true)
	}
}

// rubbish is a frame of random bytes, with a length that is right.
func rubbish(op *chance.Stream, size int) []byte {
	p := binary.BigEndian.AppendUint32(nil, uint32(size))
	for range size {
		p = append(p, byte(op.Uint64()))
	}
	return p
}

// drawRequest is a request that changes nothing as long as it is whole: what a
// flipped bit makes of it cannot be known.
func (p *pest) drawRequest(op *chance.Stream) kmsg.Request {
	if op.OneIn(2) {
		request := kmsg.NewPtrMetadataRequest()
		request.SetVersion(between(op, 4, 13))
		return request
	}
	request := kmsg.NewPtrFetchRequest()
	request.SetVersion(between(op, fetchMin, fetchMax))
	for _, target := range p.run.ledger.usable() {
		addFetch(request, &cursor{topic: target}, 1000)
	}
	return request
}
