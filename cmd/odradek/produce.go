package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	// producerBufferedBytesMax bounds what is read ahead of the broker.
	producerBufferedBytesMax = 64 << 20
	// producerBufferedRecordsMax does the same for short lines; kgo's own
	// default of 10,000 would make small batches of them.
	producerBufferedRecordsMax = 1 << 19
	// producerLinger gathers what arrives together without being felt.
	producerLinger = 5 * time.Millisecond
	// flushAtInterrupt is how long an interrupted command waits for what it
	// has sent already.
	flushAtInterrupt = 5 * time.Second
)

type produce struct {
	*connection
	topic      string
	file       string
	separator  string
	delimiter  string
	null       string
	headers    []string
	codec      string
	acks       string
	partition  int32
	batchBytes int32
	patience   time.Duration
	quiet      bool
}

func produceCommand(c *console) *cobra.Command {
	o := &produce{}
	command := &cobra.Command{
		Use:   "produce TOPIC [flags]",
		Short: "Write lines to a topic",
		Long: `Write lines to a topic: each line of standard input or a file becomes a record.

Records hold the line's bytes without the newline, nothing else is changed: empty lines become
empty records, a last line without newline is a record too. A partition gets its records in the
order of the lines; with --acks all no retry loses one or writes it twice.`,
		Example: example(
			"odradek produce orders --file orders.log --codec zstd",
			"tail -F app.log | odradek produce logs",
			"echo 'k1:hello' | odradek produce orders -k : -H source=shell",
			"odradek produce orders     # type lines, Ctrl-D ends",
		),
		Args: wants(1, 1, "the topic to write to"),
		RunE: func(command *cobra.Command, args []string) error {
			o.topic = args[0]
			return o.run(command)
		},
	}
	flags := command.Flags()
	flags.StringVarP(&o.file, "file", "f", "", "read this `FILE` instead of standard input")
	flags.StringVarP(&o.separator, "key-separator", "k", "",
		"`TEXT` between key and value, as : or \\t;\nwithout it lines are values")
	flags.StringVarP(&o.delimiter, "delimiter", "D", "\\n", "`TEXT` that ends a record, as \\0")
	flags.StringVar(&o.null, "null", "", "a key or value of exactly this `TEXT` is null, as NULL")
	flags.StringArrayVarP(&o.headers, "header", "H", nil,
		"a header for each record, `NAME=VALUE`; may be repeated")
	flags.StringVarP(&o.codec, "codec", "z", "none",
		"compress with this `CODEC`: none, gzip, snappy, lz4, zstd")
	flags.StringVar(&o.acks, "acks", "all",
		"a record is written when `WHO` has it: all (in-sync\nreplicas), 1 (the leader), 0 (the network)")
	flags.Int32VarP(&o.partition, "partition", "p", -1,
		"write to partition `N`; -1 goes by the key, or spreads batches")
	flags.Int32Var(&o.batchBytes, "batch-bytes", 1_000_000,
		"at most `N` bytes in a batch, and in a record")
	flags.DurationVar(&o.patience, "delivery-timeout", 2*time.Minute,
		"give up on a record the broker did not take in this `TIME`")
	flags.BoolVarP(&o.quiet, "quiet", "q", false, "no progress and no summary")
	o.connection = connect(c, command)
	return command
}

