package main

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// javaStep is one call of one of Kafka's own tools.
type javaStep struct {
	// line is the tool and its arguments, separated by spaces. The broker's address
	// takes the place of @, or comes last.
	line string
	// want must match what the tool prints; a tool that is to fail says so by
	// fails, and want must then match its error.
	want  string
	fails bool
}

// javaCases are Kafka's own tools, which people have in their fingers. Without
// them, the cases are skipped.
func (s *suite) javaCases() []testCase {
	var all []testCase
	add := func(name string, run func(ctx context.Context) error) {
		all = append(all, testCase{"java/" + name, func(ctx context.Context) error {
			if s.java == nil {
				return fmt.Errorf("%w: no tools of Kafka's", errSkip)
			}
			return run(ctx)
		}})
	}
	for _, codec := range allCodecs {
		add("lines/"+codec, func(ctx context.Context) error { return s.javaLines(ctx, codec) })
	}
	add("topics", s.javaTopics)
	add("topics-alter", s.javaTopicsAlter)
	add("configs-topic", s.javaTopicConfigs)
	add("configs-broker", s.javaBrokerConfigs)
	add("delete-records", s.javaDeleteRecords)
	add("cluster", s.javaCluster)
	add("dump-log", s.javaDumpLog)
	return all
}

// javaLines exchanges lines between Java's console tools and all others. Java
// takes a carriage return at the end of a line for a part of the line's end.
func (s *suite) javaLines(ctx context.Context, codec string) error {
	lines := bytes.ReplaceAll(exampleLines(), []byte("\r"), nil)
	if err := s.exchange(ctx, s.java, append(s.clients[:len(s.clients):len(s.clients)], s.java),
		codec, lines); err != nil {
		return err
	}
	for _, producer := range s.clients {
		if !slices.Contains(producer.codecs(), codec) {
			continue
		}
		if err := s.exchange(ctx, producer, []client{s.java}, codec, lines); err != nil {
			return fmt.Errorf("written with %s: %w", producer.name(), err)
		}
	}
	return nil
}

// javaSteps runs tools one after the other.
func (s *suite) javaSteps(ctx context.Context, steps ...javaStep) error {
	for _, step := range steps {
		line := step.line
		if !strings.Contains(line, "@") {
			line += " @"
		}
		args := strings.Fields(strings.Replace(line, "@", "--bootstrap-server "+s.bootstrap, 1))
		out, err := s.java.tool(ctx, nil, args[0], args[1:]...)
		if step.fails {
			if err == nil {
				return fmt.Errorf("%s: it did not fail", step.line)
			}
			out = []byte(err.Error())
		} else if err != nil {
			return fmt.Errorf("%s: %w", step.line, err)
		}
		if !regexp.MustCompile("(?s)" + step.want).Match(out) {
			return fmt.Errorf("%s: want %q in %q", step.line, step.want, excerpt(string(out)))
		}
	}
	return nil
}

func (s *suite) javaTopics(ctx context.Context) error {
	topic := s.topicName()
	return s.javaSteps(ctx,
		javaStep{line: "topics --create --topic " + topic +
			" --partitions 3 --config retention.ms=600000", want: "Created topic " + topic},
		javaStep{line: "topics --create --topic " + topic, fails: true, want: "already exists"},
		javaStep{line: "topics --list", want: topic + "\n"},
		javaStep{line: "topics --describe --topic " + topic,
			want: "PartitionCount: 3\tReplicationFactor: 1\tConfigs: [^\n]*retention.ms=600000.*" +
				"Partition: 2\tLeader: \\d+\tReplicas: \\d+\tIsr: \\d+"},
	)
}

func (s *suite) javaTopicsAlter(ctx context.Context) error {
	topic, err := s.topic(ctx, 3)
	if err != nil {
		return err
	}
	return s.javaSteps(ctx,
		javaStep{line: "topics --alter --topic " + topic + " --partitions 5"},
		javaStep{line: "topics --describe --topic " + topic, want: "PartitionCount: 5"},
		javaStep{line: "topics --alter --topic " + topic + " --partitions 4", fails: true},
		javaStep{line: "topics --delete --topic " + topic},
		javaStep{line: "topics --describe --topic " + topic, fails: true, want: "does not exist"},
	)
}

