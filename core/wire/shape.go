package wire

// A shape says how the body of a request lies on the wire, field by field, for
// all versions at once: enough to walk over it, not to understand it. kmsg
// decodes what the walk has passed.
//
// The walk is needed because kmsg, made for clients, trusts counts in two
// places. It counts an array's elements against the bytes left, but one byte
// can become a struct of a hundred; and it runs through the announced number of
// tagged fields even when the bytes have ended: five bytes keep it busy for
// minutes.
type shape []field

// field is one field, of the versions from since to until, both inclusive.
type field struct {
	kind         fieldKind
	bytes        int
	since, until int16
	// nullable is for arrays; of strings kmsg knows which may be null.
	nullable bool
	of       shape
}

type fieldKind uint8

const (
	// fixedField takes a fixed number of bytes.
	fixedField fieldKind = iota
	// textField is a string, null or not.
	textField
	// bytesField is bytes. None of the requests here may have null, which kmsg takes
	// for empty.
	bytesField
	// listField is an array of single values, without tags of their own.
	listField
	// structsField is an array of structs, each ending with its tags.
	structsField
	// optionField is a byte, and unless that is -1 a struct with its tags.
	optionField
)

// lastVersion is the until of a field that was never dropped.
const lastVersion = 1<<15 - 1

// Limits of a request that kmsg decodes. With both, what kmsg allocates is at
// most a fixed amount beside a copy of the frame: TestKmsgAllocatesLittle
// measures it.
const (
	// KmsgElementsMax is how many array elements one request may have. A
	// topic with its partitions, a resource with its configuration keys: a
	// quarter of a million is beyond what one broker holds.
	KmsgElementsMax = 1 << 18
	// UnknownTagsMax is how many tagged fields that no version knows one
	// request may have; kmsg keeps each in a map. No client sends any.
	UnknownTagsMax = 1 << 10
)

func fixed(bytes int) field {
	return field{kind: fixedField, bytes: bytes, until: lastVersion}
}

func text() field { return field{kind: textField, until: lastVersion} }

func blob() field { return field{kind: bytesField, until: lastVersion} }

func list(element field) field {
	return field{kind: listField, until: lastVersion, of: shape{element}}
}

func structs(fields ...field) field {
	return field{kind: structsField, until: lastVersion, of: fields}
}

func option(fields ...field) field {
	return field{kind: optionField, until: lastVersion, of: fields}
}

func orNull(f field) field {
	f.nullable = true
	return f
}

func since(version int16, f field) field {
	f.since = version
	return f
}

func until(version int16, f field) field {
	f.until = version
	return f
}

