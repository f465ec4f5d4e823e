package controller

import (
	"slices"

	"odradek/controller/config"
	"odradek/controller/image"
	"odradek/controller/metadata"
	"odradek/core/kafka"
)

// The one feature that is finalized here: what the metadata records may look
// like. Others, as group.version and transaction.version, tell clients to use
// protocols that this broker does not serve, and are not claimed. Source:
// KIP-584, KIP-778, KIP-1022.
const (
	// MetadataVersionFeature is its name.
	MetadataVersionFeature = "metadata.version"
	// MetadataVersionMin and MetadataVersionMax are the levels that can be
	// worked with, 3.3-IV3 to 4.3-IV0.
	MetadataVersionMin = 7
	MetadataVersionMax = 30
)

// Features are the ranges that a broker registers and ApiVersions reports.
func Features() []metadata.Feature {
	return []metadata.Feature{{Name: MetadataVersionFeature,
		Min: MetadataVersionMin, Max: MetadataVersionMax}}
}

// Bootstrap returns the first records of a new metadata log. There are none when
// the image shows that they were written.
func Bootstrap(img *image.Image) []metadata.Record {
	if _, ok := img.Feature(MetadataVersionFeature); ok {
		return nil
	}
	name := "Bootstrap records"
	return []metadata.Record{
		&metadata.BeginTransactionRecord{Name: &name},
		&metadata.FeatureLevelRecord{Name: MetadataVersionFeature, Level: MetadataVersionMax},
		&metadata.EndTransactionRecord{},
	}
}

// Registration is what a broker says of itself when it starts.
type Registration struct {
	BrokerID kafka.BrokerID
	// LogDir is the id of its log directory.
	LogDir metadata.UUID
	// Listeners are where it listens, with the ports that are really open.
	Listeners []config.Listener
	Rack      *string
}

// RegisterBroker returns the records that make a starting broker known and let
// it lead. The record will be written at offset next, which is the broker's
// epoch from then on. A node that is its own controller is never fenced: what it
// leads, it leads as long as it runs. Partitions that it led before, or that
// have no leader while it is in sync, it leads again under a new leader epoch, so
// that no batch of this incarnation can be taken for one of the last.
func RegisterBroker(v View, registration Registration, next kafka.Offset,
	random Random) []metadata.Record {
	epoch := kafka.BrokerEpoch(next)
	broker := &metadata.RegisterBrokerRecord{
		BrokerID:      registration.BrokerID,
		IncarnationID: randomUUID(random),
		BrokerEpoch:   epoch,
		Features:      Features(),
		Rack:          registration.Rack,
		LogDirs:       []metadata.UUID{registration.LogDir},
	}
	for _, listener := range registration.Listeners {
		broker.Endpoints = append(broker.Endpoints, metadata.Endpoint{Name: listener.Name,
			Host: listener.AdvertisedHost, Port: listener.AdvertisedPort})
	}
	records := []metadata.Record{broker}
	for topic := range v.Image.Topics() {
		for p, partition := range topic.Partitions() {
			led := partition.Leader == registration.BrokerID
			leaderless := partition.Leader == kafka.NoBroker &&
				slices.Contains(partition.ISR, registration.BrokerID)
			if !led && !leaderless {
				continue
			}
			change := metadata.NewPartitionChange(topic.ID, kafka.Partition(p))
			change.Leader = registration.BrokerID
			records = append(records, change)
		}
	}
	return records
}
