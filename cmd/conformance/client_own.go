package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
)

// ownClient is our own command line.
type ownClient struct{ suite *suite }

func (c *ownClient) name() string     { return "odradek" }
func (c *ownClient) codecs() []string { return allCodecs }

func (c *ownClient) produce(ctx context.Context, topic, codec, file string) error {
	_, err := c.suite.odradek(ctx, nil, "produce", topic, "--file", file, "--codec", codec)
	return err
}

func (c *ownClient) consume(ctx context.Context, topic string, to io.Writer) error {
	return stream(ctx, nil, to, c.suite.binary, "consume", topic, "--bootstrap", c.suite.bootstrap)
}

// produceRecords runs the command once for each run of records with the same
// headers.
func (c *ownClient) produceRecords(ctx context.Context, topic string, records []record) error {
	for _, r := range records {
		args := []string{"produce", topic, "--key-separator", "|", "--null", "<null>"}
		for _, h := range r.Headers {
			args = append(args, "--header", h[0]+"="+h[1])
		}
		line := orNull(r.Key) + "|" + orNull(r.Value)
		if _, err := c.suite.odradek(ctx, []byte(line), args...); err != nil {
			return err
		}
	}
	return nil
}

func orNull(text *string) string {
	if text == nil {
		return "<null>"
	}
	return *text
}

func (c *ownClient) consumeRecords(ctx context.Context, topic string) ([]record, error) {
	out, err := c.suite.odradek(ctx, nil, "consume", topic, "--json")
	if err != nil {
		return nil, err
	}
	var records []record
	for decoder := json.NewDecoder(bytes.NewReader(out)); decoder.More(); {
		var line struct {
			Key, Value *string
			Headers    []struct{ Name, Value string }
		}
		if err := decoder.Decode(&line); err != nil {
			return nil, fmt.Errorf("consume --json: %w", err)
		}
		r := record{Key: line.Key, Value: line.Value}
		for _, h := range line.Headers {
			r.Headers = append(r.Headers, [2]string{h.Name, h.Value})
		}
		records = append(records, r)
	}
	return records, nil
}
