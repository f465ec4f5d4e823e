package broker

import (
	"odradek/core/kafka"
	"odradek/core/wire"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// clientNameBytesMax bounds what a client may call itself; the rule itself is
// KIP-511's.
const clientNameBytesMax = 255

// ApiVersions (key 18) tells which APIs are served in which versions, and at
// which levels features are finalized: the first request of every client.
//
// An unknown version of it is answered in version 0 with UNSUPPORTED_VERSION
// and the range of ApiVersions itself.
//
// Versions: 3 the client says what it is (KIP-511), features (KIP-584); 4
// features from level 0 (KIP-1022); 5 the client says which cluster and node it
// thinks it has reached (KIP-1242).
func (s *Shard) apiVersions(q *request, body *kmsg.ApiVersionsRequest) kmsg.Response {
	response := kmsg.NewPtrApiVersionsResponse()
	if body.Version >= 3 {
		if !isClientName(body.ClientSoftwareName) || !isClientName(body.ClientSoftwareVersion) {
			response.ErrorCode = int16(kafka.ErrInvalidRequest)
			response.FinalizedFeaturesEpoch = -1
			return response
		}
		q.session.softwareName = body.ClientSoftwareName
		q.session.softwareVersion = body.ClientSoftwareVersion
	}
	if body.Version >= 5 && body.ClusterID != nil &&
		(*body.ClusterID != s.identity.clusterID || body.NodeID != int32(s.node.NodeID)) {
		response.ErrorCode = int16(kafka.ErrRebootstrapRequired)
		return response
	}
	response.ApiKeys = servedKeys()
	s.addFeatures(response)
	return response
}

func servedKeys() []kmsg.ApiVersionsResponseApiKey {
	var keys []kmsg.ApiVersionsResponseApiKey
	for _, api := range wire.Table() {
		keys = append(keys, kmsg.ApiVersionsResponseApiKey{
			ApiKey: api.Key, MinVersion: api.Min, MaxVersion: api.Max})
	}
	return keys
}

func (s *Shard) addFeatures(response *kmsg.ApiVersionsResponse) {
	response.FinalizedFeaturesEpoch = int64(s.image.Provenance().LastOffset)
	if broker := s.image.Broker(s.node.NodeID); broker != nil {
		for _, f := range broker.Features {
			response.SupportedFeatures = append(response.SupportedFeatures,
				kmsg.ApiVersionsResponseSupportedFeature{Name: f.Name,
					MinVersion: f.Min, MaxVersion: f.Max})
		}
	}
	for name, level := range s.image.Features() {
		response.FinalizedFeatures = append(response.FinalizedFeatures,
			kmsg.ApiVersionsResponseFinalizedFeature{Name: name,
				MinVersionLevel: level, MaxVersionLevel: level})
	}
}

// unsupportedAPIVersions answers an ApiVersions request of a version that is
// not served, in version 0: the client then asks again with one that is.
func unsupportedAPIVersions() kmsg.ApiVersionsResponse {
	response := kmsg.NewApiVersionsResponse()
	response.ErrorCode = int16(kafka.ErrUnsupportedVersion)
	api, _ := wire.Lookup(wire.KeyAPIVersions)
	response.ApiKeys = []kmsg.ApiVersionsResponseApiKey{
		{ApiKey: api.Key, MinVersion: api.Min, MaxVersion: api.Max}}
	return response
}

// isClientName is KIP-511's rule: letters, digits, dots and dashes, beginning
// and ending with a letter or digit.
func isClientName(name string) bool {
	if name == "" || len(name) > clientNameBytesMax {
		return false
	}
	for i := range len(name) {
		c := name[i]
		word := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		inner := (c == '.' || c == '-') && i > 0 && i < len(name)-1
		if !word && !inner {
			return false
		}
	}
	return true
}
