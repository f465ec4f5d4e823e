package classic

import (
	"encoding/binary"
	"slices"

	"odradek/core/assert"
	"odradek/core/group/record"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// protocolsOf copies what a JoinGroup supports: its bytes are the connection's.
func protocolsOf(q *kmsg.JoinGroupRequest) []record.ClassicProtocol {
	protocols := make([]record.ClassicProtocol, 0, len(q.Protocols))
	for _, p := range q.Protocols {
		protocols = append(protocols, record.ClassicProtocol{Name: p.Name,
			Metadata: slices.Clone(p.Metadata)})
	}
	return protocols
}

// distinct leaves out protocols whose name has come before: a member supports each once.
func distinct(protocols []record.ClassicProtocol) []record.ClassicProtocol {
	seen := make(map[string]bool, len(protocols))
	var left []record.ClassicProtocol
	for _, p := range protocols {
		if !seen[p.Name] {
			seen[p.Name] = true
			left = append(left, p)
		}
	}
	return left
}

// supports reports whether a member of a protocol type, which supports these protocols,
// can be in the group: one of them is supported by all. To an empty group any can come
// that names a type and a protocol. Source: KIP-559.
func (g *Group) supports(protocolType string, protocols []kmsg.JoinGroupRequestProtocol) bool {
	if g.state == Empty {
		return protocolType != "" && len(protocols) > 0
	}
	if protocolType != g.protocolType {
		return false
	}
	return slices.ContainsFunc(protocols, func(p kmsg.JoinGroupRequestProtocol) bool {
		return g.supported[p.Name] == len(g.members)
	})
}

// selectProtocol lets every member vote for the one it likes best of those that all
// support, and returns the one with the most votes, of several the one that was voted
// for first.
func (g *Group) selectProtocol() string {
	assert.That(len(g.members) > 0, "a protocol is chosen by members")
	votes := map[string]int{}
	var candidates []string
	for _, m := range g.members {
		i := slices.IndexFunc(m.protocols, func(p record.ClassicProtocol) bool {
			return g.supported[p.Name] == len(g.members)
		})
		assert.That(i >= 0, "one protocol is supported by all members")
		name := m.protocols[i].Name
		if votes[name]++; votes[name] == 1 {
			candidates = append(candidates, name)
		}
	}
	best := candidates[0]
	for _, name := range candidates {
		if votes[name] > votes[best] {
			best = name
		}
	}
	return best
}

// subscribe finds out which topics the group is subscribed to, after its members or its
// protocol have changed.
func (g *Group) subscribe() {
	g.subscribed, g.subscribedKnown = nil, false
	if g.protocolType != ProtocolType {
		return
	}
	if len(g.members) == 0 {
		g.subscribedKnown = true
		return
	}
	if g.protocol == nil {
		return
	}
	seen := map[string]bool{}
	for _, m := range g.members {
		topics, ok := subscriptionTopics(m.metadata(*g.protocol))
		if !ok {
			g.subscribed = nil
			return
		}
		for _, topic := range topics {
			if !seen[topic] {
				seen[topic] = true
				g.subscribed = append(g.subscribed, topic)
			}
		}
	}
	slices.Sort(g.subscribed)
	g.subscribedKnown = true
}

// subscriptionTopics reads the topics of a consumer's subscription, and nothing behind
// them: every version begins like version 0.
//
//	+---------+-------+--------+-----+
//	| version | count | length | ... |
//	|  int16  | int32 |  int16 |     |
//	+---------+-------+--------+-----+
func subscriptionTopics(raw []byte) (topics []string, ok bool) {
	if len(raw) < 6 {
		return nil, false
	}
	count := int(int32(binary.BigEndian.Uint32(raw[2:])))
	raw = raw[6:]
	if count < 0 || count > len(raw)/2 {
		return nil, false
	}
	for range count {
		if len(raw) < 2 {
			return nil, false
		}
		length := int(int16(binary.BigEndian.Uint16(raw)))
		raw = raw[2:]
		if length < 0 || length > len(raw) {
			return nil, false
		}
		topics = append(topics, string(raw[:length]))
		raw = raw[length:]
	}
	return topics, true
}
