package kafka_test

import (
	"testing"

	"odradek/core/kafka"

	"pgregory.net/rapid"
)

func TestSequenceWrapsAsKafkasDoes(t *testing.T) {
	for _, c := range []struct {
		from  kafka.Sequence
		count int32
		want  kafka.Sequence
	}{{0, 1, 1}, {2147483647, 1, 0}, {2147483646, 5, 3}, {7, 0, 7}} {
		if got := c.from.Plus(c.count); got != c.want {
			t.Errorf("%d plus %d = %d, want %d", c.from, c.count, got, c.want)
		}
	}
}

func TestTopicIDTextRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var id kafka.TopicID
		copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		back, err := kafka.ParseTopicID(id.String())
		if err != nil || back != id {
			t.Fatalf("%v became %v, %v", id, back, err)
		}
	})
	for _, bad := range []string{"", "AAAA", "not base64 at all!!!!!", "AAAAAAAAAAAAAAAAAAAAAA=="} {
		if _, err := kafka.ParseTopicID(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestErrorCodesHaveKafkasNames(t *testing.T) {
	for code, want := range map[kafka.ErrorCode]string{
		kafka.None:                        "NONE",
		kafka.ErrUnknownServerError:       "UNKNOWN_SERVER_ERROR",
		kafka.ErrNotLeaderOrFollower:      "NOT_LEADER_OR_FOLLOWER",
		kafka.ErrOutOfOrderSequenceNumber: "OUT_OF_ORDER_SEQUENCE_NUMBER",
		kafka.ErrUnknownTopicID:           "UNKNOWN_TOPIC_ID",
		-2:                                "ERROR_-2",
		30000:                             "ERROR_30000",
	} {
		if code.String() != want {
			t.Errorf("%d is %s, want %s", int16(code), code, want)
		}
	}
}
