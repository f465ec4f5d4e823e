package metadata

import "odradek/core/kafka"

// SecurityProtocol says how a listener speaks, as Kafka numbers it.
type SecurityProtocol int16

// The security protocols.
const (
	Plaintext     SecurityProtocol = 0
	SSL           SecurityProtocol = 1
	SASLPlaintext SecurityProtocol = 2
	SASLSSL       SecurityProtocol = 3
)

// Endpoint is where a node can be reached: one of its listeners, as advertised.
type Endpoint struct {
	// Name is the listener's.
	Name     string
	Host     string
	Port     uint16
	Protocol SecurityProtocol
}

func (e *Endpoint) fields(c *coder) {
	c.text(&e.Name)
	c.text(&e.Host)
	integer16(c, &e.Port)
	integer16(c, &e.Protocol)
	c.tags()
}

// endpointBytesMin is an endpoint with an empty name and host.
const endpointBytesMin = 1 + 1 + 2 + 2 + 1

func endpoints(c *coder, values *[]Endpoint) {
	array(c, values, false, endpointBytesMin, func(c *coder, e *Endpoint) { e.fields(c) })
}

// Feature is a range of levels that a node can work with.
type Feature struct {
	Name string
	Min  int16
	Max  int16
}

func (f *Feature) fields(c *coder) {
	c.text(&f.Name)
	integer16(c, &f.Min)
	integer16(c, &f.Max)
	c.tags()
}

// featureBytesMin is a feature with an empty name.
const featureBytesMin = 1 + 2 + 2 + 1

func features(c *coder, values *[]Feature) {
	array(c, values, false, featureBytesMin, func(c *coder, f *Feature) { f.fields(c) })
}

// RegisterBrokerRecord makes a broker known, under an epoch that is the offset
// of this record. A later one for the same id replaces it. Source: KIP-631.
type RegisterBrokerRecord struct {
	BrokerID kafka.BrokerID
	// IsMigratingZkBroker is of the past (version 2); it is kept so that old
	// logs can be read.
	IsMigratingZkBroker bool
	// IncarnationID is new with each start of the broker.
	IncarnationID UUID
	BrokerEpoch   kafka.BrokerEpoch
	Endpoints     []Endpoint
	Features      []Feature
	// Rack is nil when the broker has none.
	Rack *string
	// Fenced: the broker may not lead or be in sync yet.
	Fenced               bool
	InControlledShutdown bool
	// LogDirs are the ids of the broker's log directories (version 3).
	LogDirs []UUID
	// CordonedLogDirs take no new partitions (version 4, KIP-1066). Nil: the
	// broker said nothing of it.
	CordonedLogDirs []UUID
}

// Key is KeyRegisterBroker.
func (r *RegisterBrokerRecord) Key() Key { return KeyRegisterBroker }

// Version is 4, that of metadata.version 4.3-IV0.
func (r *RegisterBrokerRecord) Version() int16 { return 4 }

func (r *RegisterBrokerRecord) fields(c *coder, version int16) {
	integer32(c, &r.BrokerID)
	if version >= 2 {
		c.boolean(&r.IsMigratingZkBroker)
	}
	uuid(c, &r.IncarnationID)
	integer64(c, &r.BrokerEpoch)
	endpoints(c, &r.Endpoints)
	features(c, &r.Features)
	c.nullableText(&r.Rack)
	c.boolean(&r.Fenced)
	if version >= 1 {
		c.boolean(&r.InControlledShutdown)
	}
	var optional []tagged
	if version >= 3 {
		optional = append(optional, tagged{0, len(r.LogDirs) > 0,
			func(c *coder) { uuids(c, &r.LogDirs, false) }})
	}
	if version >= 4 {
		optional = append(optional, tagged{1, r.CordonedLogDirs != nil,
			func(c *coder) { uuids(c, &r.CordonedLogDirs, true) }})
	}
	c.tags(optional...)
}

// UnregisterBrokerRecord forgets a broker.
type UnregisterBrokerRecord struct {
	BrokerID    kafka.BrokerID
	BrokerEpoch kafka.BrokerEpoch
}

// Key is KeyUnregisterBroker.
func (r *UnregisterBrokerRecord) Key() Key { return KeyUnregisterBroker }

// Version is 0.
func (r *UnregisterBrokerRecord) Version() int16 { return 0 }

func (r *UnregisterBrokerRecord) fields(c *coder, _ int16) {
	brokerAndEpoch(c, &r.BrokerID, &r.BrokerEpoch)
}

