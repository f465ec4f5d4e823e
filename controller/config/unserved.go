package config

import (
	"errors"
	"fmt"
	"strings"
)

// ErrUnknownSetting is wrapped by the error for a name that means nothing.
var ErrUnknownSetting = errors.New("unknown setting")

// ErrNotServed is wrapped by the error for a setting of Kafka's that would have
// to change what the node does and cannot.
var ErrNotServed = errors.New("not served")

// unserved is a setting of Kafka's that a node here does not have. It may end
// in a dot, for all that begin so.
type unserved struct {
	name string
	// refused: to go on without it would not be what the person asked for.
	// Otherwise it is taken with a warning.
	refused bool
	// harmless is a value that is never refused: it asks for what is so anyway.
	// The empty one asks for nothing.
	harmless string
	// reason ends the sentence "name ...".
	reason string
}

// Reasons that several settings share.
const (
	noThreads   = "sizes threads or buffers that this broker does not have"
	noTxn       = "is about transactions, which this broker does not coordinate yet"
	noShare     = "is about share groups, which this broker does not coordinate"
	noStreams   = "is about streams groups, which this broker does not coordinate"
	noTLS       = "asks for TLS, which this broker does not speak: put a TLS proxy in front of it"
	noSASL      = "asks for authentication, which this broker does not have"
	noACL       = "asks for authorization, which this broker does not have"
	noPlugins   = "names a Java class, which this broker cannot load"
	noRemote    = "is about remote storage, which this broker does not have"
	noQuorum    = "is about Kafka's controller quorum; this node is its own controller"
	noReplicas  = "is about replication between brokers; a cluster here is one node"
	noMetrics   = "is about Java metrics, which this broker does not have"
	noQuotas    = "is about quotas, which this broker does not have"
	noFlushing  = "tunes Kafka's checkpoints; flush.policy says when writes reach the disk"
	noTelemetry = "is about client metrics, which this broker does not collect"
)

// unservedSettings is in the order in which a name is looked up: the first row
// that fits counts, so that exact names stand before prefixes.
//
//tidy:allow package-variable a read-only table
var unservedSettings = [...]unserved{
	{name: "process.roles", harmless: "broker,controller", refused: true,
		reason: "must have both: a node is always broker and controller, write broker,controller"},
	{name: "broker.id", refused: true, reason: "is node.id's old name: write node.id"},
	{name: "broker.id.generation.enable", reason: "is about brokers without a node.id"},
	{name: "zookeeper.", refused: true,
		reason: "is about ZooKeeper, which is not needed: take it out"},
	{name: "controller.quorum.voters", reason: noQuorum},
	{name: "controller.", reason: noQuorum},
	{name: "metadata.log.dir", refused: true,
		reason: "asks for a second directory: the metadata log stands in log.dirs"},
	{name: "metadata.", reason: noQuorum},
	{name: "inter.broker.listener.name", reason: noReplicas},
	{name: "security.inter.broker.protocol", harmless: "PLAINTEXT", refused: true, reason: noTLS},
	{name: "initial.broker.registration.timeout.ms", reason: noQuorum},
	{name: "broker.heartbeat.interval.ms", reason: noQuorum},
	{name: "broker.session.timeout.ms", reason: noQuorum},
	{name: "early.start.listeners", reason: noQuorum},
	{name: "num.replica.alter.log.dirs.threads", reason: noThreads},
	{name: "num.replica.fetchers", reason: noReplicas},
	{name: "num.network.threads", reason: noThreads},
	{name: "num.io.threads", reason: noThreads},
	{name: "num.recovery.threads.per.data.dir", reason: noThreads},
	{name: "background.threads", reason: noThreads},
	{name: "socket.", reason: noThreads},
	{name: "queued.max.requests", reason: noThreads},
	{name: "request.timeout.ms", reason: noQuorum},
	{name: "max.connections.per.ip.overrides", refused: true,
		reason: "is not served: max.connections.per.ip holds for every address"},
	{name: "max.connection.creation.rate", harmless: "2147483647", refused: true,
		reason: "is not served: max.connections bounds how many there are"},
	{name: "fetch.purgatory.purge.interval.requests", reason: noThreads},
	{name: "producer.purgatory.purge.interval.requests", reason: noThreads},
	{name: "delete.records.purgatory.purge.interval.requests", reason: noThreads},
	{name: "share.", reason: noShare},
	{name: "group.share.", reason: noShare},
	{name: "group.streams.", reason: noStreams},
	{name: "group.coordinator.threads", reason: noThreads},
	{name: "group.coordinator.background.threads", reason: noThreads},
	{name: "group.coordinator.cached.buffer.max.bytes", reason: noThreads},
	{name: "offsets.load.buffer.size", reason: noThreads},
	{name: "transaction.", reason: noTxn},
	{name: "transactional.id.expiration.ms", reason: noTxn},
	{name: "producer.id.expiration.check.interval.ms", reason: noTxn},
	{name: "add.partitions.to.txn.", reason: noTxn},
	{name: "replica.selector.class", refused: true, reason: noPlugins},
	{name: "replica.", reason: noReplicas},
	{name: "replication.quota.", reason: noReplicas},
	{name: "alter.log.dirs.", reason: noReplicas},
	{name: "auto.leader.rebalance.enable", reason: noReplicas},
	{name: "leader.imbalance.", reason: noReplicas},
	{name: "controlled.shutdown.", reason: noReplicas},
	{name: "follower.fetch.last.tiered.offset.enable", reason: noRemote},
	{name: "unstable.", refused: true, reason: "asks for what is not finished in Kafka itself"},
	{name: "cordoned.log.dirs", refused: true,
		reason: "asks for a second log directory: a node has one"},
	{name: "log.dir.failure.timeout.ms", reason: noReplicas},
	{name: "log.cleaner.threads", reason: "sizes threads: here each shard has one cleaner"},
	{name: "log.flush.", reason: noFlushing},
	{name: "log.message.format.version", reason: "is of the past: there is one message format"},
	{name: "log.message.timestamp.difference.max.ms", refused: true,
		reason: "is of the past: write log.message.timestamp.before.max.ms and" +
			" log.message.timestamp.after.max.ms"},
	{name: "inter.broker.protocol.version", reason: "is of the past: there is metadata.version"},
	{name: "remote.log.storage.system.enable", harmless: "false", refused: true, reason: noRemote},
	{name: "remote.", reason: noRemote},
	{name: "quota.", reason: noQuotas},
	{name: "client.quota.callback.class", refused: true, reason: noPlugins},
	{name: "create.topic.policy.class.name", refused: true, reason: noPlugins},
	{name: "alter.config.policy.class.name", refused: true, reason: noPlugins},
	{name: "config.providers", refused: true, reason: noPlugins},
	{name: "metric.reporters", reason: noMetrics},
	{name: "metrics.", reason: noMetrics},
	{name: "kafka.metrics.", reason: noMetrics},
	{name: "auto.include.jmx.reporter", reason: noMetrics},
	{name: "telemetry.", reason: noTelemetry},
	{name: "ssl.", refused: true, reason: noTLS},
	{name: "security.providers", refused: true, reason: noPlugins},
	{name: "sasl.", refused: true, reason: noSASL},
	{name: "listener.name.", refused: true, reason: noSASL},
	{name: "connections.max.reauth.ms", reason: noSASL},
	{name: "connection.failed.authentication.delay.ms", reason: noSASL},
	{name: "delegation.token.", refused: true, reason: noSASL},
	{name: "principal.builder.class", refused: true, reason: noPlugins},
	{name: "authorizer.class.name", refused: true, reason: noACL},
	{name: "super.users", refused: true, reason: noACL},
	{name: "allow.everyone.if.no.acl.found", harmless: "true", refused: true, reason: noACL},
}

