package consumer

import (
	"errors"
	"math"
	"regexp"
	"regexp/syntax"

	"odradek/core/kafka"
)

// Limits of regular expressions, which clients make and the broker has to run.
const (
	// regexBytesMax is the longest that is taken. It is in the log with every member and
	// every resolution.
	regexBytesMax = 4096
	// regexSizeMax bounds the program that one is compiled to, in instructions: repetitions
	// of repetitions multiply, and a few bytes could ask for gigabytes. 10,000 take a few
	// hundred kilobytes and, in the worst case, some milliseconds for one topic name.
	regexSizeMax = 10_000
)

// compileRegex reads a regular expression in RE2's syntax, which matches in linear time.
// It matches whole names.
func compileRegex(text string) (*regexp.Regexp, *fault) {
	invalid := func(why string) (*regexp.Regexp, *fault) {
		return nil, refuse(kafka.ErrInvalidRegularExpression,
			"SubscribedTopicRegex `%s` is not a valid regular expression: %s.", shorten(text), why)
	}
	if len(text) > regexBytesMax {
		return invalid("it is too long")
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		var reason *syntax.Error
		if errors.As(err, &reason) {
			return invalid(reason.Code.String())
		}
		return invalid(err.Error())
	}
	if regexSize(tree) > regexSizeMax {
		return invalid("it is too large")
	}
	// The text alone is valid, so the brackets around it are balanced.
	whole, err := regexp.Compile(`\A(?:` + text + `)\z`)
	if err != nil {
		return invalid(err.Error())
	}
	return whole, nil
}

// shorten cuts a text that is to be told, so that an error is not larger than the limit
// it is about.
func shorten(text string) string {
	const shown = 200
	if len(text) <= shown {
		return text
	}
	return text[:shown] + "..."
}

// regexSize is about how many instructions a regular expression is compiled to, at most
// math.MaxInt32.
func regexSize(tree *syntax.Regexp) int {
	size := 1 + len(tree.Rune)
	for _, sub := range tree.Sub {
		size += regexSize(sub)
	}
	if tree.Op == syntax.OpRepeat {
		size *= max(tree.Min, tree.Max, 1) + 1
	}
	return min(size, math.MaxInt32)
}

// regexChange is what a heartbeat does to the group's regular expressions.
type regexChange int8

const (
	// regexSame: the member has the one it had, or none.
	regexSame regexChange = iota
	// regexChanged: it has another one, which is not resolved yet. The group epoch rises
	// when it is.
	regexChanged
	// regexResolved: it has another one that is resolved, or none any more.
	regexResolved
)
