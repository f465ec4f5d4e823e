package campaign

import (
	"odradek/core/kafka"
	"odradek/jepsen/check"
	"odradek/sim/client"
)

// recorder writes the history of a run: everything that clients asked and were
// told, in the one order in which the world had it happen.
type recorder struct {
	events     check.Event
	operations int
	// kept are the partitions whose records stay until somebody deletes them,
	// retained those of topics with retention.
	kept, retained check.History
	// thinned and passing are those of compacted topics, without retention and with it.
	thinned, passing check.History
	produces         []*produced
}

// produced is a Produce in the making, and the topic it belongs to.
type produced struct {
	check.Produce
	topic *topic
}

// stamp numbers calls and answers.
func (r *recorder) stamp() int64 {
	r.events++
	return int64(r.events)
}

// operation begins an operation of a process: its outcome is unknown until
// somebody knows it.
func (r *recorder) operation(process int, called int64) check.Operation {
	r.operations++
	return check.Operation{ID: r.operations, Process: process, Call: check.Event(called),
		Return: check.Never}
}

// done is an operation that was answered.
func (r *recorder) done(process int, call *client.Call) check.Operation {
	o := r.operation(process, call.Called)
	o.Return, o.Outcome = check.Event(call.Returned), check.OK
	return o
}

// of is the history that a topic's partitions belong to.
func (r *recorder) of(t *topic) *check.History {
	switch {
	case t.compacted && t.retention:
		return &r.passing
	case t.compacted:
		return &r.thinned
	case t.retention:
		return &r.retained
	}
	return &r.kept
}

// produce begins the history of a batch.
func (r *recorder) produce(process int, called int64, t *topic, partition int32,
	contents []client.Content) *produced {
	p := &produced{topic: t, Produce: check.Produce{
		Operation: r.operation(process, called),
		Partition: t.partition(partition), Records: hashes(contents),
		Acks: check.AcksAll, Base: kafka.NoOffset, ProducerID: kafka.NoProducerID,
	}}
	if t.compacted {
		for i := range contents {
			p.Keys = append(p.Keys, check.HashOf(contents[i].Key))
			p.Tombstones = append(p.Tombstones, contents[i].Value == nil)
		}
	}
	r.produces = append(r.produces, p)
	return p
}

func hashes(contents []client.Content) []check.Hash {
	all := make([]check.Hash, len(contents))
	for i := range contents {
		all[i] = hashOf(&contents[i])
	}
	return all
}

// hashOf stands for everything of a record that the broker must not change.
func hashOf(c *client.Content) check.Hash {
	parts := append(make([][]byte, 0, 8), c.Key, c.Value)
	for _, h := range c.Headers {
		parts = append(parts, []byte(h.Key), h.Value)
	}
	return check.HashOf(parts...)
}

func records(all []client.Read) []check.Record {
	list := make([]check.Record, len(all))
	for i := range all {
		list[i] = check.Record{Offset: all[i].Offset, Hash: hashOf(&all[i].Content)}
	}
	return list
}

// judge holds all histories against every check. tombstonesStay is what the compacted
// topics promise.
func (r *recorder) judge(
	l *ledger, search check.Search, tombstonesStay bool,
) (check.Verdict, check.Searched) {
	for _, p := range r.produces {
		if p.Sends == 0 {
			continue // it never left
		}
		h := r.of(p.topic)
		h.Produces = append(h.Produces, p.Produce)
	}
	r.retained.Rules.Retention = true
	r.thinned.Rules = check.Rules{Compacted: true, TombstonesStay: tombstonesStay}
	r.passing.Rules = r.thinned.Rules
	r.passing.Rules.Retention = true
	names := map[kafka.TopicID]string{}
	for _, t := range l.topics {
		if !t.id.IsZero() {
			names[t.id] = t.name
		}
	}
	var whole check.Verdict
	var searched check.Searched
	for _, h := range []*check.History{&r.kept, &r.retained, &r.thinned, &r.passing} {
		h.Names = names
		one, more := check.RunSearched(h, search)
		whole.Add(one)
		searched.Add(more)
	}
	return whole, searched
}
