package check

import "fmt"

// Remains says what is wrong with a partition that lost its unflushed end: before
// and after are scans with nothing but the loss between them. It returns "" if what
// is there after is what was there, from a log start that did not fall back up to
// an end that did not rise. With retention the log start may have risen.
//
// It is for logs that promise no more than Kafka's do when the power fails.
func Remains(before, after *Scan, retention bool) string {
	switch {
	case after.LogStart < before.LogStart:
		return fmt.Sprintf("the log starts at %d, and started at %d", after.LogStart, before.LogStart)
	case after.LogStart > before.LogStart && !retention:
		return fmt.Sprintf("the log starts at %d instead of %d, and nobody deleted anything",
			after.LogStart, before.LogStart)
	case after.End > max(before.End, after.LogStart):
		return fmt.Sprintf("the log ends at %d, beyond its old end %d", after.End, before.End)
	}
	next := after.LogStart
	for _, record := range after.Records {
		switch index := int(record.Offset - before.LogStart); {
		case record.Offset != next:
			return fmt.Sprintf("offset %d comes where %d should", record.Offset, next)
		case index >= len(before.Records) || before.Records[index] != record:
			return fmt.Sprintf("offset %d does not hold what it held", record.Offset)
		}
		next++
	}
	if next != after.End {
		return fmt.Sprintf("there is nothing from offset %d on, though the log ends at %d",
			next, after.End)
	}
	return ""
}
