package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// groupToolCases are Kafka's own tools for groups, which must say of a broker's groups
// what they say of Kafka's.
func (s *suite) groupToolCases() []testCase {
	var all []testCase
	for _, c := range []testCase{
		{"describe", s.toolsDescribe},
		{"reset", s.toolsReset},
		{"console", s.toolsConsole},
		{"configs", s.toolsConfigs},
	} {
		all = append(all, testCase{"groups/tools/" + c.name, func(ctx context.Context) error {
			if s.java == nil {
				return fmt.Errorf("%w: no tools of Kafka's", errSkip)
			}
			return c.run(ctx)
		}})
	}
	return all
}

// toolStep is a tool with its arguments, and what must match in all that it prints.
type toolStep struct{ line, want string }

// toolSteps runs tools one after the other. Whether a tool's exit status tells of a
// failure is chance, and so all that it prints is looked at instead.
func (s *suite) toolSteps(ctx context.Context, steps ...toolStep) error {
	var failed []error
	for _, step := range steps {
		words := strings.Fields(step.line)
		arguments := append([]string{"--bootstrap-server", s.bootstrap}, words[1:]...)
		said := s.toolSays(ctx, words[0], arguments)
		if !regexp.MustCompile("(?s)" + step.want).MatchString(said) {
			failed = append(failed, fmt.Errorf("%s: want %q in %q", step.line, step.want, said))
		}
		if ctx.Err() != nil {
			return errors.Join(append(failed, ctx.Err())...)
		}
	}
	return errors.Join(failed...)
}

// toolSays is all that a tool prints, without the places of exceptions.
func (s *suite) toolSays(ctx context.Context, tool string, arguments []string) string {
	var said bytes.Buffer
	c := exec.CommandContext(ctx, "java", s.java.toolArguments(tool, arguments)...)
	c.WaitDelay = 5 * time.Second
	c.Stdout, c.Stderr = &said, &said
	if err := c.Run(); err != nil {
		fmt.Fprintf(&said, "(%v)\n", err)
	}
	kept := ""
	for line := range strings.Lines(said.String()) {
		if !strings.HasPrefix(line, "\tat ") && strings.TrimSpace(line) != "" {
			kept += line
		}
	}
	return kept
}

// toolTopic has 100 records in partition 0, 10 in partition 1 and none in partition 2.
func (s *suite) toolTopic(ctx context.Context) (string, error) {
	topic, err := s.topic(ctx, 3)
	if err != nil {
		return "", err
	}
	var records []*kgo.Record
	for partition, count := range []int{100, 10} {
		for i := range count {
			records = append(records, &kgo.Record{Topic: topic, Partition: int32(partition),
				Value: fmt.Append(nil, i)})
		}
	}
	return topic, (&franzClient{s}).send(ctx, records, kgo.UnknownTopicRetries(-1))
}

