package broker

import (
	"testing"

	"odradek/core/kafka"
)

// The partitions are what Java's String.hashCode and Kafka's Utils.abs make of the names.
func TestGroupPartitions(t *testing.T) {
	for name, want := range map[string]kafka.Partition{
		"": 0, "g": 3, "orders": 31, "connect-cluster-1": 25, "größe": 7, "\U0001F600": 49,
		"polygenelubricants": 0, // its hash is the one without an absolute value
	} {
		if got := groupPartition(name, 50); got != want {
			t.Errorf("group %q is kept in partition %d, want %d", name, got, want)
		}
	}
}
