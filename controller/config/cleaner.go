package config

import "math"

// Cleaner is what a node's settings say of the cleaner of compacted topics, for all of
// its shards together.
type Cleaner struct {
	// Enabled: compacted topics are compacted.
	Enabled bool
	// BackoffMs is how long it sleeps when there is nothing to do.
	BackoffMs int64
	// DedupeBytes is the memory for keys, LoadFactor up to which part it is filled.
	DedupeBytes int64
	LoadFactor  Ratio
	// ReadBytes is how much is read at a time.
	ReadBytes int64
	// BytesPerSecondMax bounds reads and writes; 0 is no bound.
	BytesPerSecondMax int64
}

func (l Layers) cleaner() Cleaner {
	text := func(name string) string {
		value, _, _ := l.BrokerValue(name)
		return value
	}
	c := Cleaner{
		Enabled:     text(CleanerEnable) == "true",
		BackoffMs:   number(text(CleanerBackoffMs)),
		DedupeBytes: number(text(CleanerDedupeBufferSize)),
		LoadFactor:  ratioOf(text(CleanerLoadFactor)),
		ReadBytes:   number(text(CleanerIOBufferSize)),
	}
	if rate := wholeOf(text(CleanerIOBytesPerSecond), 1); rate < math.MaxInt64 {
		c.BytesPerSecondMax = max(rate, 1)
	}
	return c
}
