package campaign

import (
	"fmt"

	"odradek/controller/config"
	"odradek/core/batch"
	"odradek/core/kafka"
	"odradek/jepsen/check"
	"odradek/sim/chance"
	"odradek/sim/client"
)

// compactedOneIn is in how many runs there are compacted topics.
const compactedOneIn = 3

// forever is a delete.retention.ms that is never over, though clocks jump by days.
const forever = "9223372036854775807"

// drawCompaction draws the compacted topics of a run, if it has any, with segments so
// small and a cleaner so eager that a run sees many passes and swaps. There are none in a
// run that forgets: what a broker is held to after that is told by its gaps, and
// compaction leaves gaps of its own.
func (s *shape) drawCompaction(draw *chance.Stream) (topics []topicShape) {
	if !draw.OneIn(compactedOneIn) || s.forgets() {
		return nil
	}
	s.tombstonesStay = draw.OneIn(2)
	add := func(name, value string) {
		s.cleaner = append(s.cleaner, config.Entry{Name: name, Value: value})
	}
	add(config.CleanerBackoffMs, fmt.Sprint(20+draw.Below(200)))
	if draw.OneIn(3) {
		add(config.CleanerIOBytesPerSecond, fmt.Sprint(50_000+draw.Below(500_000)))
	}
	if draw.OneIn(3) {
		// Room for a few keys: a log is compacted in several passes.
		add(config.CleanerDedupeBufferSize, "1048577")
		add(config.CleanerLoadFactor, "0.0002")
	}
	for i := range 1 + draw.Below(2) {
		topics = append(topics, s.drawCompacted(draw, fmt.Sprintf("compacted-%d", i)))
	}
	return topics
}

func (s *shape) drawCompacted(draw *chance.Stream, name string) topicShape {
	t := topicShape{name: name, partitions: 1 + int32(draw.Below(3)), compacted: true}
	add := func(name, value string) {
		t.settings = append(t.settings, config.Entry{Name: name, Value: value})
	}
	add(config.CleanupPolicy, config.CleanupCompact)
	add(config.RetentionMs, "-1")
	if draw.OneIn(4) {
		t.retention = true
		t.settings = t.settings[:0]
		add(config.CleanupPolicy, config.CleanupCompact+","+config.CleanupDelete)
		add(config.RetentionBytes, fmt.Sprint(4000<<draw.Below(8)))
		add(config.RetentionMs, fmt.Sprint(2000+draw.Below(20_000)))
	}
	add("index.interval.bytes", fmt.Sprint(draw.Below(512)))
	add(config.SegmentIndexBytes, fmt.Sprint(16<<draw.Below(5)))
	if draw.OneIn(2) {
		add(config.SegmentMs, fmt.Sprint(100+draw.Below(1000)))
	}
	add(config.MinCleanableDirtyRatio, []string{"0.0", "0.1", "0.5"}[draw.Below(3)])
	if s.tombstonesStay {
		add(config.DeleteRetentionMs, forever)
	} else {
		add(config.DeleteRetentionMs, []string{"0", "100", "2000"}[draw.Below(3)])
	}
	if draw.OneIn(4) {
		add(config.MaxCompactionLagMs, fmt.Sprint(200+draw.Below(2000)))
	} else if draw.OneIn(4) {
		add(config.MinCompactionLagMs, fmt.Sprint(100+draw.Below(500)))
	}
	if draw.OneIn(4) {
		add(config.CompressionType, codecName(draw))
	}
	return t
}

// heads are the batches of [from, end) as the history has them.
func heads(batches []batch.Batch, from, end kafka.Offset) (all []check.Batch) {
	for _, b := range batches {
		if b.LastOffset() >= from && b.LastOffset() < end {
			all = append(all, check.Batch{Base: b.BaseOffset(), Last: b.LastOffset(),
				ProducerID: b.ProducerID(), Control: b.IsControl(), Transactional: b.IsTransactional()})
		}
	}
	return all
}

// sawCompaction counts what a fetch of a compacted topic shows of compaction.
func (a *actor) sawCompaction(on *topic, got *client.Fetched) {
	if !on.compacted || len(got.Batches) == 0 {
		return
	}
	gap, empty := false, false
	for i, b := range got.Batches {
		empty = empty || b.RecordCount() == 0
		gap = gap || int64(b.RecordCount()) <= int64(b.LastOffsetDelta()) ||
			i > 0 && b.BaseOffset() > got.Batches[i-1].NextOffset()
	}
	a.world.Trace.Sometimes(gapRead, gap)
	a.world.Trace.Sometimes(emptyBatchRead, empty)
}