func (o *produce) run(command *cobra.Command) error {
	cutter, err := o.cutter()
	if err != nil {
		return err
	}
	options, err := o.options()
	if err != nil {
		return err
	}
	in, size, err := o.open()
	if err != nil {
		return err
	}
	defer in.Close()
	ctx := command.Context()
	away := &outage{}
	client, err := o.client(ctx, append(options, kgo.WithHooks(away))...)
	if err != nil {
		return err
	}
	defer client.Close()
	if err := o.checkPartition(ctx, client); err != nil {
		return err
	}
	if o.file == "" && o.console.inTerminal && !o.quiet {
		fmt.Fprintln(o.console.err, "each line becomes a record; Ctrl-D ends")
	}
	w := &writer{client: client, cutter: cutter, partition: o.partition,
		progress: newProgress(o.console), console: o.console, outage: away,
		started: o.console.now(), now: o.console.now, size: size, topic: o.topic}
	if o.quiet || o.console.inTerminal && o.file == "" {
		w.progress.out = nil
	}
	err = w.run(ctx, newLineReader(in, cutter.delimiter))
	if !o.quiet {
		fmt.Fprintln(o.console.err, w.summary(err))
	}
	return err
}

// open opens the input; the size is 0 when it is not known.
func (o *produce) open() (io.ReadCloser, int64, error) {
	if o.file == "" || o.file == "-" {
		return io.NopCloser(o.console.in), 0, nil
	}
	in, err := os.Open(o.file)
	if err != nil {
		return nil, 0, fileFault(err)
	}
	info, err := in.Stat()
	if err != nil {
		in.Close()
		return nil, 0, fileFault(err)
	}
	if info.IsDir() {
		in.Close()
		return nil, 0, &fault{sentence: o.file + " is a directory, not a file of lines"}
	}
	if !info.Mode().IsRegular() {
		return in, 0, nil
	}
	return in, info.Size(), nil
}

func (o *produce) options() ([]kgo.Opt, error) {
	if o.batchBytes < 1024 || o.batchBytes > lineBytesMax {
		return nil, usagef("--batch-bytes is between 1024 and %d", lineBytesMax)
	}
	options := []kgo.Opt{
		kgo.ProducerLinger(producerLinger),
		kgo.MaxBufferedBytes(producerBufferedBytesMax),
		kgo.MaxBufferedRecords(producerBufferedRecordsMax),
		kgo.ProducerBatchMaxBytes(o.batchBytes),
		kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)),
		kgo.AllowAutoTopicCreation(),
		kgo.RecordDeliveryTimeout(o.patience),
		kgo.DefaultProduceTopic(o.topic),
	}
	if o.partition >= 0 {
		options = append(options, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	}
	codec, err := codecNamed(o.codec)
	if err != nil {
		return nil, err
	}
	options = append(options, kgo.ProducerBatchCompression(codec))
	switch o.acks {
	case "all", "-1":
		return options, nil
	case "1", "leader":
		options = append(options, kgo.RequiredAcks(kgo.LeaderAck()))
	case "0", "none":
		options = append(options, kgo.RequiredAcks(kgo.NoAck()))
	default:
		return nil, usagef("--acks is all, 1 or 0, not %q", o.acks)
	}
	// Without idempotence only one request in flight keeps the order.
	return append(options, kgo.DisableIdempotentWrite(),
		kgo.MaxProduceRequestsInflightPerBroker(1)), nil
}

func codecNamed(name string) (kgo.CompressionCodec, error) {
	switch name {
	case "none":
		return kgo.NoCompression(), nil
	case "gzip":
		return kgo.GzipCompression(), nil
	case "snappy":
		return kgo.SnappyCompression(), nil
	case "lz4":
		return kgo.Lz4Compression(), nil
	case "zstd":
		return kgo.ZstdCompression(), nil
	}
	return kgo.CompressionCodec{}, usagef("--codec is none, gzip, snappy, lz4 or zstd, not %q", name)
}

// checkPartition refuses a --partition that the topic does not have; kgo would
// wait for it to appear.
func (o *produce) checkPartition(ctx context.Context, client *kgo.Client) error {
	if o.partition < 0 {
		return nil
	}
	_, details, err := topicDetails(ctx, kadm.NewClient(client), o.topic)
	if errors.Is(err, errUnknownTopic) {
		return nil // it may be created by the first record
	}
	if err != nil {
		return err
	}
	_, err = partitionNumbers(details[0], []int32{o.partition})
	return err
}
