package image

import (
	"slices"
	"strings"

	"odradek/controller/metadata"
	"odradek/core/kafka"
)

// Broker is a registered broker.
type Broker struct {
	ID            kafka.BrokerID
	IncarnationID metadata.UUID
	// Epoch is the offset of the registration.
	Epoch kafka.BrokerEpoch
	// Endpoints and Features are in the order of their names.
	Endpoints []metadata.Endpoint
	Features  []metadata.Feature
	// Rack is nil when the broker has none.
	Rack *string
	// Fenced: the broker may neither lead nor be in sync.
	Fenced               bool
	InControlledShutdown bool
	LogDirs              []metadata.UUID
	// CordonedLogDirs take no new partitions; nil when nothing was said.
	CordonedLogDirs []metadata.UUID
}

// Active reports whether the broker may be given partitions to lead.
func (b *Broker) Active() bool { return !b.Fenced && !b.InControlledShutdown }

// Endpoint returns where the broker's listener of a name can be reached.
func (b *Broker) Endpoint(listener string) (metadata.Endpoint, bool) {
	for _, endpoint := range b.Endpoints {
		if endpoint.Name == listener {
			return endpoint, true
		}
	}
	return metadata.Endpoint{}, false
}

func newBroker(r *metadata.RegisterBrokerRecord) *Broker {
	return &Broker{
		ID:            r.BrokerID,
		IncarnationID: r.IncarnationID,
		Epoch:         r.BrokerEpoch,
		Endpoints: slices.SortedFunc(slices.Values(r.Endpoints),
			func(a, b metadata.Endpoint) int { return strings.Compare(a.Name, b.Name) }),
		Features: slices.SortedFunc(slices.Values(r.Features),
			func(a, b metadata.Feature) int { return strings.Compare(a.Name, b.Name) }),
		Rack:                 r.Rack,
		Fenced:               r.Fenced,
		InControlledShutdown: r.InControlledShutdown,
		LogDirs:              slices.Clone(r.LogDirs),
		CordonedLogDirs:      slices.Clone(r.CordonedLogDirs),
	}
}

func (b *Broker) changed(r *metadata.BrokerRegistrationChangeRecord) *Broker {
	next := *b
	if r.Fenced != metadata.Unchanged {
		next.Fenced = r.Fenced == metadata.Set
	}
	if r.InControlledShutdown == metadata.Set {
		next.InControlledShutdown = true
	}
	if len(r.LogDirs) > 0 {
		next.LogDirs = slices.Clone(r.LogDirs)
	}
	replace(&next.CordonedLogDirs, r.CordonedLogDirs)
	return &next
}

func (b *Broker) record() *metadata.RegisterBrokerRecord {
	return &metadata.RegisterBrokerRecord{
		BrokerID:             b.ID,
		IncarnationID:        b.IncarnationID,
		BrokerEpoch:          b.Epoch,
		Endpoints:            b.Endpoints,
		Features:             b.Features,
		Rack:                 b.Rack,
		Fenced:               b.Fenced,
		InControlledShutdown: b.InControlledShutdown,
		LogDirs:              b.LogDirs,
		CordonedLogDirs:      b.CordonedLogDirs,
	}
}
