package campaign

import (
	"fmt"
	"math"
	"time"

	"odradek/controller/config"
	"odradek/core/journal"
	"odradek/sim/chance"
	"odradek/sim/fault"
)

// brokerName is the broker's host; its port is Kafka's.
const (
	brokerName    = "broker"
	brokerAddress = brokerName + ":9092"
)

// shape is what a run is made of, but for what happens in it: the seed decides.
type shape struct {
	seed    uint64
	shards  int
	journal journal.Options
	static  *config.Static
	// background is flush.policy=background: the page cache is enough, so power
	// losses and failing write-behind are left out of the faults. The power may fail
	// once, when the faults are over; see life.go.
	background bool
	// rot: bits flip on the disk. Then losses are legal where they are told.
	rot bool
	// rotAtRest picks a bit that flips while nobody does anything, 0 for none.
	rotAtRest uint64
	// losesJournal: somebody removes the broker's journals before the last start.
	losesJournal bool
	// lasts is how long the faults go on.
	lasts time.Duration
	// think is how long a client pauses between two operations.
	think                                       time.Duration
	idempotent, plain, consumers, admins, pests int
	topics                                      []topicShape
	ending                                      ending
	// tombstonesStay: no compacted topic drops a tombstone, unless it is written over.
	tombstonesStay bool
	// cleaner are the node's settings of a run with compacted topics.
	cleaner []config.Entry
	// cutsAfterStop: the power fails right after a stop in good order, which loses
	// nothing whatever the flush.policy.
	cutsAfterStop   bool
	messageBytesMax int
	// groups is nil if there are none.
	groups  *groupsShape
	notices string
}

// topicShape is a topic that is there from the beginning.
type topicShape struct {
	name       string
	partitions int32
	settings   []config.Entry
	retention  bool
	compacted  bool
}

// ending is how the broker goes down before the last look.
type ending uint8

const (
	endsWithStop ending = iota
	endsWithKill
	endsWithPowerLoss
	endings
)

func (e ending) String() string { return [...]string{"stop", "kill", "power loss"}[e] }

// drawShape decides what a run is made of.
func drawShape(seed uint64) (*shape, error) {
	draw := chance.New(seed, "campaign")
	s := &shape{seed: seed, shards: 1 + int(draw.Below(4))}
	s.background = draw.OneIn(5)
	s.rot = !s.background && draw.OneIn(8)
	s.lasts = 2*time.Second + draw.Tail(2*time.Second)
	s.think = 2*time.Millisecond + draw.Tail(8*time.Millisecond)
	s.idempotent, s.plain = int(draw.Below(3)), int(draw.Below(3))
	if s.idempotent+s.plain == 0 {
		s.idempotent = 1
	}
	s.consumers = 1 + int(draw.Below(3))
	s.admins, s.pests = 1, int(draw.Below(2))
	s.ending = ending(draw.Below(uint64(endings)))
	more := draw.Fork("more")
	s.cutsAfterStop = more.OneIn(2)
	// The files of the journal are so small that a run recycles them many times, and
	// that the States of the logs may fill them all.
	s.journal.FileBytes = int64(32<<10) << draw.Below(6)
	s.journal.FilesMax = 3 + int(draw.Below(4))
	s.messageBytesMax = int(s.journal.FileBytes / 4)
	if s.rot && draw.OneIn(2) {
		s.rotAtRest = draw.Uint64()
	}
	s.losesJournal = !s.rot && !s.forgets() && draw.OneIn(6)
	compacting := draw.Fork("compaction")
	compacted := s.drawCompaction(&compacting)
	settings := append(s.drawSettings(&draw), s.cleaner...)
	s.drawTopics(&draw)
	s.topics = append(s.topics, compacted...)
	if s.drawGroups(draw.Fork("groups")); s.groups != nil {
		settings = append(settings, s.groups.settings...)
	}
	return s, s.load(settings)
}

// String tells a shape in a few lines, for who reads a failure.
func (s *shape) String() string {
	text := fmt.Sprintf("%d shards, %d idempotent and %d plain producers, %d consumers, %d pests; "+
		"journal of %d files of %d bytes", s.shards, s.idempotent, s.plain, s.consumers, s.pests,
		s.journal.FilesMax, s.journal.FileBytes)
	if s.background {
		text += "; flush.policy=background"
	}
	if s.rot {
		text += "; bits rot"
	}
	if s.losesJournal {
		text += "; the journals are removed before the last start"
	}
	for _, t := range s.topics {
		text += fmt.Sprintf("\n%s: %d partitions", t.name, t.partitions)
		for _, entry := range t.settings {
			text += " " + entry.Name + "=" + entry.Value
		}
	}
	if s.groups != nil {
		text += s.groups.String()
	}
	return text
}