// findUnserved returns the row for a name; ok is false when Kafka has no such
// setting either, as far as this table knows. A name that a row only covers by
// its beginning is rather a slip of the finger if a served one is close.
func findUnserved(name string) (row unserved, ok bool) {
	for _, row := range unservedSettings {
		if row.name == name {
			return row, true
		}
	}
	if _, ofTopic := Topic(name); ofTopic {
		return unserved{}, false
	}
	if _, ofGroup := Group(name); ofGroup {
		return unserved{}, false
	}
	if near, ok := Nearest(name, servedNames()); ok && distance(name, near) <= slipEditsMax {
		return unserved{}, false
	}
	for _, row := range unservedSettings {
		if strings.HasSuffix(row.name, ".") && strings.HasPrefix(name, row.name) {
			return row, true
		}
	}
	return unserved{}, false
}

// slipEditsMax is how far from a served name a slip of the finger leads.
const slipEditsMax = 2

func servedNames() []string {
	names := make([]string, len(nodeDefinitions))
	for i := range nodeDefinitions {
		names[i] = nodeDefinitions[i].Name
	}
	return names
}

// takeUnserved answers for a name that is none of Brokers.
func takeUnserved(name, value string) (warning string, err error) {
	row, ok := findUnserved(name)
	switch {
	case !ok:
		return "", unknownSetting(name)
	case !row.refused:
		return name + " is taken and has no effect: it " + row.reason, nil
	case value == row.harmless:
		return "", nil
	}
	return "", fmt.Errorf("%w: %s %s", ErrNotServed, name, row.reason)
}

// WhyNotServed is the error for a name that is none of Brokers: that it is not
// served and why, or what could have been meant.
func WhyNotServed(name string) error {
	if row, ok := findUnserved(name); ok {
		return fmt.Errorf("%w: %s %s", ErrNotServed, name, row.reason)
	}
	return unknownSetting(name)
}

// unknownSetting says what could have been meant.
func unknownSetting(name string) error {
	if topic, ok := Topic(name); ok {
		if len(topic.Synonyms) > 0 {
			return fmt.Errorf("%w %q: it belongs to a topic; for all topics write %q",
				ErrUnknownSetting, name, topic.Synonyms[0].Name)
		}
		return fmt.Errorf("%w %q: it belongs to a topic and can only be set there",
			ErrUnknownSetting, name)
	}
	if group, ok := Group(name); ok {
		return fmt.Errorf("%w %q: it belongs to a group; for all groups write %q",
			ErrUnknownSetting, name, group.Synonyms[0].Name)
	}
	if near, ok := Nearest(name, servedNames()); ok {
		return fmt.Errorf("%w %q: did you mean %q?", ErrUnknownSetting, name, near)
	}
	return fmt.Errorf("%w %q", ErrUnknownSetting, name)
}
