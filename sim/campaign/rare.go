package campaign

import (
	"odradek/controller/config"
	"odradek/core/batch"
	"odradek/core/kafka"
	"odradek/jepsen/check"
	"odradek/jepsen/check/groups"
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
	memberExpired    = "campaign: a member is told that it is none any more"
	memberFenced     = "campaign: a member of the consumer protocol is fenced"
	instanceFenced   = "campaign: a member is told that another one has its instance id"
	rebalanceHeard   = "campaign: a member is told of a rebalance"
	zombieRefused    = "campaign: the commit of a member that is gone is refused"
	staleRefused     = "campaign: a commit of an epoch that is over is refused"
	offsetDeleted    = "campaign: a committed offset is deleted"
	offsetKept       = "campaign: an offset is not deleted, since its topic is subscribed to"
	partitionMoved   = "campaign: a member begins where another one has committed"
	bothProtocols    = "campaign: members of both protocols own partitions of one group"
	gapRead          = "campaign: a reader of a compacted topic finds a gap"
	emptyBatchRead   = "campaign: a reader of a compacted topic finds an empty batch"
)

// seeGroups counts what the members of groups have met.
func (r *Run) seeGroups() {
	sometimes := r.scan.world.Trace.Sometimes
	h := &r.groupRecord.History
	for i := range h.Asks {
		code := h.Asks[i].Code
		sometimes(memberExpired, code == kafka.ErrUnknownMemberID)
		sometimes(memberFenced, code == kafka.ErrFencedMemberEpoch)
		sometimes(rebalanceHeard, code == kafka.ErrRebalanceInProgress)
	}
	for i := range h.Commits {
		code := h.Commits[i].Code
		sometimes(instanceFenced, code == kafka.ErrFencedInstanceID)
		sometimes(zombieRefused, code == kafka.ErrUnknownMemberID)
		sometimes(staleRefused, code == kafka.ErrIllegalGeneration || code == kafka.ErrStaleMemberEpoch)
	}
	for i := range h.Deletes {
		sometimes(offsetDeleted, h.Deletes[i].Outcome == check.OK)
		sometimes(offsetKept, h.Deletes[i].Outcome == check.Failed)
	}
	for i := range h.Starts {
		sometimes(partitionMoved, h.Starts[i].Offset > 0)
	}
	type speaking struct {
		group    groups.Group
		consumer bool
	}
	until := map[speaking]check.Event{}
	for _, t := range h.Tenures { // in the order of their beginnings
		sometimes(bothProtocols, until[speaking{t.Group, !t.Consumer}] > t.Begin)
		until[speaking{t.Group, t.Consumer}] = max(until[speaking{t.Group, t.Consumer}], t.End)
	}
}

// MustHappen are the names of them all, as sim.Report.Sites has them.
func MustHappen() []string {
	return append(codecSites(), headersRead, tombstonesRead, readerOvertaken, settingTakenBack,
		settingsReplaced, codecChanged, recordsLost, cutAfterStop, memberExpired, bothProtocols,
		instanceFenced, rebalanceHeard, zombieRefused, staleRefused, offsetDeleted, offsetKept,
		partitionMoved, gapRead, emptyBatchRead)
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
