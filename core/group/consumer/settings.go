package consumer

import (
	"iter"
	"slices"
	"time"

	"odradek/core/group/assign"
	"odradek/core/kafka"
)

// Settings are what a node says of all consumer groups, under Kafka's names.
type Settings struct {
	// SessionTimeout is group.consumer.session.timeout.ms: after so much silence a member
	// is out.
	SessionTimeout, MinSessionTimeout, MaxSessionTimeout time.Duration
	// HeartbeatInterval is group.consumer.heartbeat.interval.ms: how often members shall
	// speak.
	HeartbeatInterval, MinHeartbeatInterval, MaxHeartbeatInterval time.Duration
	// AssignmentInterval is group.consumer.assignment.interval.ms (KIP-1263): a target
	// assignment stands at least that long, so that members who come together are counted
	// together.
	AssignmentInterval, MinAssignmentInterval, MaxAssignmentInterval time.Duration
	// RegexRefreshInterval is group.consumer.regex.refresh.interval.ms: how old what a
	// regular expression came to may be.
	RegexRefreshInterval time.Duration
	// MaxSize is group.consumer.max.size, in members.
	MaxSize int
	// Assignors are group.consumer.assignors; the first one is used when members ask for
	// none. Invariant: at least one, each known to package assign.
	Assignors []string
	// MigrationPolicy is group.consumer.migration.policy.
	MigrationPolicy MigrationPolicy
	// ClassicMaxSize is group.max.size: a larger group is not downgraded.
	ClassicMaxSize int
}

// MigrationPolicy says which groups may change their protocol while they have members.
type MigrationPolicy string

// The policies, by the names of Kafka's setting.
const (
	MigrationDisabled      MigrationPolicy = "disabled"
	MigrationUpgrade       MigrationPolicy = "upgrade"
	MigrationDowngrade     MigrationPolicy = "downgrade"
	MigrationBidirectional MigrationPolicy = "bidirectional"
)

// Upgrade reports whether classic groups may become consumer groups.
func (p MigrationPolicy) Upgrade() bool {
	return p == MigrationUpgrade || p == MigrationBidirectional
}

// Downgrade reports whether consumer groups may become classic groups.
func (p MigrationPolicy) Downgrade() bool {
	return p == MigrationDowngrade || p == MigrationBidirectional
}

// DefaultSettings are Kafka 4.3's.
func DefaultSettings() Settings {
	const sizeMax = 1<<31 - 1
	return Settings{
		SessionTimeout: 45 * time.Second, MinSessionTimeout: 45 * time.Second,
		MaxSessionTimeout: time.Minute, HeartbeatInterval: 5 * time.Second,
		MinHeartbeatInterval: 5 * time.Second, MaxHeartbeatInterval: 15 * time.Second,
		AssignmentInterval: time.Second, MaxAssignmentInterval: 15 * time.Second,
		RegexRefreshInterval: 10 * time.Minute, MaxSize: sizeMax,
		Assignors:       []string{assign.UniformName, assign.RangeName},
		MigrationPolicy: MigrationBidirectional, ClassicMaxSize: sizeMax,
	}
}

// GroupConfig is what is set for one group (a config resource of type GROUP): nil is not
// set. Source: Kafka, GroupConfig.
type GroupConfig struct {
	// SessionTimeout is consumer.session.timeout.ms.
	SessionTimeout *time.Duration
	// HeartbeatInterval is consumer.heartbeat.interval.ms.
	HeartbeatInterval *time.Duration
	// AssignmentInterval is consumer.assignment.interval.ms.
	AssignmentInterval *time.Duration
}

// For returns the settings of a group: its own where it has some, within the node's
// bounds, which may have become narrower since they were set.
func (s Settings) For(c GroupConfig) Settings {
	within := func(value *time.Duration, node, low, high time.Duration) time.Duration {
		if value == nil {
			return node
		}
		return min(max(*value, low), high)
	}
	s.SessionTimeout = within(c.SessionTimeout, s.SessionTimeout,
		s.MinSessionTimeout, s.MaxSessionTimeout)
	s.HeartbeatInterval = within(c.HeartbeatInterval, s.HeartbeatInterval,
		s.MinHeartbeatInterval, s.MaxHeartbeatInterval)
	s.AssignmentInterval = within(c.AssignmentInterval, s.AssignmentInterval,
		s.MinAssignmentInterval, s.MaxAssignmentInterval)
	return s
}

// supports reports whether members may ask for an assignor.
func (s *Settings) supports(assignor string) bool { return slices.Contains(s.Assignors, assignor) }

// Topics is what a node knows of the topics of the cluster at one moment. It does not
// change; later there is another one.
type Topics interface {
	// TopicID returns the id of the topic of a name; ok is false when there is none.
	TopicID(name string) (id kafka.TopicID, ok bool)
	// TopicName returns the name of the topic of an id; ok is false when there is none.
	TopicName(id kafka.TopicID) (name string, ok bool)
	// PartitionCount is the number of partitions of a topic, 0 when there is none.
	PartitionCount(id kafka.TopicID) int32
	// Names yields the names of the topics that are not before first, in order.
	Names(first string) iter.Seq[string]
	// Racks are those of a partition's replicas, in any order, one for each replica whose
	// broker is registered with a rack.
	Racks(id kafka.TopicID, partition kafka.Partition) []string
	// Version is an offset of the metadata log: not below the last record by which a topic
	// was created, deleted, grown, or had its replicas moved.
	Version() int64
	// Created is an offset of the metadata log: not below the last record by which a topic
	// was created. It is not above Version.
	Created() int64
}