// faults are those of the allowed kinds that a run of this shape may have.
func (s *shape) faults(allowed fault.Set) fault.Set {
	if s.background {
		allowed = allowed.Without(fault.NodePowerLoss, fault.NodeCrashInIO,
			fault.NodeCrashInRecovery, fault.DiskSyncError, fault.DiskWritebackError,
			fault.DiskThroughError, fault.DiskSyncDirError)
	}
	if s.rot {
		return allowed.With(fault.DiskBitRot)
	}
	return allowed.Without(fault.DiskBitRot)
}

func (s *shape) drawSettings(draw *chance.Stream) []config.Entry {
	policy := config.FlushDurable
	if s.background {
		policy = config.FlushBackground
	}
	settings := []config.Entry{
		{Name: config.Listeners, Value: "PLAINTEXT://" + brokerAddress},
		{Name: config.FlushPolicy, Value: policy},
		{Name: config.AutoCreateTopicsEnable, Value: "false"},
		// Clocks jump by days; what a producer is remembered by must outlast that.
		{Name: config.ProducerIDExpirationMs, Value: "2147483647"},
		{Name: config.RetentionCheckMs, Value: fmt.Sprint(100 + draw.Below(900))},
		{Name: config.MetadataSnapshotBytes, Value: fmt.Sprint(2000 << draw.Below(6))},
		{Name: config.FetchSessionCacheSlots, Value: fmt.Sprint(draw.Below(5))},
		{Name: "message.max.bytes", Value: fmt.Sprint(s.messageBytesMax)},
		{Name: "log.segment.delete.delay.ms", Value: fmt.Sprint(draw.Below(1000))},
	}
	if !draw.OneIn(4) {
		// A broker whose clock has jumped back takes a client's present for a far
		// future.
		settings = append(settings, config.Entry{Name: "log.message.timestamp.after.max.ms",
			Value: fmt.Sprint(int64(math.MaxInt64))})
	}
	if draw.OneIn(4) {
		settings = append(settings, config.Entry{Name: config.FetchMaxBytes, Value: "4096"})
	}
	return settings
}

// load takes the broker's settings in.
func (s *shape) load(settings []config.Entry) error {
	static, warnings, err := config.Load(config.Sources{Flags: settings})
	if err != nil {
		return err
	}
	s.static = static
	for _, w := range warnings {
		s.notices += w + "\n"
	}
	return nil
}

func (s *shape) drawTopics(draw *chance.Stream) {
	for i := range 1 + draw.Below(3) {
		t := topicShape{name: fmt.Sprintf("stable-%d", i), partitions: 1 + int32(draw.Below(4))}
		t.settings = drawSegments(draw)
		if i > 0 && draw.OneIn(3) {
			t.retention = true
			t.settings = append(t.settings,
				config.Entry{Name: config.RetentionBytes, Value: fmt.Sprint(1000 << draw.Below(8))},
				config.Entry{Name: config.RetentionMs, Value: fmt.Sprint(500 + draw.Below(5000))})
		} else {
			t.settings = append(t.settings, config.Entry{Name: config.RetentionMs, Value: "-1"})
		}
		if draw.OneIn(6) {
			t.settings = append(t.settings,
				config.Entry{Name: config.CompressionType, Value: codecName(draw)})
		}
		if draw.OneIn(6) {
			t.settings = append(t.settings,
				config.Entry{Name: "message.timestamp.type", Value: config.LogAppendTime})
		}
		s.topics = append(s.topics, t)
	}
}

func codecName(draw *chance.Stream) string {
	return []string{"gzip", "snappy", "lz4", "zstd", "uncompressed"}[draw.Below(5)]
}

// drawSegments has segments roll often in most runs: by a full index or by time.
func drawSegments(draw *chance.Stream) []config.Entry {
	var list []config.Entry
	if !draw.OneIn(4) {
		list = append(list,
			config.Entry{Name: "index.interval.bytes", Value: fmt.Sprint(draw.Below(1024))},
			config.Entry{Name: config.SegmentIndexBytes, Value: fmt.Sprint(16 << draw.Below(5))})
	}
	if draw.OneIn(3) {
		list = append(list,
			config.Entry{Name: config.SegmentMs, Value: fmt.Sprint(100 + draw.Below(2000))})
	}
	return list
}
