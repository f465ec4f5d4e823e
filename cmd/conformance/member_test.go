package main

import (
	"strings"
	"testing"

	"odradek/cmd/conformance/history"
)

// TestTranslate: what each client prints, as it printed it, becomes events. Clocks of
// those that print none are cut off.
func TestTranslate(t *testing.T) {
	for name, c := range map[string]struct {
		translate func(line, topic string) []history.Event
		line      string
		want      string
	}{
		"own":   {ownLine, "17 consumed 3 9 record 5", "17 consumed 3 9 record 5"},
		"noise": {ownLine, "Heartbeat poll expired, leaving group", ""},
		"kcat record": {withoutClock(kcatLine), "consumed 3 9 record 5",
			"0 consumed 3 9 record 5"},
		"kcat assigned": {withoutClock(kcatLine),
			"% Group g rebalanced (memberid rdkafka-1): assigned: t [0], t [11]",
			"0 assigned 0, 0 assigned 11"},
		"kcat revoked": {withoutClock(kcatLine),
			"% Group g rebalanced (memberid rdkafka-1): revoked: t [7]", "0 revoked 7"},
		"kcat end": {withoutClock(kcatLine), "% Reached end of topic t [9] at offset 291", ""},
		"verifiable assigned": {verifiableLine, `{"timestamp":17,"name":"partitions_assigned",` +
			`"partitions":[{"topic":"t","partition":4},{"topic":"other","partition":5},` +
			`{"topic":"t","partition":6}]}`, "17 assigned 4, 17 assigned 6"},
		"verifiable revoked": {verifiableLine, `{"timestamp":17,"name":"partitions_revoked",` +
			`"partitions":[{"topic":"t","partition":4}]}`, "17 revoked 4"},
		"verifiable record": {verifiableLine, `{"timestamp":17,"name":"record_data","key":null,` +
			`"value":"record 5","topic":"t","partition":4,"offset":9}`, "17 consumed 4 9 record 5"},
		"verifiable commit": {verifiableLine, `{"timestamp":17,"name":"offsets_committed","offsets":` +
			`[{"topic":"t","partition":4,"offset":10}],"success":true}`, "17 committed 4 10"},
		"verifiable refusal": {verifiableLine, `{"timestamp":17,"name":"offsets_committed",` +
			`"offsets":[{"topic":"t","partition":4,"offset":10}],"error":"no","success":false}`, ""},
		"verifiable summary": {verifiableLine, `{"timestamp":17,"name":"records_consumed","count":1,` +
			`"partitions":[{"topic":"t","partition":4,"count":1,"minOffset":9,"maxOffset":9}]}`, ""},
		"console": {withoutClock(consoleLine), "Partition:3\tOffset:9\trecord 5",
			"0 consumed 3 9 record 5"},
		"console noise": {withoutClock(consoleLine), "Processed a total of 370 messages", ""},
	} {
		var got []string
		for _, e := range c.translate(c.line, "t") {
			got = append(got, e.String())
		}
		if text := strings.Join(got, ", "); text != c.want {
			t.Errorf("%s: %q became %q, want %q", name, c.line, text, c.want)
		}
	}
}

func withoutClock(
	translate func(line, topic string) []history.Event,
) func(line, topic string) []history.Event {
	return func(line, topic string) []history.Event {
		all := translate(line, topic)
		for i := range all {
			all[i].At = 0
		}
		return all
	}
}
