package config_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"odradek/controller/config"
)

func load(t *testing.T, sources config.Sources) (config.Node, []string) {
	t.Helper()
	static, warnings, err := config.Load(sources)
	if err != nil {
		t.Fatal(err)
	}
	node, err := config.StaticLayers(static).Node()
	if err != nil {
		t.Fatal(err)
	}
	return node, warnings
}

func TestDefaultsNeedNothing(t *testing.T) {
	node, warnings := load(t, config.Sources{})
	want := config.Node{NodeID: 1, LogDir: "odradek-data", FlushDurable: true,
		AutoCreateTopics: true, DeleteTopics: true, NumPartitions: 1, DefaultReplicationFactor: 1,
		Listeners: []config.Listener{{Name: "PLAINTEXT", Host: "127.0.0.1", Port: 9092,
			AdvertisedHost: "127.0.0.1", AdvertisedPort: 9092}},
		SocketRequestMaxBytes: 104857600, QueuedMaxRequestBytes: -1,
		MaxConnections: 1<<31 - 1, MaxConnectionsPerIP: 1<<31 - 1,
		ConnectionsMaxIdleMs: 600000, FetchMaxBytes: 57671680, FetchSessionCacheSlots: 1000,
		MaxRequestPartitions: 2000, ProducerIDExpirationMs: 86400000, RetentionCheckIntervalMs: 300000,
		MetadataSnapshotBytes: 20971520,
		Groups: config.GroupSettings{ConsumerProtocol: true,
			MinSessionTimeoutMs: 6000, MaxSessionTimeoutMs: 1800000, InitialRebalanceDelayMs: 3000,
			MaxSize: 1<<31 - 1,
			Consumer: config.ConsumerGroupSettings{
				SessionTimeoutMs: 45000, MinSessionTimeoutMs: 45000, MaxSessionTimeoutMs: 60000,
				HeartbeatIntervalMs: 5000, MinHeartbeatIntervalMs: 5000, MaxHeartbeatIntervalMs: 15000,
				AssignmentIntervalMs: 1000, MaxAssignmentIntervalMs: 15000,
				RegexRefreshIntervalMs: 600000, MaxSize: 1<<31 - 1,
				Assignors: []string{"uniform", "range"}, MigrationPolicy: config.MigrateBothWays},
			Offsets: config.OffsetSettings{MetadataMaxBytes: 4096, RetentionMs: 7 * 24 * 3600_000,
				RetentionCheckIntervalMs: 600000, CommitTimeoutMs: 5000, TopicPartitions: 50,
				TopicReplicationFactor: 1, TopicSegmentBytes: 100 << 20}},
		Cleaner: config.Cleaner{Enabled: true, BackoffMs: 15000, DedupeBytes: 134217728,
			LoadFactor: 900_000, ReadBytes: 524288}}
	if diff := cmp.Diff(want, node); diff != "" || len(warnings) > 0 {
		t.Error(diff, warnings)
	}
}

func TestFlagsWinOverEnvironmentOverFile(t *testing.T) {
	node, warnings := load(t, config.Sources{
		FileName: "server.properties",
		File:     "num.partitions=2\nnode.id=2\nbroker.rack=a\nshards=1\nshards=2\n",
		Environment: []string{"ODRADEK_NUM_PARTITIONS=3", "ODRADEK_NODE_ID=3", "PATH=/bin",
			"NUM_PARTITIONS=9"},
		Flags: []config.Entry{{Name: "num.partitions", Value: "4"}},
	})
	if node.NumPartitions != 4 || node.NodeID != 3 || *node.Rack != "a" || node.Shards != 2 {
		t.Errorf("%+v", node)
	}
	if len(warnings) != 0 {
		t.Error(warnings)
	}
}

// TestAStockFileWorks takes what Kafka ships as config/server.properties: it may
// warn, but must not refuse.
func TestAStockFileWorks(t *testing.T) {
	node, warnings := load(t, config.Sources{FileName: "server.properties", File: `
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=localhost:9093
listeners=PLAINTEXT://:9092,CONTROLLER://:9093
inter.broker.listener.name=PLAINTEXT
advertised.listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL
num.network.threads=3
num.io.threads=8
socket.send.buffer.bytes=102400
socket.receive.buffer.bytes=102400
socket.request.max.bytes=104857600
log.dirs=/tmp/kraft-combined-logs
num.partitions=1
num.recovery.threads.per.data.dir=1
offsets.topic.replication.factor=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
log.retention.hours=168
log.segment.bytes=1073741824
log.retention.check.interval.ms=300000
`})
	want := []config.Listener{{Name: "PLAINTEXT", Port: 9092, AdvertisedHost: "localhost",
		AdvertisedPort: 9092}}
	if diff := cmp.Diff(want, node.Listeners); diff != "" {
		t.Error(diff)
	}
	if len(warnings) != 11 || !strings.HasPrefix(warnings[0], "server.properties line 4: "+
		"controller.quorum.bootstrap.servers is taken and has no effect: it ") {
		t.Errorf("%d warnings: %s", len(warnings), strings.Join(warnings, "\n"))
	}
}

