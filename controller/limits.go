package controller

import (
	"odradek/controller/metadata"
	"odradek/core/kafka"
)

// Limits of what one request and one cluster may ask for.
const (
	// partitionsPerRequestMax bounds the partitions that one request makes, all
	// topics together: they are decided in one step of one loop, and one batch of
	// the metadata log must hold their records. It is Kafka's own limit.
	partitionsPerRequestMax = 10_000
	// recordsPerRequestMax bounds what one request writes, since its records are
	// committed together. It is Kafka's own limit.
	recordsPerRequestMax = 10_000
	// partitionsMax bounds the partitions of the cluster: each has a directory,
	// open files and a state in memory on the one node that there is.
	partitionsMax = 200_000
	// configuredGroupsMax bounds the groups that have settings: anybody may name any
	// number of them, whether they exist or not, and each stays in the metadata.
	configuredGroupsMax = 100_000
	// configValueBytesMax is the longest value of one setting: longer strings
	// cannot be written into the metadata log.
	configValueBytesMax = 1<<15 - 1
)

// checkRecords refuses a request that would write too much at once, as a whole.
func checkRecords(records []metadata.Record) *fault {
	if len(records) > recordsPerRequestMax {
		return faultf(kafka.ErrPolicyViolation, "Unable to perform excessively large batch operation.")
	}
	return nil
}
