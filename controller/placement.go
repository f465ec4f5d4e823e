package controller

import (
	"slices"

	"odradek/controller/image"
	"odradek/controller/metadata"
	"odradek/core/assert"
	"odradek/core/kafka"
)

// placer chooses brokers for partitions: the replicas of one partition lie in
// as many racks as possible, and leaders go round over racks and over the
// brokers of each rack. It begins at a random place, so that topics of one
// partition do not all land on the first broker. Source: Kafka, StripedReplicaPlacer.
type placer struct {
	racks []*rack
	// next is the rack that gets the next partition's leader.
	next   int
	active int
	total  int
}

// rack is the brokers of one rack; those without one share the rack of no name.
type rack struct {
	name   string
	active []kafka.BrokerID
	fenced []kafka.BrokerID
	// nextActive and nextFenced go round.
	nextActive int
	nextFenced int
}

func newPlacer(img *image.Image, random Random) *placer {
	p := &placer{}
	for broker := range img.Brokers() {
		r := p.rackOf(broker)
		p.total++
		if broker.Active() {
			r.active = append(r.active, broker.ID)
			p.active++
		} else {
			r.fenced = append(r.fenced, broker.ID)
		}
	}
	if p.total == 0 {
		return p
	}
	slices.SortFunc(p.racks, func(a, b *rack) int { return cmpString(a.name, b.name) })
	p.next = below(random, len(p.racks))
	for _, r := range p.racks {
		r.nextActive = below(random, max(len(r.active), 1))
		r.nextFenced = below(random, max(len(r.fenced), 1))
	}
	return p
}

func (p *placer) rackOf(broker *image.Broker) *rack {
	name := ""
	if broker.Rack != nil {
		name = *broker.Rack
	}
	for _, r := range p.racks {
		if r.name == name {
			return r
		}
	}
	r := &rack{name: name}
	p.racks = append(p.racks, r)
	return r
}

// check tells why partitions with so many replicas cannot be placed, empty when
// they can.
func (p *placer) check(replicationFactor int) *fault {
	switch {
	case p.active == 0:
		return faultf(kafka.ErrInvalidReplicationFactor, "All brokers are currently fenced.")
	case replicationFactor > p.total:
		return faultf(kafka.ErrInvalidReplicationFactor, "The target replication factor of %d"+
			" cannot be reached because only %d broker(s) are registered or some brokers have all"+
			" their log directories cordoned.", replicationFactor, p.total)
	}
	return nil
}

// place chooses the brokers of one more partition, the leader first. The caller
// has checked that it can.
func (p *placer) place(replicationFactor int) []kafka.BrokerID {
	assert.That(p.active > 0, "there is a broker that can lead")
	assert.That(replicationFactor <= p.total, "there are enough brokers for the replicas")
	replicas := make([]kafka.BrokerID, 0, replicationFactor)
	first := p.next
	for len(p.racks[first].active) == 0 {
		first = (first + 1) % len(p.racks)
	}
	replicas = append(replicas, p.racks[first].lead())
	p.next = (p.next + 1) % len(p.racks)
	for at := first; len(replicas) < replicationFactor; {
		at = (at + 1) % len(p.racks)
		if id, ok := p.racks[at].follow(replicas); ok {
			replicas = append(replicas, id)
		}
	}
	return replicas
}

// lead gives the rack's next leader.
func (r *rack) lead() kafka.BrokerID {
	id := r.active[r.nextActive]
	r.nextActive = (r.nextActive + 1) % len(r.active)
	return id
}

// follow gives a broker of the rack that has no replica yet, an active one if
// it can.
func (r *rack) follow(replicas []kafka.BrokerID) (kafka.BrokerID, bool) {
	for i := range r.active {
		id := r.active[(r.nextActive+i)%len(r.active)]
		if !slices.Contains(replicas, id) {
			return id, true
		}
	}
	for i := range r.fenced {
		id := r.fenced[(r.nextFenced+i)%len(r.fenced)]
		if !slices.Contains(replicas, id) {
			r.nextFenced = (r.nextFenced + 1) % len(r.fenced)
			return id, true
		}
	}
	return 0, false
}

// below returns a number from 0 to n-1. The slight bias does not matter here.
func below(random Random, n int) int { return int(random.Uint64() % uint64(n)) }

func cmpString(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// checkAssignment refuses replicas that a person assigned to one partition and
// that cannot be. The replication factor is that of the other partitions, 0
// when there is none yet. Source: Kafka, ReplicationControlManager.
func checkAssignment(img *image.Image, replicas []kafka.BrokerID, replicationFactor int) *fault {
	const code = kafka.ErrInvalidReplicaAssignment
	if len(replicas) == 0 {
		return faultf(code, "The manual partition assignment includes an empty replica list.")
	}
	sorted := slices.Sorted(slices.Values(replicas))
	for i, id := range sorted {
		if img.Broker(id) == nil {
			return faultf(code, "The manual partition assignment includes broker %d, but no such"+
				" broker is registered.", id)
		}
		if i > 0 && sorted[i-1] == id {
			return faultf(code, "The manual partition assignment includes the broker %d more than"+
				" once.", id)
		}
	}
	if replicationFactor != 0 && len(replicas) != replicationFactor {
		return faultf(code, "The manual partition assignment includes a partition with %d replica(s),"+
			" but this is not consistent with previous partitions, which have %d replica(s).",
			len(replicas), replicationFactor)
	}
	return nil
}

// inSync returns those of the replicas that can be in sync at once.
func inSync(img *image.Image, replicas []kafka.BrokerID) []kafka.BrokerID {
	var isr []kafka.BrokerID
	for _, id := range replicas {
		if broker := img.Broker(id); broker != nil && broker.Active() {
			isr = append(isr, id)
		}
	}
	return isr
}

// newPartition is the record of a partition that has never been led. Its
// replicas lie in the first log directory of each broker.
func newPartition(img *image.Image, topic kafka.TopicID, partition kafka.Partition,
	replicas, isr []kafka.BrokerID) *metadata.PartitionRecord {
	assert.That(len(isr) > 0, "a new partition has somebody in sync")
	directories := make([]metadata.UUID, len(replicas))
	for i, id := range replicas {
		if broker := img.Broker(id); broker != nil && len(broker.LogDirs) > 0 {
			directories[i] = broker.LogDirs[0]
		}
	}
	return &metadata.PartitionRecord{
		PartitionID: partition,
		TopicID:     topic,
		Replicas:    replicas,
		ISR:         isr,
		Leader:      isr[0],
		Directories: directories,
	}
}
