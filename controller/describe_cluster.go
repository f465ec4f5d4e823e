package controller

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/core/kafka"
)

// Authorized operations, as bits, of one who may do everything: there is no
// authorizer. Source: KIP-430, Kafka's AclEntry.supportedOperations.
const (
	// ClusterOperations: create, alter, describe, cluster action, describe and
	// alter configs, idempotent write.
	ClusterOperations = 1<<5 | 1<<7 | 1<<8 | 1<<9 | 1<<10 | 1<<11 | 1<<12
	// TopicOperations: read, write, create, delete, alter, describe, describe and
	// alter configs.
	TopicOperations = 1<<3 | 1<<4 | 1<<5 | 1<<6 | 1<<7 | 1<<8 | 1<<10 | 1<<11
)

// Kinds of endpoints that DescribeCluster may ask for (KIP-919).
const (
	brokerEndpoints     = 1
	controllerEndpoints = 2
)

// DescribeCluster answers a DescribeCluster request, versions 0 to 2, with the
// addresses that belong to the listener by which it came. A broker that has no
// such listener is left out.
//
//   - v1: the kind of endpoints that is wanted. Only brokers have any here:
//     MISMATCHED_ENDPOINT_TYPE or UNSUPPORTED_ENDPOINT_TYPE for the others.
//   - v2: fenced brokers are among them on request (KIP-1073).
func DescribeCluster(v View, request *kmsg.DescribeClusterRequest,
	listener string) *kmsg.DescribeClusterResponse {
	response := request.ResponseKind().(*kmsg.DescribeClusterResponse)
	if problem := checkEndpointType(request.EndpointType); problem != nil {
		response.ErrorCode, response.ErrorMessage = problem.answer()
		return response
	}
	response.EndpointType = brokerEndpoints
	response.ClusterID = v.ClusterID
	// This node has the controller; what it is asked to do, it does itself.
	response.ControllerID = int32(v.NodeID)
	if request.IncludeClusterAuthorizedOperations {
		response.ClusterAuthorizedOperations = ClusterOperations
	}
	for broker := range v.Image.Brokers() {
		endpoint, ok := broker.Endpoint(listener)
		if !ok || broker.Fenced && !request.IncludeFencedBrokers {
			continue
		}
		entry := kmsg.NewDescribeClusterResponseBroker()
		entry.NodeID = int32(broker.ID)
		entry.Host, entry.Port = endpoint.Host, int32(endpoint.Port)
		entry.Rack, entry.IsFenced = broker.Rack, broker.Fenced
		response.Brokers = append(response.Brokers, entry)
	}
	return response
}

func checkEndpointType(kind int8) *fault {
	switch kind {
	case brokerEndpoints:
		return nil
	case controllerEndpoints:
		return faultf(kafka.ErrMismatchedEndpointType, "The request was sent to an endpoint of type"+
			" BROKER, but we wanted an endpoint of type CONTROLLER")
	}
	return faultf(kafka.ErrUnsupportedEndpointType, "Unsupported endpoint type %d", kind)
}
