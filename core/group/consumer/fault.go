package consumer

import (
	"fmt"

	"odradek/core/kafka"
)

// fault is why a request is refused: the code, and a sentence for the client's log. A nil
// fault is none.
type fault struct {
	code    kafka.ErrorCode
	message string
}

func refuse(code kafka.ErrorCode, format string, arguments ...any) *fault {
	return &fault{code, fmt.Sprintf(format, arguments...)}
}
