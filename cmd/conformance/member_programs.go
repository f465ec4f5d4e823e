package main

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"odradek/cmd/conformance/history"
)

// programs are the clients that are members of groups, as their users write them.
//
//go:embed programs
var programs embed.FS

// kafkajsVersion is the one that is installed when there is a Node.js.
const kafkajsVersion = "2.2.4"

// memberPrograms finds the clients, and installs what is missing if it can; why some
// are missing is told at the end of the run.
func (s *suite) memberPrograms(ctx context.Context) ([]*memberProgram, error) {
	if s.programs != nil {
		return s.programs, nil
	}
	dir := filepath.Join(s.dir, "programs")
	if err := os.CopyFS(s.dir, programs); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s.programs = []*memberProgram{{name: "franz-go", translate: ownLine,
		protocols: []string{classicProtocol, consumerProtocol},
		command: func(topic, group, protocol string) []string {
			return []string{self, franzMemberName, s.bootstrap, topic, group, protocol}
		}}}
	for _, add := range []func(context.Context, string) (*memberProgram, error){
		s.saramaMember, s.kcatMember, s.confluentMember, s.kafkaPythonMember, s.kafkajsMember,
	} {
		p, err := add(ctx, dir)
		if err != nil {
			s.missing = append(s.missing, err.Error())
			continue
		}
		s.programs = append(s.programs, p)
	}
	if s.java != nil {
		s.programs = append(s.programs, s.verifiableMember(), s.consoleMember())
	}
	return s.programs, nil
}

// ownLine reads what the programs that were written for this print.
func ownLine(line, _ string) []history.Event {
	if e, ok := history.Parse(line); ok {
		return []history.Event{e}
	}
	return nil
}

// scripted is a member whose script takes BOOTSTRAP TOPIC GROUP SESSION HEARTBEAT.
func (s *suite) scripted(name string, command ...string) *memberProgram {
	return &memberProgram{name: name, protocols: []string{classicProtocol},
		translate: ownLine,
		command: func(topic, group, _ string) []string {
			return append(command[:len(command):len(command)], s.bootstrap, topic, group,
				fmt.Sprint(memberSession.Milliseconds()), fmt.Sprint(memberHeartbeat.Milliseconds()))
		}}
}

// saramaMember builds a program in a module of its own, since sarama is not to be a
// dependency of this one.
func (s *suite) saramaMember(ctx context.Context, dir string) (*memberProgram, error) {
	module := filepath.Join(dir, "sarama")
	err := os.Mkdir(module, 0o755)
	for name, from := range map[string]string{
		"go.mod": "sarama.mod.txt", "go.sum": "sarama.sum.txt", "main.go": "sarama.go.txt",
	} {
		if err == nil {
			err = os.Rename(filepath.Join(dir, from), filepath.Join(module, name))
		}
	}
	binary := filepath.Join(module, "member")
	if err == nil {
		_, err = command(ctx, nil, "go", "build", "-C", module, "-o", binary, ".")
	}
	if err != nil {
		return nil, fmt.Errorf("sarama cannot be built: %w", err)
	}
	return s.scripted("sarama", binary), nil
}

func (s *suite) confluentMember(ctx context.Context, dir string) (*memberProgram, error) {
	err := install(ctx, "python3-confluent-kafka", func() bool {
		_, err := command(ctx, nil, python, "-c", "import confluent_kafka")
		return err == nil
	})
	return s.scripted("confluent-kafka", python, filepath.Join(dir, "confluent.py")), err
}

func (s *suite) kafkaPythonMember(ctx context.Context, dir string) (*memberProgram, error) {
	err := install(ctx, "python3-kafka", func() bool { return (&pythonKafka{}).there(ctx) })
	return s.scripted("kafka-python", python, filepath.Join(dir, "kafka_python.py")), err
}

// kafkajsMember gets kafkajs into the user's cache unless it is there.
func (s *suite) kafkajsMember(ctx context.Context, dir string) (*memberProgram, error) {
	if !onPath("node") || !onPath("npm") {
		return nil, fmt.Errorf("kafkajs: there is no node or no npm on the PATH")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("kafkajs: %w", err)
	}
	home := filepath.Join(cache, "odradek-conformance", "kafkajs-"+kafkajsVersion)
	modules := filepath.Join(home, "node_modules")
	if _, err := os.Stat(filepath.Join(modules, "kafkajs", "package.json")); err != nil {
		if _, err := command(ctx, nil, "npm", "install", "--no-audit", "--no-fund", "--prefix", home,
			"kafkajs@"+kafkajsVersion); err != nil {
			return nil, fmt.Errorf("kafkajs cannot be installed: %w", err)
		}
	}
	return s.scripted("kafkajs", "env", "NODE_PATH="+modules, "KAFKAJS_NO_PARTITIONER_WARNING=1",
		"node", filepath.Join(dir, "kafkajs.js")), nil
}

