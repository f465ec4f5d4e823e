package controller

import (
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/controller/metadata"
	"odradek/core/kafka"
)

// ListConfigResources answers a ListConfigResources request, versions 0 to 1:
// the resources that can be configured, by type, then name. Version 0 lists
// client metrics, of which there are none; from version 1 on the request says
// which types it wants, all when it lists none. A type that does not exist is
// UNSUPPORTED_VERSION. Groups are those that have settings, whether they exist or
// not. Loggers are none here. Source: KIP-1000, KIP-1142.
func ListConfigResources(v View,
	request *kmsg.ListConfigResourcesRequest) *kmsg.ListConfigResourcesResponse {
	response := request.ResponseKind().(*kmsg.ListConfigResourcesResponse)
	if request.Version == 0 {
		return response
	}
	for _, kind := range request.ResourceTypes {
		if !isResourceType(metadata.ResourceType(kind)) {
			response.ErrorCode = int16(kafka.ErrUnsupportedVersion)
			return response
		}
	}
	add := func(kind metadata.ResourceType, name string) {
		resource := kmsg.NewListConfigResourcesResponseConfigResource()
		resource.Type, resource.Name = int8(kind), name
		response.ConfigResources = append(response.ConfigResources, resource)
	}
	wanted := func(kind metadata.ResourceType) bool {
		return len(request.ResourceTypes) == 0 ||
			slices.Contains(request.ResourceTypes, int8(kind))
	}
	if wanted(metadata.TopicResource) {
		for topic := range v.Image.Topics() {
			add(metadata.TopicResource, topic.Name)
		}
	}
	if wanted(metadata.BrokerResource) {
		for broker := range v.Image.Brokers() {
			add(metadata.BrokerResource, strconv.Itoa(int(broker.ID)))
		}
	}
	if wanted(metadata.GroupResource) {
		v.configuredGroups(func(name string) { add(metadata.GroupResource, name) })
	}
	return response
}
