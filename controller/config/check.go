package config

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// check is what a value must be beyond its type. The zero value allows all. It
// is data, so that the reference pages can print it.
type check struct {
	kind checkKind
	limits
	// allowed are the texts that a string, or an item of a list, may be.
	allowed []string
	// or is a number that is allowed beside low to high.
	or int64
}

// limits bound a number. Both are inclusive.
type limits struct{ low, high int64 }

type checkKind int8

const (
	anything checkKind = iota
	atLeast
	between
	betweenOr
	oneOf
	oneOfAnyCase
	itemsOneOf
	itemsOneOfNotEmpty
	throttledReplicas
	notEmpty
)

func least(low int64) check { return check{kind: atLeast, limits: limits{low: low}} }

func within(l limits) check { return check{kind: between, limits: l} }

func withinOr(l limits, or int64) check { return check{kind: betweenOr, limits: l, or: or} }

func either(allowed ...string) check { return check{kind: oneOf, allowed: allowed} }

// eitherAnyCase takes the texts in small and capital letters.
func eitherAnyCase(allowed ...string) check { return check{kind: oneOfAnyCase, allowed: allowed} }

func listOf(allowed ...string) check { return check{kind: itemsOneOf, allowed: allowed} }

func someOf(allowed ...string) check { return check{kind: itemsOneOfNotEmpty, allowed: allowed} }

// Valid says which values a setting may have, for reference pages: empty when
// its type says it all.
func (d *Definition) Valid() string {
	switch c := d.check; c.kind {
	case atLeast:
		return fmt.Sprintf("%d or more", c.low)
	case between:
		return fmt.Sprintf("%d to %d", c.low, c.high)
	case betweenOr:
		return fmt.Sprintf("%d to %d, or %d", c.low, c.high, c.or)
	case oneOf, oneOfAnyCase:
		return "one of " + strings.Join(c.allowed, ", ")
	case itemsOneOfNotEmpty:
		return "one or more of " + strings.Join(c.allowed, ", ")
	case itemsOneOf:
		return "any of " + strings.Join(c.allowed, ", ")
	case throttledReplicas:
		return "* or partition:broker, separated by commas"
	case notEmpty:
		return "not empty"
	}
	return ""
}

// test reports, as an *InvalidValue, what is wrong with a canonical value.
func (c check) test(name string, kind Type, canonical string) error {
	if kind == List {
		return c.testList(name, splitList(canonical))
	}
	if problem := c.problem(canonical); problem != "" {
		return &InvalidValue{Name: name, Value: canonical, Problem: problem}
	}
	return nil
}

func (c check) problem(canonical string) string {
	switch c.kind {
	case atLeast:
		return c.tooSmall(canonical)
	case between:
		if small := c.tooSmall(canonical); small != "" {
			return small
		}
		if compareNumber(canonical, c.high) > 0 {
			return fmt.Sprintf("Value must be no more than %d", c.high)
		}
	case betweenOr:
		outside := compareNumber(canonical, c.low) < 0 || compareNumber(canonical, c.high) > 0
		if outside && compareNumber(canonical, c.or) != 0 {
			return fmt.Sprintf("Value must be between %d and %d or equal to %d", c.low, c.high, c.or)
		}
	case oneOf:
		if !slices.Contains(c.allowed, canonical) {
			return "String must be one of: " + strings.Join(c.allowed, ", ")
		}
	case oneOfAnyCase:
		if !slices.ContainsFunc(c.allowed,
			func(text string) bool { return strings.EqualFold(text, canonical) }) {
			return "String must be one of (case insensitive): " + strings.Join(c.allowed, ", ")
		}
	case notEmpty:
		if canonical == "" {
			return "String must be non-empty"
		}
	}
	return ""
}

func (c check) tooSmall(canonical string) string {
	if compareNumber(canonical, c.low) < 0 {
		return fmt.Sprintf("Value must be at least %d", c.low)
	}
	return ""
}

// compareNumber compares a canonical number, whole or decimal.
func compareNumber(canonical string, with int64) int {
	if number, err := strconv.ParseInt(canonical, 10, 64); err == nil {
		return big.NewInt(number).Cmp(big.NewInt(with))
	}
	number, ok := parseDecimal(canonical)
	if !ok {
		return 0
	}
	return number.Cmp(new(big.Rat).SetInt64(with))
}

func (c check) testList(name string, items []string) error {
	if c.kind == throttledReplicas {
		return testThrottledReplicas(name, items)
	}
	if slices.Contains(items, "") {
		return &InvalidValue{Whole: true,
			Problem: fmt.Sprintf("Configuration '%s' values must not be empty.", name)}
	}
	valid := "any non-empty value"
	if c.kind == itemsOneOfNotEmpty {
		valid = "[" + strings.Join(c.allowed, ", ") + "]"
	}
	if (c.kind == notEmpty || c.kind == itemsOneOfNotEmpty) && len(items) == 0 {
		return &InvalidValue{Whole: true, Problem: fmt.Sprintf(
			"Configuration '%s' must not be empty. Valid values include: %s", name, valid)}
	}
	if c.kind != itemsOneOf && c.kind != itemsOneOfNotEmpty {
		return nil
	}
	for _, item := range items {
		if !slices.Contains(c.allowed, item) {
			return &InvalidValue{Name: name, Value: item,
				Problem: "String must be one of: " + strings.Join(c.allowed, ", ")}
		}
	}
	return nil
}

// testThrottledReplicas allows "*" or a list of partition:broker. An empty item
// is let through, as Kafka does.
func testThrottledReplicas(name string, items []string) error {
	if slices.Equal(items, []string{"*"}) {
		return nil
	}
	for _, item := range items {
		partition, broker, found := strings.Cut(item, ":")
		if item != "" && !(found && isDigits(partition) && isDigits(broker)) {
			return &InvalidValue{Name: name, Value: "[" + strings.Join(items, ", ") + "]",
				Problem: name + " must be the literal '*' or a list of replicas in the following" +
					" format: [partitionId]:[brokerId],[partitionId]:[brokerId],..."}
		}
	}
	return nil
}

func isDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}
