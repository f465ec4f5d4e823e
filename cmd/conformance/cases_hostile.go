package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	hostileConnections = 600
	// hostileKeys covers all of Kafka's API keys and some that are none.
	hostileKeys = 100
	// idleConnections is how many do nothing at all.
	idleConnections = 10_000
	// deafConnections ask for much and read nothing.
	deafConnections = 50
	deafRequests    = 500
	// hollowConnections announce frames that don't come.
	hollowConnections = 200
	hollowFrameBytes  = 100 << 20
	hollowSentBytes   = 64 << 10
)

// hostileCases talk nonsense to the broker, with a good client beside them.
func (s *suite) hostileCases() []testCase {
	beside := func(run func(context.Context, *bystander) error) func(context.Context) error {
		return func(ctx context.Context) error {
			b, err := s.bystander(ctx)
			if err != nil {
				return err
			}
			defer b.client.Close()
			if err := run(ctx, b); err != nil {
				return err
			}
			if err := b.check(ctx); err != nil {
				return err
			}
			fmt.Fprintf(s.out, "      the broker's memory: %d MiB, then at most %d MiB\n",
				b.before>>20, b.worst>>20)
			return nil
		}
	}
	return []testCase{
		{"hostile/nonsense", beside(s.nonsense)},
		{"hostile/frames", beside(s.badFrames)},
		{"hostile/keys-and-versions", beside(s.unknownKeys)},
		{"hostile/hollow-frames", beside(s.hollowFrames)},
		{"hostile/never-reads", beside(s.deafClients)},
		{"hostile/idle-connections", beside(s.idleClients)},
	}
}

// dial opens a connection that is not a Kafka client.
func (s *suite) dial(ctx context.Context) (net.Conn, error) {
	dialer := net.Dialer{Timeout: bystanderPatience}
	return dialer.DialContext(ctx, "tcp", s.bootstrap)
}

// throw sends bytes on a connection of their own, and waits a moment for what
// may come back. That it is closed on the way is an answer, too.
func (s *suite) throw(ctx context.Context, bytes []byte, wait time.Duration) error {
	connection, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(time.Second)) // it may be closed already
	_, _ = connection.Write(bytes)
	_ = connection.SetReadDeadline(time.Now().Add(wait))
	_, _ = connection.Read(make([]byte, 4096))
	return nil
}

// nonsense sends what other protocols begin with, and impossible lengths.
func (s *suite) nonsense(ctx context.Context, b *bystander) error {
	for _, text := range []string{
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"SSH-2.0-OpenSSH_9.2\r\n",
		"\x7f\xff\xff\xff", "\x80\x00\x00\x00", "\xff\xff\xff\xff", "\x00\x00\x00\x00",
		"\x00\x00\x00\x01\x00", "\x00\x00\x00\x04\x7f\x00\x00\x00", "\x00\x00\x00\x08\x00\x12\x00\x00",
		"\x7f\xff\xff\xff\x00\x12\x00\x00\x00\x00\x00\x01\xff\xff",
	} {
		if err := s.throw(ctx, []byte(text), 200*time.Millisecond); err != nil {
			return fmt.Errorf("after %q: %w", text, err)
		}
		if err := b.check(ctx); err != nil {
			return fmt.Errorf("after %q: %w", text, err)
		}
	}
	return nil
}

// badFrames sends real requests that were cut, lengthened or spoiled, and
// frames of random bytes.
func (s *suite) badFrames(ctx context.Context, b *bystander) error {
	random := rand.New(rand.NewPCG(3, 4)) // the same in each run
	for i := range hostileConnections {
		var all []byte
		for range 1 + random.IntN(4) {
			all = append(all, badFrame(random)...)
		}
		if err := s.throw(ctx, all, time.Millisecond); err != nil {
			return fmt.Errorf("connection %d: %w", i, err)
		}
		if i%50 != 0 {
			continue
		}
		if err := b.check(ctx); err != nil {
			return fmt.Errorf("after connection %d: %w", i, err)
		}
	}
	return nil
}

// badFrame is a request with something wrong.
func badFrame(random *rand.Rand) []byte {
	request := kmsg.RequestForKey(int16(random.IntN(hostileKeys)))
	if request == nil {
		return frame(randomBytes(random, random.IntN(300)))
	}
	request.SetVersion(int16(random.IntN(int(request.MaxVersion()) + 1)))
	bytes := kmsg.NewRequestFormatter().AppendRequest(nil, request, random.Int32())[4:]
	switch random.IntN(4) {
	case 0: // cut
		bytes = bytes[:random.IntN(len(bytes)+1)]
	case 1: // longer
		bytes = append(bytes, randomBytes(random, random.IntN(100))...)
	case 2: // spoiled: lengths and counts turn to anything
		for range 1 + random.IntN(4) {
			if len(bytes) > 8 {
				bytes[8+random.IntN(len(bytes)-8)] = byte(random.UintN(256))
			}
		}
	case 3: // the header is right, and nothing else
		bytes = append(bytes[:min(len(bytes), 10)], randomBytes(random, random.IntN(300))...)
	}
	whole := frame(bytes)
	if random.IntN(8) == 0 {
		whole = whole[:random.IntN(len(whole))]
	}
	return whole
}

