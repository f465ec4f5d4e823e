package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
)

//go:embed client.py
var pythonClient string

// python is Debian's own: python3-kafka installs for that one.
const python = "/usr/bin/python3"

// pythonKafka is kafka-python, an implementation in pure Python.
type pythonKafka struct {
	suite  *suite
	script string
}

func (c *pythonKafka) name() string { return "kafka-python" }

// codecs: the others need packages beyond Debian's python3-kafka.
func (c *pythonKafka) codecs() []string { return []string{"none", "gzip"} }

func (c *pythonKafka) there(ctx context.Context) bool {
	_, err := command(ctx, nil, python, "-c", "import kafka")
	return err == nil
}

func (c *pythonKafka) run(ctx context.Context, stdin []byte, args ...string) ([]byte, error) {
	return command(ctx, stdin, python, append([]string{c.script, c.suite.bootstrap}, args...)...)
}

func (c *pythonKafka) produce(ctx context.Context, topic, codec, file string) error {
	_, err := c.run(ctx, nil, "produce", topic, codec, file)
	return err
}

func (c *pythonKafka) consume(ctx context.Context, topic string, to io.Writer) error {
	return stream(ctx, nil, to, python, c.script, c.suite.bootstrap, "consume", topic)
}

func (c *pythonKafka) produceRecords(ctx context.Context, topic string, records []record) error {
	encoded, err := json.Marshal(records)
	if err != nil {
		return err
	}
	_, err = c.run(ctx, encoded, "produce-records", topic)
	return err
}

func (c *pythonKafka) consumeRecords(ctx context.Context, topic string) ([]record, error) {
	out, err := c.run(ctx, nil, "consume-records", topic)
	if err != nil {
		return nil, err
	}
	var records []record
	if err := json.Unmarshal(out, &records); err != nil {
		return nil, fmt.Errorf("kafka-python: %w", err)
	}
	return records, nil
}
