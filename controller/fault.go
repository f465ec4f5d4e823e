package controller

import (
	"fmt"
	"strings"

	"odradek/core/kafka"
)

// fault is a client's mistake: the code and the sentence it is answered with.
type fault struct {
	code kafka.ErrorCode
	// message is nil where Kafka's answer has none.
	message *string
}

// messageBytesMax bounds a message, which may repeat what the client sent: in
// old versions of a response a string's length has 16 bits.
const messageBytesMax = 8 << 10

func faultf(code kafka.ErrorCode, format string, arguments ...any) *fault {
	message := fmt.Sprintf(format, arguments...)
	if len(message) > messageBytesMax {
		message = strings.ToValidUTF8(message[:messageBytesMax], "") + "..."
	}
	return &fault{code, &message}
}

// plainFault has the code's own sentence for a message.
func plainFault(code kafka.ErrorCode) *fault { return faultf(code, "%s", sentence(code)) }

// answer returns what goes into a response: NONE and no message without fault.
func (f *fault) answer() (code int16, message *string) {
	if f == nil {
		return int16(kafka.None), nil
	}
	return int16(f.code), f.message
}

// sentence is what Kafka says of a code when there is no more to say. Source:
// Kafka, Errors; only those codes that this package answers so.
func sentence(code kafka.ErrorCode) string {
	switch code {
	case kafka.ErrUnknownTopicOrPartition:
		return "This server does not host this topic-partition."
	case kafka.ErrInvalidRequest:
		return "This most likely occurs because of a request being malformed by the client " +
			"library or the message was sent to an incompatible broker. See the broker logs for " +
			"more details."
	case kafka.ErrUnknownTopicID:
		return "This server does not host this topic ID."
	}
	return code.String()
}