func randomBytes(random *rand.Rand, length int) []byte {
	bytes := make([]byte, length)
	for i := range bytes {
		bytes[i] = byte(random.UintN(256))
	}
	return bytes
}

// frame puts a length before bytes.
func frame(bytes []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(bytes))), bytes...)
}

// unknownKeys asks with every key, in versions that exist and that don't.
func (s *suite) unknownKeys(ctx context.Context, b *bystander) error {
	for key := range int16(hostileKeys) {
		for _, version := range []int16{-1, 0, 3, 25, 32767} {
			head := binary.BigEndian.AppendUint16(nil, uint16(key))
			head = binary.BigEndian.AppendUint16(head, uint16(version))
			head = append(head, 0, 0, 0, 9, 0xff, 0xff, 0, 0, 0, 0)
			if err := s.throw(ctx, frame(head), 2*time.Millisecond); err != nil {
				return fmt.Errorf("key %d version %d: %w", key, version, err)
			}
		}
	}
	return b.check(ctx)
}

// many opens connections, calls each for every one, and the good client then.
func (s *suite) many(ctx context.Context, b *bystander, count int,
	each func(net.Conn) error) error {
	var open []net.Conn
	defer func() {
		for _, c := range open {
			c.Close()
		}
	}()
	for i := range count {
		c, err := s.dial(ctx)
		if err != nil {
			return fmt.Errorf("connection %d: %w", i, err)
		}
		open = append(open, c)
		if err := each(c); err != nil {
			return fmt.Errorf("connection %d: %w", i, err)
		}
		if i%(count/5) == 0 {
			if err := b.check(ctx); err != nil {
				return fmt.Errorf("with %d connections: %w", i, err)
			}
		}
	}
	return b.check(ctx)
}

// hollowFrames announces large frames and sends their beginning.
func (s *suite) hollowFrames(ctx context.Context, b *bystander) error {
	beginning := binary.BigEndian.AppendUint32(nil, hollowFrameBytes)
	beginning = append(beginning, 0, 0, 0, 9, 0, 0, 0, 1, 0xff, 0xff) // Produce v9
	beginning = append(beginning, make([]byte, hollowSentBytes)...)
	return s.many(ctx, b, hollowConnections, func(c net.Conn) error {
		_ = c.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		_, _ = c.Write(beginning) // it may be refused, or not be taken in
		return nil
	})
}

// deafClients asks for more than fits any buffer, over and over, and reads
// nothing.
func (s *suite) deafClients(ctx context.Context, b *bystander) error {
	topic, err := s.topic(ctx, 1)
	if err != nil {
		return err
	}
	var records []*kgo.Record
	for range 64 {
		records = append(records, &kgo.Record{Topic: topic, Value: make([]byte, 100_000)})
	}
	if err := (&franzClient{s}).send(ctx, records); err != nil {
		return err
	}
	fetch := kmsg.NewFetchRequest()
	fetch.Version, fetch.MaxBytes, fetch.MaxWaitMillis = 11, 50<<20, 100
	wanted := kmsg.NewFetchRequestTopic()
	wanted.Topic = topic
	partition := kmsg.NewFetchRequestTopicPartition()
	partition.PartitionMaxBytes, partition.CurrentLeaderEpoch = 50<<20, -1
	wanted.Partitions = append(wanted.Partitions, partition)
	fetch.Topics = append(fetch.Topics, wanted)
	metadata := kmsg.NewMetadataRequest()
	metadata.Version = 9
	format := kmsg.NewRequestFormatter()
	var asked []byte
	for i := range int32(deafRequests) {
		asked = format.AppendRequest(asked, &fetch, 2*i)
		asked = format.AppendRequest(asked, &metadata, 2*i+1)
	}
	return s.many(ctx, b, deafConnections, func(c net.Conn) error {
		_ = c.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		_, _ = c.Write(asked) // the broker stops reading at some point
		return nil
	})
}

// idleClients connect and say nothing.
func (s *suite) idleClients(ctx context.Context, b *bystander) error {
	if limit := filesMax(); limit < idleConnections+200 {
		return fmt.Errorf("%w: at most %d files may be open here (ulimit -n)", errSkip, limit)
	}
	return s.many(ctx, b, idleConnections, func(net.Conn) error { return nil })
}
