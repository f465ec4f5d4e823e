package broker

import (
	"odradek/core/kafka"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// ListPartitionReassignments (key 46) lists partitions that are on the move:
// with one broker there are none. Topics that don't exist are passed over in
// silence, as Kafka does. Source: KIP-455.
func (s *Shard) listPartitionReassignments(*kmsg.ListPartitionReassignmentsRequest) kmsg.Response {
	response := kmsg.NewPtrListPartitionReassignmentsResponse()
	response.ErrorCode = int16(kafka.None)
	return response
}
