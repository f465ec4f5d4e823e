package campaign

import (
	"odradek/controller/config"
	"odradek/core/batch"
)

// What clients of a campaign have to meet now and then, as Trace.Sometimes counts
// it: a workload that never gets there proves nothing about it.
const (
	headersRead      = "campaign: a fetch gives records with headers"
	tombstonesRead   = "campaign: a fetch gives records without a value"
	readerOvertaken  = "campaign: the log start overtakes a reader"
	settingTakenBack = "campaign: IncrementalAlterConfigs takes a setting back"
	settingsReplaced = "campaign: AlterConfigs takes settings back that it does not name"
	codecChanged     = "campaign: a batch is compressed in another way than it came"
	recordsLost      = "campaign: a power loss takes acknowledged records, as it may"
	cutAfterStop     = "campaign: power is lost right after a clean stop"
	gapRead          = "campaign: a reader of a compacted topic finds a gap"
	emptyBatchRead   = "campaign: a reader of a compacted topic finds an empty batch"
)

// MustHappen are the names of them all, as sim.Report.Sites has them.
func MustHappen() []string {
	return append(codecSites(), headersRead, tombstonesRead, readerOvertaken, settingTakenBack,
		settingsReplaced, codecChanged, recordsLost, cutAfterStop, gapRead, emptyBatchRead)
}

// codecSites are the places at which a batch of each codec was acknowledged.
func codecSites() []string {
	return []string{"campaign: an uncompressed batch is acknowledged",
		"campaign: a gzip batch is acknowledged", "campaign: a snappy batch is acknowledged",
		"campaign: a lz4 batch is acknowledged", "campaign: a zstd batch is acknowledged"}
}

// sawCodec counts how an acknowledged batch was compressed when it was sent.
func (a *actor) sawCodec(on *topic, codec batch.Codec) {
	a.world.Trace.Sometimes(codecSites()[codec], true)
	wanted := ""
	for _, s := range on.settings {
		if s.name == config.CompressionType && len(s.maybe) == 0 && !s.loose {
			wanted = s.value
		}
	}
	kept := wanted == "" || wanted == config.CompressionProducer || wanted == codec.String() ||
		wanted == config.CompressionNone && codec == batch.Uncompressed
	a.world.Trace.Sometimes(codecChanged, !kept)
}