func (s *suite) javaTopicConfigs(ctx context.Context) error {
	topic, err := s.topic(ctx, 1)
	if err != nil {
		return err
	}
	entity := " --entity-type topics --entity-name " + topic
	return s.javaSteps(ctx,
		javaStep{line: "configs --alter" + entity +
			" --add-config retention.ms=700000,cleanup.policy=[compact,delete]",
			want: "Completed updating config for topic " + topic},
		javaStep{line: "configs --describe" + entity,
			want: "cleanup.policy=compact,delete .*retention.ms=700000"},
		javaStep{line: "configs --alter" + entity + " --delete-config retention.ms"},
		javaStep{line: "configs --describe --all" + entity, want: "retention.ms=604800000"},
		javaStep{line: "configs --alter" + entity + " --add-config retention.ms=soon", fails: true,
			want: "Invalid value soon for configuration retention.ms"},
	)
}

func (s *suite) javaBrokerConfigs(ctx context.Context) error {
	if s.broker == nil {
		return errNotOurs // a broker's own settings are not ours to change
	}
	topic, err := s.topic(ctx, 1)
	if err != nil {
		return err
	}
	entity := " --entity-type topics --entity-name " + topic
	all := " --entity-type brokers --entity-default"
	return s.javaSteps(ctx,
		javaStep{line: "configs --describe --entity-type brokers --entity-name 1 --all",
			want: "log.retention.hours=168"},
		javaStep{line: "configs --alter" + all + " --add-config log.retention.ms=650000"},
		javaStep{line: "configs --describe --all" + entity, want: "retention.ms=650000"},
		javaStep{line: "configs --alter" + all + " --delete-config log.retention.ms"},
	)
}

func (s *suite) javaDeleteRecords(ctx context.Context) error {
	topic, err := s.numbered(ctx)
	if err != nil {
		return err
	}
	wish := fmt.Sprintf(`{"partitions":[{"topic":%q,"partition":0,"offset":40}],"version":1}`, topic)
	file, err := s.file("delete-records.json", []byte(wish))
	if err != nil {
		return err
	}
	return s.javaSteps(ctx,
		javaStep{line: "get-offsets --topic " + topic, want: topic + ":0:100\n"},
		javaStep{line: "delete-records --offset-json-file " + file, want: "low_watermark: 40"},
		javaStep{line: "get-offsets --topic " + topic + " --time earliest", want: topic + ":0:40\n"},
		javaStep{line: "get-offsets --topic " + topic + " --time latest", want: topic + ":0:100\n"},
		javaStep{line: "get-offsets --topic " + topic + " --time max-timestamp",
			want: topic + ":0:\\d+\n"},
	)
}

func (s *suite) javaCluster(ctx context.Context) error {
	topic, err := s.numbered(ctx)
	if err != nil {
		return err
	}
	return s.javaSteps(ctx,
		javaStep{line: "cluster cluster-id", want: "Cluster ID: [A-Za-z0-9_-]{22}\n"},
		javaStep{line: "cluster list-endpoints", want: "(?i)127.0.0.1"},
		javaStep{line: "features @ describe", want: "Feature: metadata.version"},
		javaStep{line: "log-dirs --describe --topic-list " + topic,
			want: `"partition":"` + topic + `-0","size":[1-9]`},
		javaStep{line: "broker-api-versions", want: `Produce\(0\): .*Fetch\(1\)`},
	)
}

// javaDumpLog reads a segment of ours with Kafka's own tool.
func (s *suite) javaDumpLog(ctx context.Context) error {
	if s.broker == nil {
		return errNotOurs
	}
	topic, err := s.numbered(ctx)
	if err != nil {
		return err
	}
	file := fmt.Sprintf("%s/data/%s-0/%020d.log", s.broker.dir, topic, 0)
	out, err := s.java.tool(ctx, nil, "dump-log", "--deep-iteration", "--files", file)
	if err != nil {
		return err
	}
	if records := strings.Count(string(out), "| offset: "); records != 100 {
		return fmt.Errorf("%d records in the dump, want 100: %s", records, excerpt(string(out)))
	}
	return nil
}
