package metadatahash

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"odradek/core/kafka"
)

func TestHashIsKafkas(t *testing.T) {
	text, err := os.ReadFile("testdata/xxh3.txt")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for line := range strings.Lines(string(text)) {
		var size int
		var want int64
		if n, _ := fmt.Sscan(line, &size, &want); n != 2 {
			continue
		}
		b := make([]byte, size)
		for i := range b {
			b[i] = byte(7*i + 3)
		}
		if got := int64(sum64(b)); got != want {
			t.Errorf("%d bytes: %d, want %d", size, got, want)
		}
		checked++
	}
	if checked < 35 {
		t.Fatalf("only %d sizes were checked", checked)
	}
}

// The numbers are what Kafka 4.3's Utils.computeTopicHash and computeGroupHash gave for
// an image with these topics, and three brokers of which the third has no rack.
func TestTopicsAndGroups(t *testing.T) {
	orders := Topic(
		kafka.TopicID{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
			0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10},
		"orders", 3, func(kafka.Partition) []string { return []string{"rack-b", "rack-a"} })
	if orders != 917249264345924439 {
		t.Errorf("a topic with racks: %d", orders)
	}
	other := Topic(kafka.TopicID{7: 7, 15: 9}, "a-topic.with_a-long-name", 1,
		func(kafka.Partition) []string { return nil })
	if other != -2748755702048159180 {
		t.Errorf("a topic without racks: %d", other)
	}
	if got := Group([]int64{other, orders}); got != -7717804504912565663 {
		t.Errorf("a group: %d", got)
	}
	if got := Group(nil); got != 0 {
		t.Errorf("a group without topics: %d", got)
	}
}