// TestRefusals: each says where, what and what to write instead.
func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		setting, value, want string
	}{
		{"num.partition", "1", `unknown setting "num.partition": did you mean "num.partitions"?`},
		{"num-partitions", "1", `unknown setting "num-partitions": did you mean "num.partitions"?`},
		{"lsiteners", "1", `unknown setting "lsiteners": did you mean "listeners"?`},
		{"something.else.entirely", "1", `unknown setting "something.else.entirely"`},
		{strings.Repeat("x", 200), "1", `unknown setting "` + strings.Repeat("x", 200) + `"`},
		{"retention.ms", "5", `unknown setting "retention.ms": it belongs to a topic; for all topics` +
			` write "log.retention.ms"`},
		{"remote.storage.enable", "true", `unknown setting "remote.storage.enable": it belongs to a` +
			` topic and can only be set there`},
		{"consumer.session.timeout.ms", "5", `unknown setting "consumer.session.timeout.ms": it belongs` +
			` to a group; for all groups write "group.consumer.session.timeout.ms"`},
		{"num.partitions", "none", "Invalid value none for configuration num.partitions: Not a number" +
			" of type INT"},
		{"num.partitions", "0", "Invalid value 0 for configuration num.partitions: Value must be at" +
			" least 1"},
		{"shards", "1025", "Invalid value 1025 for configuration shards: Value must be no more than" +
			" 1024"},
		{"flush.policy", "never", "Invalid value never for configuration flush.policy: String must be" +
			" one of: durable, background"},
		{"log.dirs", "/a,/b", `Invalid value "/a,/b" for configuration log.dirs: write one directory: a` +
			` node keeps all of its data in one`},
		{"process.roles", "broker", "not served: process.roles must have both: a node is always broker" +
			" and controller, write broker,controller"},
		{"zookeeper.connect", "localhost", "not served: zookeeper.connect is about ZooKeeper, which is" +
			" not needed: take it out"},
		{"ssl.keystore.location", "x", "not served: ssl.keystore.location asks for TLS, which this" +
			" broker does not speak: put a TLS proxy in front of it"},
		{"authorizer.class.name", "x", "not served: authorizer.class.name asks for authorization, which" +
			" this broker does not have"},
		{"log.retention.ms", "0", "requirement failed: log.retention.ms must be unlimited (-1) or," +
			" greater than or equal to 1"},
		{"log.roll.hours", "0", "Invalid value 0 for configuration log.roll.hours: Value must be at" +
			" least 1"},
		{"auto.create.topics.enable", "yes", "Invalid value yes for configuration" +
			" auto.create.topics.enable: Expected value to be either true or false"},
	} {
		_, _, err := config.Load(config.Sources{Flags: []config.Entry{{Name: c.setting, Value: c.value}}})
		if err == nil {
			t.Errorf("%s=%s was taken", c.setting, c.value)
			continue
		}
		got := strings.TrimPrefix(err.Error(), "flag --"+c.setting+": ")
		if got != c.want {
			t.Errorf("%s=%s:\n got %s\nwant %s", c.setting, c.value, got, c.want)
		}
	}
}

func TestEveryProblemIsTold(t *testing.T) {
	_, _, err := config.Load(config.Sources{FileName: "f", File: "num.partitions=x\nnonsense=1\n",
		Environment: []string{"ODRADEK_SHARDS=-1"}})
	want := `f line 1: Invalid value x for configuration num.partitions: Not a number of type INT
f line 2: unknown setting "nonsense"
environment variable ODRADEK_SHARDS: Invalid value -1 for configuration shards: Value must be` +
		" at least 0"
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	if !errors.Is(err, config.ErrUnknownSetting) {
		t.Error("the kind of error is lost")
	}
}

func TestHarmlessValuesOfUnservedSettings(t *testing.T) {
	_, warnings, err := config.Load(config.Sources{Flags: []config.Entry{
		{Name: "process.roles", Value: "broker,controller"},
		{Name: "remote.log.storage.system.enable", Value: "false"},
		{Name: "authorizer.class.name", Value: ""},
		{Name: "security.inter.broker.protocol", Value: "PLAINTEXT"}}})
	if err != nil || len(warnings) > 0 {
		t.Error(warnings, err)
	}
	_, warnings, err = config.Load(config.Sources{Flags: []config.Entry{
		{Name: "log.flush.interval.messages", Value: "1"}}})
	if err != nil || len(warnings) != 1 {
		t.Error(warnings, err)
	}
}

// TestKafkasNamesAreAllKnown goes through every setting that a Kafka 4.3 broker
// has: each is served, taken with a warning, or refused with a reason.
func TestKafkasNamesAreAllKnown(t *testing.T) {
	for _, name := range kafkasNames(t) {
		if _, served := config.Broker(name); served {
			continue
		}
		if err := config.WhyNotServed(name); errors.Is(err, config.ErrUnknownSetting) {
			t.Errorf("%v", err)
		}
	}
}

// What the node says of the cleaner is brought into bounds, as Kafka bounds none of it.
func TestCleanerSettings(t *testing.T) {
	rates := map[string]int64{"1e3": 1000, "12345678.9": 12345678, "0": 1, "-5": 1,
		"1.7976931348623157E308": 0, "9.3e18": 0}
	for value, want := range rates {
		node, _ := load(t, config.Sources{Flags: []config.Entry{
			{Name: config.CleanerIOBytesPerSecond, Value: value}}})
		if node.Cleaner.BytesPerSecondMax != want {
			t.Errorf("%s: %d, want %d", value, node.Cleaner.BytesPerSecondMax, want)
		}
	}
	factors := map[string]config.Ratio{"0.25": 250_000, "7": 1_000_000, "-1": 0}
	for value, want := range factors {
		node, _ := load(t, config.Sources{Flags: []config.Entry{
			{Name: config.CleanerLoadFactor, Value: value}}})
		if node.Cleaner.LoadFactor != want {
			t.Errorf("%s: %d, want %d", value, node.Cleaner.LoadFactor, want)
		}
	}
	_, _, err := config.Load(config.Sources{Flags: []config.Entry{
		{Name: config.CleanerDedupeBufferSize, Value: "1048576"}}})
	if err == nil || !strings.Contains(err.Error(), "at least 1MB per cleaner thread") {
		t.Errorf("too small a buffer: %v", err)
	}
}
