package broker

import (
	"odradek/broker/fetchsession"
	"odradek/core/kafka"
	"odradek/core/wire"
)

// openSession lists the fetch's partitions: those of the request, or, in an
// incremental fetch, those that the session remembers. Source: KIP-227.
func (f *fetch) openSession() kafka.ErrorCode {
	r := &f.request
	cache := f.shard.fetchSessions
	now := f.shard.world.Loop.Now()
	topicIDs := f.held.header.Version >= 13
	if r.SessionEpoch == fetchsession.InitialEpoch || r.SessionEpoch == fetchsession.FinalEpoch {
		if r.SessionID != 0 {
			cache.Remove(r.SessionID)
		}
		if r.SessionEpoch == fetchsession.InitialEpoch {
			f.session = cache.Create(now, topicIDs, r.Entries(), f.shard.sessionIDs.Uint64)
		}
		f.listRequest()
		return kafka.None
	}
	session, code := cache.Find(now, r.SessionID, r.SessionEpoch, topicIDs)
	if code != kafka.None {
		return code
	}
	f.session, f.incremental = session, true
	f.updateSession()
	if session.Len() == 0 {
		cache.Remove(session.ID())
		f.session = nil
		return kafka.None
	}
	for p := session.First(); p != nil; p = p.Next() {
		f.listMember(p)
	}
	return kafka.None
}

// updateSession takes in what the request changes of its session.
func (f *fetch) updateSession() {
	cache := f.shard.fetchSessions
	f.eachWanted(func(key fetchsession.Key, wanted fetchsession.Wanted) {
		cache.Want(f.session, key, wanted)
	})
	for i := range f.request.Forgotten {
		topic := &f.request.Forgotten[i]
		for _, partition := range topic.Partitions {
			cache.Forget(f.session, fetchsession.Key{
				Topic: topic.TopicID, Name: string(topic.Name), Partition: partition})
		}
	}
}

// listRequest lists the partitions of a full fetch, and gives them to its new
// session.
func (f *fetch) listRequest() {
	if f.session != nil {
		cache := f.shard.fetchSessions
		f.eachWanted(func(key fetchsession.Key, wanted fetchsession.Wanted) {
			cache.Want(f.session, key, wanted)
		})
		for p := f.session.First(); p != nil; p = p.Next() {
			f.listMember(p)
		}
		return
	}
	for i := range f.request.Topics {
		topic := &f.request.Topics[i]
		for j := range topic.Partitions {
			name := fetchName{topic: topic.Name, id: topic.TopicID,
				partition: topic.Partitions[j].Partition}
			if !f.replaceListed(name, wantedOf(&topic.Partitions[j])) {
				f.list(name, wantedOf(&topic.Partitions[j]))
			}
		}
	}
}

// repeatsLookedForMax is up to how many partitions a request is searched for
// ones that it names twice. In a larger one they are served twice, which harms
// nobody.
const repeatsLookedForMax = 32

// replaceListed gives a partition that the request has named before what it
// asks now, as Kafka does.
func (f *fetch) replaceListed(name fetchName, wanted fetchsession.Wanted) bool {
	if len(f.names) > repeatsLookedForMax {
		return false
	}
	for i := range f.names {
		known := &f.names[i]
		if known.partition == name.partition && known.id == name.id &&
			string(known.topic) == string(name.topic) {
			f.entries[i].offset, f.entries[i].bytesMax = wanted.Offset, int(wanted.BytesMax)
			f.entries[i].currentLeaderEpoch = wanted.CurrentLeaderEpoch
			f.entries[i].lastFetchedEpoch = wanted.LastFetchedEpoch
			return true
		}
	}
	return false
}

func (f *fetch) eachWanted(use func(fetchsession.Key, fetchsession.Wanted)) {
	for i := range f.request.Topics {
		topic := &f.request.Topics[i]
		for j := range topic.Partitions {
			use(fetchsession.Key{Topic: topic.TopicID, Name: string(topic.Name),
				Partition: topic.Partitions[j].Partition}, wantedOf(&topic.Partitions[j]))
		}
	}
}

func wantedOf(p *wire.FetchPartition) fetchsession.Wanted {
	return fetchsession.Wanted{
		Offset:             p.FetchOffset,
		CurrentLeaderEpoch: p.CurrentLeaderEpoch,
		LastFetchedEpoch:   p.LastFetchedEpoch,
		LogStartOffset:     p.LogStartOffset,
		BytesMax:           p.MaxBytes,
	}
}

func (f *fetch) listMember(p *fetchsession.Partition) {
	f.list(fetchName{topic: []byte(p.Name), id: p.Topic, partition: p.Partition, member: p}, p.Wanted)
}

func (f *fetch) list(name fetchName, wanted fetchsession.Wanted) {
	f.names = append(f.names, name)
	f.entries = append(f.entries, fetchEntry{
		offset:             wanted.Offset,
		currentLeaderEpoch: wanted.CurrentLeaderEpoch,
		lastFetchedEpoch:   wanted.LastFetchedEpoch,
		bytesMax:           int(wanted.BytesMax),
	})
}
