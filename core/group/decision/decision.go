package decision

import (
	"odradek/core/group/record"
	"odradek/core/kafka"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Moment is when a step is taken.
type Moment struct {
	// Now is for time-outs.
	Now kafka.Instant
	// Wall is for what records say.
	Wall kafka.Timestamp
}

// Client is who asks, as its connection and its request header say.
type Client struct {
	// ID is the client.id.
	ID string
	// Host is the address it comes from, as Kafka shows it: "/127.0.0.1".
	Host string
}

// Ticket names a request that was not answered yet. The shell gives each a number of
// its own; the coordinator only gives it back.
type Ticket uint64

// Answer is the answer to one request.
type Answer struct {
	Ticket   Ticket
	Response kmsg.Response
}

// Decision is what one step comes to.
type Decision struct {
	// Records are to be appended in this order, in one batch, all or none, and given to
	// Apply once they are in the log.
	Records []record.Record
	// Answers are to be given when the Records, and everything that was applied before
	// them, is durable: an answer may tell of either.
	Answers []Answer
	// Volatile is set when the step has also changed what is in no record (who waits for
	// a rebalance, and until when). If the Records cannot be written, the coordinator
	// does not fit its log any more and has to be loaded anew; otherwise nothing has
	// happened, and the Answers are replaced by an error.
	Volatile bool
	// More is set when the step has stopped at the limit of its work: the same step is to
	// be asked again, with the same arguments, once the Records were applied.
	More bool
}

// Answer adds an answer.
func (d *Decision) Answer(t Ticket, response kmsg.Response) {
	d.Answers = append(d.Answers, Answer{t, response})
}

// Write adds records.
func (d *Decision) Write(records ...record.Record) { d.Records = append(d.Records, records...) }

// Add adds what another step came to, behind this one's.
func (d *Decision) Add(other Decision) {
	d.Records = append(d.Records, other.Records...)
	d.Answers = append(d.Answers, other.Answers...)
	d.Volatile = d.Volatile || other.Volatile
	d.More = d.More || other.More
}