// shapes holds the shape of the requests of key k at index k. The order of the
// fields is the protocol's; their names are in Kafka's message definitions.
//
//tidy:allow package-variable a read-only table
var shapes = [...]shape{
	KeyListOffsets: {
		fixed(4), since(2, fixed(1)),
		structs(text(), structs(fixed(4), since(4, fixed(4)), fixed(8))),
		since(10, fixed(4)),
	},
	KeyMetadata: {
		until(0, structs(text())),
		since(1, orNull(structs(since(10, fixed(16)), text()))),
		since(4, fixed(1)), since(8, until(10, fixed(1))), since(8, fixed(1)),
	},
	KeyOffsetCommit: {
		text(), fixed(4), text(), since(7, text()), until(4, fixed(8)),
		structs(until(9, text()), since(10, fixed(16)),
			structs(fixed(4), fixed(8), since(6, fixed(4)), text())),
	},
	KeyOffsetFetch: {
		until(7, text()), until(1, structs(text(), list(fixed(4)))),
		since(2, until(7, orNull(structs(text(), list(fixed(4)))))),
		since(8, structs(text(), since(9, text()), since(9, fixed(4)),
			orNull(structs(until(9, text()), since(10, fixed(16)), list(fixed(4)))))),
		since(7, fixed(1)),
	},
	KeyFindCoordinator: {
		until(3, text()), since(1, fixed(1)), since(4, list(text())),
	},
	KeyJoinGroup: {
		text(), fixed(4), since(1, fixed(4)), text(), since(5, text()), text(),
		structs(text(), blob()), since(8, text()),
	},
	KeyHeartbeat: {
		text(), fixed(4), text(), since(3, text()),
	},
	KeyLeaveGroup: {
		text(), until(2, text()), since(3, structs(text(), text(), since(5, text()))),
	},
	KeySyncGroup: {
		text(), fixed(4), text(), since(3, text()), since(5, text()), since(5, text()),
		structs(text(), blob()),
	},
	KeyDescribeGroups: {
		list(text()), since(3, fixed(1)),
	},
	KeyListGroups: {
		since(4, list(text())), since(5, list(text())),
	},
	KeyAPIVersions: {
		since(3, text()), since(3, text()), since(5, text()), since(5, fixed(4)),
	},
	KeyCreateTopics: {
		structs(text(), fixed(4), fixed(2),
			structs(fixed(4), list(fixed(4))), structs(text(), text())),
		fixed(4), since(1, fixed(1)),
	},
	KeyDeleteTopics: {
		until(5, list(text())), since(6, structs(text(), fixed(16))), fixed(4),
	},
	KeyDeleteRecords: {
		structs(text(), structs(fixed(4), fixed(8))), fixed(4),
	},
	KeyInitProducerID: {
		text(), fixed(4), since(3, fixed(8)), since(3, fixed(2)),
	},
	KeyOffsetForLeaderEpoch: {
		since(3, fixed(4)),
		structs(text(), structs(fixed(4), since(2, fixed(4)), fixed(4))),
	},
	KeyDescribeConfigs: {
		structs(fixed(1), text(), orNull(list(text()))), since(1, fixed(1)), since(3, fixed(1)),
	},
	KeyAlterConfigs: {
		structs(fixed(1), text(), structs(text(), text())), fixed(1),
	},
	KeyDescribeLogDirs: {
		orNull(structs(text(), list(fixed(4)))),
	},
	KeyCreatePartitions: {
		structs(text(), fixed(4), orNull(structs(list(fixed(4))))), fixed(4), fixed(1),
	},
	KeyDeleteGroups: {
		list(text()),
	},
	KeyIncrementalAlterConfigs: {
		structs(fixed(1), text(), structs(text(), fixed(1), text())), fixed(1),
	},
	KeyListPartitionReassignments: {
		fixed(4), orNull(structs(text(), list(fixed(4)))),
	},
	KeyOffsetDelete: {
		text(), structs(text(), structs(fixed(4))),
	},
	KeyDescribeCluster: {
		fixed(1), since(1, fixed(1)), since(2, fixed(1)),
	},
	KeyDescribeProducers: {
		structs(text(), list(fixed(4))),
	},
	KeyConsumerGroupHeartbeat: {
		text(), text(), fixed(4), text(), text(), fixed(4), orNull(list(text())),
		since(1, text()), text(), orNull(structs(fixed(16), list(fixed(4)))),
	},
	KeyConsumerGroupDescribe: {
		list(text()), fixed(1),
	},
	KeyListConfigResources: {
		since(1, list(fixed(1))),
	},
	KeyDescribeTopicPartitions: {
		structs(text()), fixed(4), option(text(), fixed(4)),
	},
}

// walker goes over one request along its shape.
type walker struct {
	reader
	version  int16
	flexible bool
	elements int
	tags     int
	crowded  bool
}

// walk goes over a body and returns where it ends, ErrMalformed or ErrTooLarge.
// It allocates nothing.
func (s shape) walk(version int16, flexible bool, body []byte) (end int, err error) {
	w := walker{reader: reader{data: body}, version: version, flexible: flexible}
	w.object(s)
	switch {
	case w.crowded:
		return 0, ErrTooLarge
	case w.failed:
		return 0, ErrMalformed
	}
	return w.at, nil
}

// object walks over a struct: its fields, then its tags.
func (w *walker) object(fields shape) {
	for i := range fields {
		if f := &fields[i]; f.since <= w.version && w.version <= f.until {
			w.field(f)
		}
	}
	if w.flexible {
		w.unknownTags()
	}
}

// field walks over one field. The nesting is the shape's own: input cannot
// deepen it.
func (w *walker) field(f *field) {
	switch f.kind {
	case fixedField:
		w.span(f.bytes)
	case textField:
		w.nullableText(w.flexible)
	case bytesField:
		w.span(w.length(w.flexible))
	case optionField:
		if w.int8() != -1 && !w.failed {
			w.object(f.of)
		}
	case listField, structsField:
		w.array(f)
	}
}

func (w *walker) array(f *field) {
	count := w.length(w.flexible)
	if count > w.left() || count < 0 && !f.nullable {
		w.fail()
		return
	}
	w.elements += max(count, 0)
	if w.elements > KmsgElementsMax {
		w.crowded = true
		w.fail()
		return
	}
	for ; count > 0 && !w.failed; count-- {
		if f.kind == listField {
			w.field(&f.of[0])
		} else {
			w.object(f.of)
		}
	}
}

func (w *walker) unknownTags() {
	for count := w.uvarint(); count > 0 && !w.failed; count-- {
		w.tags++
		if w.tags > UnknownTagsMax {
			w.crowded = true
			w.fail()
			return
		}
		w.uvarint()
		w.span(int(w.uvarint()))
	}
}
