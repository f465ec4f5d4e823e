package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"

	"odradek/core/env"

	"github.com/twmb/franz-go/pkg/kerr"
)

// errInterrupted ends a command that a signal asked to stop before it was done.
var errInterrupted = errors.New("interrupted")

// errNoAnswer is about a thing that a broker's answer left out.
var errNoAnswer = errors.New("the broker did not say anything about it")

// fault is a failure with what a person can do about it.
type fault struct {
	sentence string
	hint     string
	cause    error
}

func (f *fault) Error() string { return f.sentence }
func (f *fault) Unwrap() error { return f.cause }

// fail makes a fault about a thing: "create topic orders: <what the broker
// said>". It keeps the cause, from which explain takes the hint.
func fail(about string, cause error) error {
	if cause == nil {
		return nil
	}
	return &fault{sentence: about + ": " + said(cause), cause: cause}
}

// refused is fail for an answer that may carry the broker's own words, which say
// more than its error code.
func refused(about string, cause error, message string) error {
	if cause == nil || message == "" {
		return fail(about, cause)
	}
	return &fault{sentence: about + ": " + message, cause: cause}
}

// fileFault is an error of the operating system about a file, as a sentence.
func fileFault(err error) error {
	var about *fs.PathError
	if errors.As(err, &about) {
		return &fault{sentence: about.Path + ": " + about.Err.Error(), cause: err}
	}
	return &fault{sentence: err.Error(), cause: err}
}

// explain is the sentence and, on a second line, the hint for an error.
func explain(err error) string {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		var parts []string
		for _, one := range several.Unwrap() {
			parts = append(parts, explain(one))
		}
		return strings.Join(hintOnce(parts), "\nodradek: ")
	}
	sentence := said(err)
	var f *fault
	if errors.As(err, &f) {
		sentence = f.sentence
		if f.hint != "" {
			return sentence + "\nhint: " + f.hint
		}
	}
	if hint := hintFor(err); hint != "" {
		return sentence + "\nhint: " + hint
	}
	return sentence
}

// hintOnce leaves the same hint to the last of those that have it.
func hintOnce(parts []string) []string {
	seen := map[string]bool{}
	for i := len(parts) - 1; i >= 0; i-- {
		sentence, hint, found := strings.Cut(parts[i], "\nhint: ")
		if found && seen[hint] {
			parts[i] = sentence
		}
		seen[hint] = found || seen[hint]
	}
	return parts
}

// said is what an error says, without the noise around it.
func said(err error) string {
	var f *fault
	var code *kerr.Error
	switch {
	case errors.As(err, &f):
		return f.sentence
	case errors.As(err, &code):
		return fmt.Sprintf("%s (%s)", code.Description, code.Message)
	case errors.Is(err, context.DeadlineExceeded):
		return "the broker did not answer in time"
	}
	return err.Error()
}

// rootCause is the innermost part of a connection error that says something.
func rootCause(err error) string {
	var op *net.OpError
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return "there is no host " + dns.Name
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return "no answer in time"
	case errors.As(err, &op):
		return op.Err.Error()
	}
	return err.Error()
}

// hints say what to do about an error code.
var hints = map[*kerr.Error]string{
	kerr.UnknownTopicOrPartition: "`odradek topics list` shows the topics, " +
		"`odradek topics create NAME` makes one",
	kerr.TopicAlreadyExists: "`odradek topics describe NAME` shows it, " +
		"`odradek topics alter NAME` changes it",
	kerr.InvalidPartitions: "partitions can be added, never taken away; " +
		"a topic has at least one",
	kerr.InvalidReplicationFactor: "`odradek cluster describe` shows how many brokers there are",
	kerr.InvalidTopicException: "a name has 1 to 249 characters out of a-z A-Z 0-9 . _ - " +
		"and is not . or ..",
	kerr.MessageTooLarge: "raise max.message.bytes of the topic, " +
		"with `odradek topics alter NAME --config max.message.bytes=N`, and --batch-bytes here",
	kerr.OffsetOutOfRange: "`odradek offsets TOPIC` shows the first and the last offset",
	kerr.InvalidConfig: "`odradek configs describe topic NAME --all` shows the names " +
		"and values",
	kerr.UnsupportedVersion: "the broker is too old or too new; " +
		"`odradek cluster api-versions`",
	kerr.LeaderNotAvailable:         "the partition has no leader now; try again",
	kerr.NotEnoughReplicas:          "min.insync.replicas is not met; `odradek topics describe NAME`",
	kerr.KafkaStorageError:          "the broker's disk failed or a log is corrupt: see its own log",
	kerr.ClusterAuthorizationFailed: "this client may not do that",
	kerr.TopicAuthorizationFailed:   "this client may not do that",
	kerr.GroupAuthorizationFailed:   "this client may not do that",
	kerr.NonEmptyGroup: "stop the group's members first; " +
		"`odradek groups describe GROUP --members` shows them",
	kerr.GroupSubscribedToTopic: "a member of the group reads the topic now: stop it first; " +
		"`odradek groups describe GROUP --members` shows them",
	kerr.InvalidGroupID: "a group's name must not be empty",
	kerr.GroupMaxSizeReached: "the group has as many members as the broker allows " +
		"(group.max.size)",
	kerr.InconsistentGroupProtocol: "the group's members speak another protocol or divide " +
		"partitions in another way; `odradek groups describe GROUP` shows how",
	kerr.CoordinatorNotAvailable:    "the broker of this group is not ready yet; try again",
	kerr.CoordinatorLoadInProgress:  "the broker reads the group's log after a start; try again",
	kerr.UnsupportedCompressionType: "the broker does not know this --codec",
}

func hintFor(err error) string {
	var away *unreachable
	if errors.As(err, &away) {
		return "`odradek serve` starts one here; --bootstrap HOST:PORT, or $" + bootstrapVariable +
			", names another"
	}
	var code *kerr.Error
	if errors.As(err, &code) {
		return hints[code]
	}
	if errors.Is(err, env.ErrAddressInUse) {
		return "another program listens there, perhaps another broker; --listeners names another address"
	}
	if errors.Is(err, os.ErrPermission) {
		return "the file belongs to another user"
	}
	return ""
}
