package fault

// Kind names one way in which the world goes wrong, or Operation.
type Kind uint8

// The kinds. The catalogue below says what each of them does.
const (
	Operation Kind = iota
	NodeKill
	NodePowerLoss
	NodeCrashInIO
	NodeCrashInRecovery
	NodePause
	NodeShardStall
	NodeClockJump
	NodeReshard
	NetworkSpike
	NetworkSplit
	NetworkLinger
	NetworkSlowSend
	NetworkReset
	NetworkHalfOpen
	NetworkDialRefused
	NetworkDialHang
	NetworkCut
	NetworkCutOneWay
	NetworkSlowLink
	DiskLostPages
	DiskTornPages
	DiskLostEntries
	DiskTornThrough
	DiskSyncError
	DiskWritebackError
	DiskSyncDirError
	DiskThroughError
	DiskReadError
	DiskReadErrorLatent
	DiskWriteError
	DiskFull
	DiskStall
	DiskSlowOperation
	DiskEvict
	DiskBitRot
	// Kinds is how many there are.
	Kinds
)

// Moment is when a kind is asked for.
type Moment uint8

const (
	// Called: at each call of a program that it might hit.
	Called Moment = iota
	// Scheduled: by the nemesis, over time.
	Scheduled
	// Crashing: when a node goes down or comes up, about what that does.
	Crashing
)

// Entry describes a kind.
type Entry struct {
	// Name is how the kind is written in lists, stories and flags.
	Name string
	// Doc is one sentence about what happens.
	Doc string
	// Millionths is the chance, in millionths, at each place where it may happen.
	// Kinds that the nemesis schedules are asked for once a scheduled moment.
	Millionths uint32
	// Moment is when it is asked for.
	Moment Moment
	// Optional kinds are off unless they are asked for by name.
	Optional bool
}

// Describe returns the catalogue's entry of k.
func (k Kind) Describe() Entry { return catalogue[k] }

// String is the kind's name.
func (k Kind) String() string {
	if k >= Kinds {
		return "unknown"
	}
	return catalogue[k].Name
}

// ParseKind finds a kind by name.
func ParseKind(name string) (Kind, bool) {
	for k := range catalogue {
		if catalogue[k].Name == name {
			return Kind(k), true
		}
	}
	return 0, false
}

// All lists the kinds of faults, without Operation, in the catalogue's order.
func All() []Kind {
	var all []Kind
	for k := Operation + 1; k < Kinds; k++ {
		all = append(all, k)
	}
	return all
}

// catalogue describes every kind; it is only read.
var catalogue = [Kinds]Entry{
	Operation: {"operation", "a client does something", 1_000_000, Called, false},

	NodeKill: {"node.kill",
		"kill -9: tasks unwind, connections break, the page cache lives", 700_000, Scheduled, false},
	NodePowerLoss: {"node.power-loss",
		"the machine loses power: the page cache dies and peers hear nothing", 700_000, Scheduled, false},
	NodeCrashInIO: {"node.crash-in-io",
		"a kill or power loss in the middle of the next disk operations", 700_000, Scheduled, false},
	NodeCrashInRecovery: {"node.crash-in-recovery",
		"a kill or power loss soon after a restart, within its first disk operations",
		300_000, Crashing, false},
	NodePause: {"node.pause",
		"the process stops for a while, and its clock runs on", 500_000, Scheduled, false},
	NodeShardStall: {"node.shard-stall",
		"one shard's thread stops for a while", 500_000, Scheduled, false},
	NodeClockJump: {"node.clock-jump",
		"the wall clock jumps, forth or back", 500_000, Scheduled, false},
	NodeReshard: {"node.reshard",
		"a restart comes up with another number of shards", 300_000, Crashing, false},

	NetworkSpike: {"network.spike",
		"bytes take many times longer than usual", 3_000, Called, false},
	NetworkSplit: {"network.split",
		"bytes arrive in two pieces instead of one", 50_000, Called, false},
	NetworkLinger: {"network.linger",
		"bytes of a killed process arrive long after its death", 200_000, Crashing, false},
	NetworkSlowSend: {"network.slow-send",
		"bytes leave later than they were sent, so file ranges are read later", 10_000, Called, false},
	NetworkReset: {"network.reset",
		"a connection is reset in the middle of its stream", 500, Called, false},
	NetworkHalfOpen: {"network.half-open",
		"a connection goes silent: what is sent vanishes and nobody is told", 100, Called, false},
	NetworkDialRefused: {"network.dial-refused",
		"a dial is refused although somebody listens", 20_000, Called, false},
	NetworkDialHang: {"network.dial-hang",
		"a dial is never answered", 20_000, Called, false},
	NetworkCut: {"network.cut",
		"two nodes hear nothing of each other for a while", 500_000, Scheduled, false},
	NetworkCutOneWay: {"network.cut-one-way",
		"what one node sends another gets lost for a while", 500_000, Scheduled, false},
	NetworkSlowLink: {"network.slow-link",
		"everything between two nodes is slow for a while", 500_000, Scheduled, false},

	DiskLostPages: {"disk.lost-pages",
		"a power loss takes a subset of the unsynced pages of a file", 700_000, Crashing, false},
	DiskTornPages: {"disk.torn-pages",
		"a power loss tears unsynced pages between their sectors", 500_000, Crashing, false},
	DiskLostEntries: {"disk.lost-entries",
		"a power loss takes a subset of the unsynced directory operations", 700_000, Crashing, false},
	DiskTornThrough: {"disk.torn-through",
		"a crash during a write-through leaves a mix of old and new blocks", 700_000, Crashing, false},
	DiskSyncError: {"disk.sync-error",
		"a sync fails; its pages are dropped while the page cache still shows them",
		500, Called, false},
	DiskWritebackError: {"disk.writeback-error",
		"write-behind fails and drops its pages; the next sync says so, once", 500, Called, false},
	DiskSyncDirError: {"disk.sync-dir-error",
		"a directory sync fails", 500, Called, false},
	DiskThroughError: {"disk.through-error",
		"a write-through fails, leaving a mix of old and new blocks", 300, Called, false},
	DiskReadError: {"disk.read-error",
		"one read fails; the next one works", 500, Called, false},
	DiskReadErrorLatent: {"disk.read-error-latent",
		"a page cannot be read until it is written again or the disk is healed", 300, Called, false},
	DiskWriteError: {"disk.write-error",
		"a write to the page cache fails half-way", 50, Called, false},
	DiskFull: {"disk.full",
		"the disk is nearly full for a while", 400_000, Scheduled, false},
	DiskStall: {"disk.stall",
		"no disk operation finishes for a while", 500_000, Scheduled, false},
	DiskSlowOperation: {"disk.slow-operation",
		"one disk operation takes many times longer than usual", 10_000, Called, false},
	DiskEvict: {"disk.evict",
		"a clean page leaves the page cache just when it is asked for", 10_000, Called, false},
	DiskBitRot: {"disk.bit-rot",
		"a bit of a stored page flips", 500_000, Scheduled, true},
}