// FenceBrokerRecord is the old form of a BrokerRegistrationChangeRecord that
// fences; it is read, never written.
type FenceBrokerRecord struct {
	BrokerID    kafka.BrokerID
	BrokerEpoch kafka.BrokerEpoch
}

// Key is KeyFenceBroker.
func (r *FenceBrokerRecord) Key() Key { return KeyFenceBroker }

// Version is 0.
func (r *FenceBrokerRecord) Version() int16 { return 0 }

func (r *FenceBrokerRecord) fields(c *coder, _ int16) {
	brokerAndEpoch(c, &r.BrokerID, &r.BrokerEpoch)
}

// UnfenceBrokerRecord is the old form of a BrokerRegistrationChangeRecord that
// lifts a fence; it is read, never written.
type UnfenceBrokerRecord struct {
	BrokerID    kafka.BrokerID
	BrokerEpoch kafka.BrokerEpoch
}

// Key is KeyUnfenceBroker.
func (r *UnfenceBrokerRecord) Key() Key { return KeyUnfenceBroker }

// Version is 0.
func (r *UnfenceBrokerRecord) Version() int16 { return 0 }

func (r *UnfenceBrokerRecord) fields(c *coder, _ int16) {
	brokerAndEpoch(c, &r.BrokerID, &r.BrokerEpoch)
}

func brokerAndEpoch(c *coder, id *kafka.BrokerID, epoch *kafka.BrokerEpoch) {
	integer32(c, id)
	integer64(c, epoch)
	c.tags()
}

// Change is how a BrokerRegistrationChangeRecord alters a yes or no.
type Change int8

// The changes. In a record, Kafka writes them as these numbers.
const (
	Clear     Change = -1
	Unchanged Change = 0
	Set       Change = 1
)

// BrokerRegistrationChangeRecord changes a registered broker.
type BrokerRegistrationChangeRecord struct {
	BrokerID    kafka.BrokerID
	BrokerEpoch kafka.BrokerEpoch
	Fenced      Change
	// InControlledShutdown can only be Set, until the next registration
	// (version 1).
	InControlledShutdown Change
	// LogDirs replaces the log directories when it is not empty (version 2).
	LogDirs []UUID
	// CordonedLogDirs replaces the cordoned ones when it is not nil (version 3).
	CordonedLogDirs []UUID
}

// Key is KeyBrokerRegistrationChange.
func (r *BrokerRegistrationChangeRecord) Key() Key { return KeyBrokerRegistrationChange }

// Version is the oldest one that has all of the fields that change something.
func (r *BrokerRegistrationChangeRecord) Version() int16 {
	switch {
	case r.CordonedLogDirs != nil:
		return 3
	case len(r.LogDirs) > 0:
		return 2
	case r.InControlledShutdown != Unchanged:
		return 1
	}
	return 0
}

func (r *BrokerRegistrationChangeRecord) fields(c *coder, version int16) {
	integer32(c, &r.BrokerID)
	integer64(c, &r.BrokerEpoch)
	optional := []tagged{
		{0, r.Fenced != Unchanged, func(c *coder) { integer8(c, &r.Fenced) }},
	}
	if version >= 1 {
		optional = append(optional, tagged{1, r.InControlledShutdown != Unchanged,
			func(c *coder) { integer8(c, &r.InControlledShutdown) }})
	}
	if version >= 2 {
		optional = append(optional, tagged{2, len(r.LogDirs) > 0,
			func(c *coder) { uuids(c, &r.LogDirs, false) }})
	}
	if version >= 3 {
		optional = append(optional, tagged{3, r.CordonedLogDirs != nil,
			func(c *coder) { uuids(c, &r.CordonedLogDirs, true) }})
	}
	c.tags(optional...)
}

// RegisterControllerRecord makes a controller known. Source: KIP-919.
type RegisterControllerRecord struct {
	ControllerID  kafka.BrokerID
	IncarnationID UUID
	// ZkMigrationReady is of the past.
	ZkMigrationReady bool
	Endpoints        []Endpoint
	Features         []Feature
}

// Key is KeyRegisterController.
func (r *RegisterControllerRecord) Key() Key { return KeyRegisterController }

// Version is 0.
func (r *RegisterControllerRecord) Version() int16 { return 0 }

func (r *RegisterControllerRecord) fields(c *coder, _ int16) {
	integer32(c, &r.ControllerID)
	uuid(c, &r.IncarnationID)
	c.boolean(&r.ZkMigrationReady)
	endpoints(c, &r.Endpoints)
	features(c, &r.Features)
	c.tags()
}