// toolsDescribe looks at a group of each protocol, with a member and then without.
func (s *suite) toolsDescribe(ctx context.Context) error {
	programs, err := s.memberPrograms(ctx)
	if err != nil {
		return err
	}
	topic, err := s.toolTopic(ctx)
	if err != nil {
		return err
	}
	var members []*member
	for _, protocol := range []string{classicProtocol, consumerProtocol} {
		group := topic + "-" + protocol
		m, err := startMember(programs[0], group, topic, group, protocol)
		if err != nil {
			return err
		}
		defer m.kill()
		members = append(members, m)
	}
	err = waitFor(ctx, settleTime, func() error {
		for _, m := range members {
			if n := m.consumed(); n != 110 {
				return fmt.Errorf("%s has consumed %d records, want 110; it said: %s", m.name, n, m.said())
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	old, newer := members[0].name, members[1].name
	if err := s.toolSteps(ctx, describeSteps(old, newer, topic)...); err != nil {
		return err
	}
	for _, m := range members {
		if err := m.stop(); err != nil {
			return err
		}
	}
	return s.toolSteps(ctx, emptySteps(old, newer, topic)...)
}

// describeSteps is what the tools say of a classic group and one of the consumer
// protocol, with one member of franz-go each, that have consumed all.
func describeSteps(old, newer, topic string) []toolStep {
	const member = " +[A-Za-z0-9+/=_-]+ +/127.0.0.1 +kgo"
	const coordinator = ` +\S+ +\(1\)`
	row := func(group, rest string) string { return group + " +" + topic + rest + member + " *\n" }
	both := " --group " + old + " --group " + newer
	return []toolStep{
		{"consumer-groups --describe --group " + old, row(old, " +0 +100 +100 +0") +
			row(old, " +1 +10 +10 +0") + row(old, " +2 +- +0 +-")},
		{"consumer-groups --describe --offsets --verbose --group " + newer,
			row(newer, " +0 +0 +100 +100 +0") + row(newer, " +1 +0 +10 +10 +0") +
				row(newer, " +2 +- +- +0 +-")},
		{"consumer-groups --describe --members --verbose --group " + old,
			old + member + " +3 +- +" + topic + ":0,1,2 +- +-"},
		{"consumer-groups --describe --members --verbose --group " + newer,
			newer + member + ` +3 +\d+ +` + topic + `:0,1,2 +\d+ +` + topic + ":0,1,2"},
		{"consumer-groups --describe --state" + both, inAnyOrder(
			old+coordinator+" +range +Stable +1\n",
			newer+coordinator+" +(uniform|range) +Stable +1\n")},
		{"consumer-groups --list --type consumer", newer + " +Consumer"},
		{"groups --list", "GROUP +TYPE +PROTOCOL.*" + old + " +Classic +consumer"},
		{"groups --list --group-type consumer", newer + " +Consumer +consumer"},
		{"consumer-groups --reset-offsets --to-earliest --execute --topic " + topic +
			" --group " + old, "can only be reset if the group '" + old +
			"' is inactive, but the current state is Stable"},
		{"consumer-groups --delete --group " + newer,
			"could not be deleted due to: .*GroupNotEmptyException"},
		{"consumer-groups --delete-offsets --topic " + topic + " --group " + old,
			topic + " +0 +Error: .*GroupSubscribedToTopicException"},
	}
}

func inAnyOrder(a, b string) string { return "(" + a + ".*" + b + "|" + b + ".*" + a + ")" }

// emptySteps is what they say when the members have left, and how the groups go.
func emptySteps(old, newer, topic string) []toolStep {
	both := " --group " + old + " --group " + newer
	return []toolStep{
		{"consumer-groups --describe --group " + old, "'" + old + "' has no active members.*" +
			old + " +" + topic + " +0 +100 +100 +0 +- +- +-"},
		{"consumer-groups --describe --state --group " + old, old + ` .* - +Empty +0`},
		{"consumer-groups --describe --members --group " + newer,
			"'" + newer + "' has no active members"},
		{"consumer-groups --list --state empty", newer + " +Empty"},
		{"consumer-groups --delete" + both,
			`Deletion of requested consumer groups \(.*\) was successful`},
		{"consumer-groups --describe --group " + old, "Group " + old + " not found"},
		{"consumer-groups --delete --group " + newer,
			"could not be deleted due to: .*GroupIdNotFoundException"},
	}
}

// resetStep changes what is committed, or does not.
type resetStep struct {
	arguments string
	want      string // must match in what is printed, whose lines are in no order
	committed map[int32]int64
}

// toolsReset resets a group's offsets in each way, and deletes some.
func (s *suite) toolsReset(ctx context.Context) error {
	topic, err := s.toolTopic(ctx)
	if err != nil {
		return err
	}
	client, err := (&franzClient{s}).open()
	if err != nil {
		return err
	}
	defer client.Close()
	admin, group := kadm.NewClient(client), topic+"-reset"
	start := kadm.Offsets{}
	start.AddOffset(topic, 0, 50, -1)
	start.AddOffset(topic, 1, 5, -1)
	if err := admin.CommitAllOffsets(ctx, group, start); err != nil {
		return err
	}
	file, err := s.file("reset-offsets.csv", []byte(topic+",0,33\n"+topic+",1,3\n"))
	if err != nil {
		return err
	}
	for _, step := range resetSteps(group, topic, file) {
		line := "consumer-groups " + step.arguments + " --group " + group
		if err := s.toolSteps(ctx, toolStep{line, step.want}); err != nil {
			return err
		}
		if err := committedAre(ctx, admin, group, topic, step.committed); err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
	}
	return nil
}

// resetSteps begin with 50 and 5 committed of the partitions 0 and 1 of a toolTopic.
func resetSteps(group, topic, file string) []resetStep {
	line := func(partition, offset int) string {
		return fmt.Sprintf("%s +%s +%d +%d *\n", group, topic, partition, offset)
	}
	type at = map[int32]int64
	const reset = "--reset-offsets "
	all, one := reset+"--all-topics ", reset+"--topic "+topic
	return []resetStep{
		{all + "--to-earliest --dry-run", line(0, 0), at{0: 50, 1: 5}},
		{all + "--to-current --export --dry-run", topic + ",0,50\n", at{0: 50, 1: 5}},
		{all + "--to-current --execute", line(0, 50), at{0: 50, 1: 5}},
		{all + "--shift-by -5 --execute", line(0, 45), at{0: 45, 1: 0}},
		{one + ":0 --to-offset 40 --execute", line(0, 40), at{0: 40, 1: 0}},
		{one + ":0 --to-offset 4000 --execute", line(0, 100), at{0: 100, 1: 0}},
		{one + " --to-earliest --execute", line(2, 0), at{0: 0, 1: 0, 2: 0}},
		{one + " --to-latest --execute", line(1, 10), at{0: 100, 1: 10, 2: 0}},
		{all + "--by-duration PT1H --execute", line(0, 0), at{0: 0, 1: 0, 2: 0}},
		{all + "--to-datetime 2100-01-01T00:00:00.000 --execute", line(0, 100),
			at{0: 100, 1: 10, 2: 0}},
		{reset + "--from-file " + file + " --execute", line(1, 3), at{0: 33, 1: 3, 2: 0}},
		{"--delete-offsets --topic " + topic + ":1", topic + " +1 +Successful", at{0: 33, 2: 0}},
		{"--delete-offsets --topic " + topic, topic + " +0 +Successful", at{}},
	}
}

// committedAre compares what is committed of a topic.
func committedAre(
	ctx context.Context, admin *kadm.Client, group, topic string, want map[int32]int64,
) error {
	offsets, err := admin.FetchOffsets(ctx, group)
	if err != nil {
		return err
	}
	got := map[int32]int64{}
	offsets.Each(func(o kadm.OffsetResponse) {
		if o.Err != nil {
			err = o.Err
		} else if o.Topic == topic && o.At >= 0 {
			got[o.Partition] = o.At
		}
	})
	if err == nil && !maps.Equal(got, want) {
		err = fmt.Errorf("%v is committed, want %v", got, want)
	}
	return err
}

// toolsConsole reads with a group of the console consumer, which goes on where it was.
func (s *suite) toolsConsole(ctx context.Context) error {
	topic, err := s.toolTopic(ctx)
	if err != nil {
		return err
	}
	client, err := (&franzClient{s}).open()
	if err != nil {
		return err
	}
	defer client.Close()
	for _, protocol := range []string{classicProtocol, consumerProtocol} {
		group := topic + "-console-" + protocol
		done := int64(0)
		for _, count := range []int64{60, 50} {
			step := toolStep{fmt.Sprintf("console-consumer --from-beginning --topic %s --group %s"+
				" --command-property group.protocol=%s --max-messages %d", topic, group, protocol, count),
				fmt.Sprintf("Processed a total of %d messages", count)}
			if err := s.toolSteps(ctx, step); err != nil {
				return err
			}
			done += count
			if err := committedSum(ctx, kadm.NewClient(client), group, done); err != nil {
				return err
			}
		}
	}
	return nil
}

// committedSum compares the sum of all that a group has committed.
func committedSum(ctx context.Context, admin *kadm.Client, group string, want int64) error {
	offsets, err := admin.FetchOffsets(ctx, group)
	if err != nil {
		return err
	}
	sum := int64(0)
	offsets.Each(func(o kadm.OffsetResponse) { sum += max(0, o.At) })
	if sum != want {
		return fmt.Errorf("%s has committed %d records, want %d", group, sum, want)
	}
	return nil
}

// toolsConfigs sets the settings that a group can have of its own.
func (s *suite) toolsConfigs(ctx context.Context) error {
	group := s.topicName() + "-configs"
	entity := " --entity-type groups --entity-name " + group
	return s.toolSteps(ctx,
		toolStep{"configs --alter" + entity +
			" --add-config consumer.session.timeout.ms=50000,consumer.heartbeat.interval.ms=6000",
			"Completed updating config for group " + group},
		toolStep{"configs --describe" + entity, "Dynamic configs for group " + group +
			".*consumer.heartbeat.interval.ms=6000 sensitive=false synonyms=" +
			"{DYNAMIC_GROUP_CONFIG:consumer.heartbeat.interval.ms=6000, " +
			"DEFAULT_CONFIG:group.consumer.heartbeat.interval.ms=5000}.*" +
			"consumer.session.timeout.ms=50000"},
		toolStep{"configs --alter" + entity + " --add-config consumer.session.timeout.ms=1",
			"consumer.session.timeout.ms must be greater than or equal to " +
				"group.consumer.min.session.timeout.ms"},
		toolStep{"configs --alter" + entity + " --add-config no.such.config=1",
			"Unknown group config name: no.such.config"},
		toolStep{"configs --alter" + entity + " --delete-config consumer.session.timeout.ms",
			"Completed updating config for group " + group},
		toolStep{"configs --describe --all" + entity,
			"consumer.heartbeat.interval.ms=6000.*consumer.session.timeout.ms=45000 " +
				"sensitive=false synonyms={DEFAULT_CONFIG:group.consumer.session.timeout.ms=45000}"},
		toolStep{"configs --describe --entity-type groups", "Dynamic configs for group " + group},
	)
}