// kcatMember is kcat -G. It commits by itself, and says nothing of it. When a signal
// comes while it waits for a record, it commits that record and does not print it
// (kcat.c, consume_cb).
func (s *suite) kcatMember(ctx context.Context, _ string) (*memberProgram, error) {
	err := install(ctx, "kcat", func() bool { return onPath("kcat") })
	p := &memberProgram{name: "kcat", protocols: []string{classicProtocol}, drops: true,
		translate: kcatLine}
	p.command = func(topic, group, _ string) []string {
		return []string{"kcat", "-b", s.bootstrap, "-u", "-f", "consumed %p %o %s\n",
			"-X", "partition.assignment.strategy=range", "-X", "auto.offset.reset=earliest",
			"-X", "auto.commit.interval.ms=200",
			"-X", fmt.Sprintf("session.timeout.ms=%d", memberSession.Milliseconds()),
			"-X", fmt.Sprintf("heartbeat.interval.ms=%d", memberHeartbeat.Milliseconds()),
			"-G", group, topic}
	}
	return p, err
}

// kcatRebalance is what kcat prints when it is assigned partitions and loses them.
var (
	kcatRebalance = regexp.MustCompile(`^% Group .* rebalanced .*: (assigned|revoked): (.*)$`)
	kcatPartition = regexp.MustCompile(`\[(\d+)\]`)
)

func kcatLine(line, _ string) []history.Event {
	now := millis(time.Now())
	if strings.HasPrefix(line, "consumed ") {
		return ownLine(fmt.Sprintf("%d %s", now, line), "")
	}
	found := kcatRebalance.FindStringSubmatch(line)
	if found == nil {
		return nil
	}
	var all []history.Event
	for _, p := range kcatPartition.FindAllStringSubmatch(found[2], -1) {
		all = append(all, ownLine(fmt.Sprintf("%d %s %s", now, found[1], p[1]), "")...)
	}
	return all
}

// verifiableMember is the consumer of Kafka's own system tests.
func (s *suite) verifiableMember() *memberProgram {
	return &memberProgram{name: "java", translate: verifiableLine,
		protocols: []string{classicProtocol, consumerProtocol},
		command: func(topic, group, protocol string) []string {
			arguments := []string{"--bootstrap-server", s.bootstrap, "--topic", topic,
				"--group-id", group, "--verbose", "--group-protocol", strings.ToUpper(protocol)}
			if protocol == classicProtocol {
				arguments = append(arguments, "--session-timeout",
					fmt.Sprint(memberSession.Milliseconds()))
			}
			return append([]string{"java"}, s.java.arguments("verifiable-consumer", arguments)...)
		}}
}

// verifiableLine reads a line of JSON.
func verifiableLine(line, topic string) []history.Event {
	type place struct {
		Topic     string
		Partition int32
		Offset    history.Offset
	}
	var told struct {
		Timestamp  history.Millis
		Name       string
		Partitions []place
		Offsets    []place
		Success    bool
		Value      string
		place
	}
	if json.Unmarshal([]byte(line), &told) != nil {
		return nil
	}
	var all []history.Event
	each := func(kind history.Kind, places []place) {
		for _, p := range places {
			if p.Topic == topic {
				all = append(all, history.Event{At: told.Timestamp, Kind: kind,
					Partition: p.Partition, Offset: p.Offset, Value: told.Value})
			}
		}
	}
	switch told.Name {
	case "partitions_assigned":
		each(history.Assigned, told.Partitions)
	case "partitions_revoked":
		each(history.Revoked, told.Partitions)
	case "record_data":
		each(history.Consumed, []place{told.place})
	case "offsets_committed":
		if told.Success {
			each(history.Committed, told.Offsets)
		}
	}
	return all
}

// consoleMember is Kafka's console consumer. It says neither what it is assigned nor
// what it commits.
func (s *suite) consoleMember() *memberProgram {
	return &memberProgram{name: "java-console", silent: true, translate: consoleLine,
		protocols: []string{classicProtocol, consumerProtocol},
		command: func(topic, group, protocol string) []string {
			arguments := []string{"--bootstrap-server", s.bootstrap, "--topic", topic,
				"--group", group, "--from-beginning",
				"--formatter-property", "print.partition=true",
				"--formatter-property", "print.offset=true",
				"--command-property", "auto.commit.interval.ms=200",
				"--command-property", "group.protocol=" + protocol}
			if protocol == classicProtocol {
				arguments = append(arguments, "--command-property",
					fmt.Sprintf("session.timeout.ms=%d", memberSession.Milliseconds()),
					"--command-property",
					fmt.Sprintf("heartbeat.interval.ms=%d", memberHeartbeat.Milliseconds()),
					"--command-property", "partition.assignment.strategy="+
						"org.apache.kafka.clients.consumer.RangeAssignor")
			}
			return append([]string{"java"}, s.java.arguments("console-consumer", arguments)...)
		}}
}

// consoleLine reads "Partition:3\tOffset:17\tvalue".
func consoleLine(line, _ string) []history.Event {
	fields := strings.SplitN(line, "\t", 3)
	if len(fields) != 3 {
		return nil
	}
	partition, isPartition := strings.CutPrefix(fields[0], "Partition:")
	offset, isOffset := strings.CutPrefix(fields[1], "Offset:")
	if !isPartition || !isOffset {
		return nil
	}
	return ownLine(fmt.Sprintf("%d consumed %s %s %s", millis(time.Now()), partition, offset,
		fields[2]), "")
}
