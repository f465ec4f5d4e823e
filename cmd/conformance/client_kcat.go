package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
)

// kcatClient is kcat, which is librdkafka.
type kcatClient struct{ suite *suite }

func (c *kcatClient) name() string     { return "kcat" }
func (c *kcatClient) codecs() []string { return allCodecs }

func (c *kcatClient) run(ctx context.Context, stdin []byte, args ...string) ([]byte, error) {
	return command(ctx, stdin, "kcat", append(args, "-b", c.suite.bootstrap)...)
}

func (c *kcatClient) produce(ctx context.Context, topic, codec, file string) error {
	_, err := c.run(ctx, nil, "-P", "-t", topic, "-p", "0", "-z", codec,
		"-X", "acks=all", "-X", "enable.idempotence=true", "-l", file)
	return err
}

func (c *kcatClient) consume(ctx context.Context, topic string, to io.Writer) error {
	return stream(ctx, nil, to, "kcat", "-C", "-t", topic, "-p", "0", "-o", "beginning", "-e", "-q",
		"-b", c.suite.bootstrap)
}

// produceRecords runs kcat once for each record: its headers are for a whole
// run, and whether an empty value is null, too.
func (c *kcatClient) produceRecords(ctx context.Context, topic string, records []record) error {
	for _, r := range records {
		args := []string{"-P", "-t", topic, "-p", "0", "-X", "acks=all", "-K", "|"}
		for _, h := range r.Headers {
			args = append(args, "-H", h[0]+"="+h[1])
		}
		key, value := "", ""
		if r.Key == nil || r.Value == nil {
			args = append(args, "-Z") // what is empty is null
		}
		if r.Key != nil {
			key = *r.Key
		}
		if r.Value != nil {
			value = *r.Value
		}
		if _, err := c.run(ctx, []byte(key+"|"+value+"\n"), args...); err != nil {
			return err
		}
	}
	return nil
}

func (c *kcatClient) consumeRecords(ctx context.Context, topic string) ([]record, error) {
	out, err := c.run(ctx, nil, "-C", "-t", topic, "-p", "0", "-o", "beginning", "-e", "-q", "-J")
	if err != nil {
		return nil, err
	}
	var records []record
	for decoder := json.NewDecoder(bytes.NewReader(out)); decoder.More(); {
		var line struct {
			Key     *string
			Payload *string
			Headers []string // name, value, name, value
		}
		if err := decoder.Decode(&line); err != nil {
			return nil, fmt.Errorf("kcat -J: %w", err)
		}
		r := record{Key: line.Key, Value: line.Payload}
		for i := 0; i+1 < len(line.Headers); i += 2 {
			r.Headers = append(r.Headers, [2]string{line.Headers[i], line.Headers[i+1]})
		}
		records = append(records, r)
	}
	return records, nil
}
