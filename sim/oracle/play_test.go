package oracle_test

import (
	"fmt"
	"slices"
	"testing"

	scripts "odradek/jepsen/oracle"
	"odradek/sim/oracle"
)

// The broker answers every request of every script as Kafka did, but for what
// differences.txt lists, and everything listed there shows: also when partitions
// and connections are spread over shards. A fetch session belongs to the shard of
// its connection, so the script that uses one on two connections needs one shard.
func TestAnswersAreKafkas(t *testing.T) {
	for _, shards := range []int{1, 3} {
		t.Run(fmt.Sprintf("shards=%d", shards), func(t *testing.T) {
			comparison, err := scripts.NewComparison()
			if err != nil {
				t.Fatal(err)
			}
			names := slices.DeleteFunc(scripts.Names(), func(name string) bool {
				return name == "sessions" && shards > 1
			})
			err = oracle.Play(uint64(shards), shards, names,
				func(name, transcript string) error {
					differences, err := comparison.Add(name, transcript)
					for _, d := range differences {
						t.Errorf("Kafka (-) and this broker (+): %s", d)
					}
					return err
				})
			if err != nil {
				t.Fatal(err)
			}
			for _, entry := range comparison.Stale() {
				t.Errorf("listed, but not seen: %s", entry)
			}
		})
	}
}
