package config

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"odradek/core/assert"
)

// InvalidValue is the error for a value that a setting cannot have. It reads as
// Kafka's.
type InvalidValue struct {
	// Name is the setting, Value what was given for it.
	Name  string
	Value string
	// Problem says what is wrong and what would be right.
	Problem string
	// Whole makes Problem the whole sentence.
	Whole bool
}

// Error is a sentence for the person who set the value.
func (e *InvalidValue) Error() string {
	if e.Whole {
		return e.Problem
	}
	return fmt.Sprintf("Invalid value %s for configuration %s: %s", e.Value, e.Name, e.Problem)
}

// Canonical checks a value and returns the one way to write it: without spaces
// around it, a boolean in lower case, a number without a plus sign. The error is
// an *InvalidValue.
func (d *Definition) Canonical(value string) (string, error) {
	trimmed := strings.TrimFunc(value, isJavaSpace)
	canonical, problem := d.parse(trimmed)
	if problem != "" {
		return "", &InvalidValue{Name: d.Name, Value: value, Problem: problem}
	}
	if err := d.check.test(d.Name, d.Type, canonical); err != nil {
		return "", err
	}
	return canonical, nil
}

// isJavaSpace is what String.trim of Java cuts off.
func isJavaSpace(r rune) bool { return r <= ' ' }

// parse reads a value as the setting's type. The problem is empty when it can
// be read.
func (d *Definition) parse(trimmed string) (canonical, problem string) {
	switch d.Type {
	case Boolean:
		lower := strings.ToLower(trimmed)
		if lower != "true" && lower != "false" {
			return "", "Expected value to be either true or false"
		}
		return lower, ""
	case Short, Int, Long:
		number, err := strconv.ParseInt(trimmed, 10, d.Type.bits())
		if err != nil {
			return "", "Not a number of type " + d.Type.String()
		}
		return strconv.FormatInt(number, 10), ""
	case Double:
		number, ok := parseDecimal(trimmed)
		if !ok {
			return "", "Not a number of type DOUBLE"
		}
		return formatDecimal(number), ""
	case List:
		return strings.Join(splitList(trimmed), ","), ""
	}
	return trimmed, ""
}

// bits is how wide a whole number of the type is.
func (t Type) bits() int {
	switch t {
	case Short:
		return 16
	case Int:
		return 32
	}
	return 64
}

// splitList cuts a list at its commas and drops the spaces around them. The
// empty text is the empty list.
func splitList(text string) []string {
	if text == "" {
		return nil
	}
	items := strings.Split(text, ",")
	for i, item := range items {
		items[i] = strings.TrimSpace(item)
	}
	return items
}

// decimalBytesMax bounds a decimal number, digits and exponent: enough for any
// that a double can tell apart from its neighbours.
const decimalBytesMax = 24

// parseDecimal reads a decimal number exactly: the deterministic half has no
// floating point.
func parseDecimal(text string) (*big.Rat, bool) {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	digits := strings.TrimLeft(mantissa, "+-")
	plain := len(mantissa)-len(digits) <= 1 && strings.ContainsAny(digits, "0123456789") &&
		strings.Trim(digits, ".0123456789") == ""
	if !plain || len(text) > decimalBytesMax || len(exponent) > 4 {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

// formatDecimal writes a number with as many decimals as it needs, at least one
// and at most 9, or from ten million on with an exponent, as Java does.
func formatDecimal(number *big.Rat) string {
	text := strings.TrimRight(number.FloatString(9), "0")
	sign := ""
	if strings.HasPrefix(text, "-") {
		sign, text = "-", text[1:]
	}
	whole, fraction, _ := strings.Cut(text, ".")
	if len(whole) > wholeDigitsMax {
		digits := strings.TrimRight(whole+fraction, "0")
		fraction = digits[1:min(len(digits), doubleDigits)]
		return fmt.Sprintf("%s%s.%sE%d", sign, whole[:1], orZero(fraction), len(whole)-1)
	}
	return sign + whole + "." + orZero(fraction)
}

const (
	// wholeDigitsMax is how many digits before the point are written without an exponent.
	wholeDigitsMax = 7
	// doubleDigits is how many digits tell a double from its neighbours.
	doubleDigits = 17
)

func orZero(digits string) string {
	if digits == "" {
		return "0"
	}
	return digits
}

// Ratio is a number between 0 and 1, in millionths.
type Ratio int64

// ratioOf reads a canonical decimal; one that is not a ratio becomes the nearest one.
func ratioOf(canonical string) Ratio {
	return Ratio(min(max(wholeOf(canonical, 1_000_000), 0), 1_000_000))
}

// wholeOf is a canonical decimal times a number, without its fraction; one that is too
// large or too small becomes the nearest int64.
func wholeOf(canonical string, times int64) int64 {
	number, ok := parseDecimal(canonical)
	assert.That(ok, "a canonical decimal is a decimal")
	scaled := new(big.Int).Mul(number.Num(), big.NewInt(times))
	scaled.Quo(scaled, number.Denom())
	if scaled.IsInt64() {
		return scaled.Int64()
	}
	if scaled.Sign() < 0 {
		return math.MinInt64
	}
	return math.MaxInt64
}
