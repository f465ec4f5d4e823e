package classic

// Settings are the broker's settings that the protocol knows, under Kafka's names.
type Settings struct {
	// GroupMinSessionTimeoutMs and GroupMaxSessionTimeoutMs bound what a member may ask
	// for, both inclusive (group.min.session.timeout.ms, group.max.session.timeout.ms).
	GroupMinSessionTimeoutMs int32
	GroupMaxSessionTimeoutMs int32
	// GroupInitialRebalanceDelayMs is how long a group that was empty waits for further
	// members after the first (group.initial.rebalance.delay.ms).
	GroupInitialRebalanceDelayMs int32
	// GroupMaxSize is the most members of a group (group.max.size).
	GroupMaxSize int32
}

// DefaultSettings are those of Kafka.
func DefaultSettings() Settings {
	return Settings{
		GroupMinSessionTimeoutMs:     6000,
		GroupMaxSessionTimeoutMs:     1800000,
		GroupInitialRebalanceDelayMs: 3000,
		GroupMaxSize:                 1<<31 - 1,
	}
}

const (
	// newMemberJoinTimeoutMs is how long the first JoinGroup of a member may wait: it has
	// no member id to send heartbeats with, and a client that has gone away meanwhile is
	// not noticed. Source: Kafka, five minutes.
	newMemberJoinTimeoutMs = 5 * 60 * 1000
	// pendingMembersMax is the most member ids of a group that were given out and not
	// joined with yet. Each lives for a session; a client that asks for ids without end
	// must not fill the memory. A group of a thousand members that all start at once
	// has a thousand.
	pendingMembersMax = 100_000
)
