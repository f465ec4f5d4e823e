package wire

import "odradek/core/kafka"

// CurrentLeader tells a client that came to the wrong broker who leads the
// partition, so that it need not ask for metadata first. Source: KIP-951.
type CurrentLeader struct {
	// LeaderID is kafka.NoBroker when there is nothing to tell.
	LeaderID kafka.BrokerID
	// LeaderEpoch is the leader's epoch.
	LeaderEpoch kafka.LeaderEpoch
}

// noLeader is the hint that is not sent.
func noLeader() CurrentLeader { return CurrentLeader{kafka.NoBroker, kafka.NoLeaderEpoch} }

// currentLeaderBytes is the size of the tagged struct, with its own empty tags.
const currentLeaderBytes = 4 + 4 + 1

// appendTo appends the hint as a tagged field.
//
//	tag:uvarint size:uvarint leader_id:int32 leader_epoch:int32 tags
func (c CurrentLeader) appendTo(dst []byte, tag byte) []byte {
	dst = append(dst, tag, currentLeaderBytes)
	dst = appendInt32(dst, int32(c.LeaderID))
	dst = appendInt32(dst, int32(c.LeaderEpoch))
	return append(dst, 0)
}

// NodeEndpoint says where the broker of a CurrentLeader listens.
type NodeEndpoint struct {
	NodeID kafka.BrokerID
	Host   string
	Port   int32
	// Rack is empty for a broker without one.
	Rack string
}

// appendEndpointTags appends the tags that end a Produce or Fetch response: the
// endpoints, if there are any and the version knows them.
//
//	count:uvarint [ 0:uvarint size:uvarint array of
//	                (node_id:int32 host:text port:int32 rack:nullable text tags) ]
func appendEndpointTags(dst []byte, known bool, endpoints []NodeEndpoint) []byte {
	if !known || len(endpoints) == 0 {
		return append(dst, 0)
	}
	size := uvarintBytes(uint32(len(endpoints) + 1))
	for i := range endpoints {
		size += endpoints[i].bytes()
	}
	dst = append(dst, 1, 0)
	dst = appendUvarint(dst, uint32(size))
	dst = appendLength(dst, true, len(endpoints))
	for i := range endpoints {
		e := &endpoints[i]
		dst = appendInt32(dst, int32(e.NodeID))
		dst = appendText(dst, true, e.Host)
		dst = appendInt32(dst, e.Port)
		dst = appendTextOrNull(dst, true, e.Rack)
		dst = append(dst, 0)
	}
	return dst
}

// bytes is the endpoint's size on the wire.
func (e *NodeEndpoint) bytes() int {
	rack := 1
	if e.Rack != "" {
		rack = uvarintBytes(uint32(len(e.Rack)+1)) + len(e.Rack)
	}
	return 4 + uvarintBytes(uint32(len(e.Host)+1)) + len(e.Host) + 4 + rack + 1
}

// uvarintBytes is how many bytes appendUvarint takes.
func uvarintBytes(value uint32) int {
	bytes := 1
	for ; value >= 0x80; value >>= 7 {
		bytes++
	}
	return bytes
}
