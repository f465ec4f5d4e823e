package main

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"odradek/controller/metadata"
	"odradek/core/batch"
	"odradek/core/kafka"
)

// shownBytesMax is how much of a key or value a person sees without --full.
const shownBytesMax = 120

// showRecords shows or verifies the records of a batch.
func (d *dump) showRecords(w *segmentWalk, b batch.Batch) {
	records := b.Records(batch.Limits{})
	last := int32(-1)
	for records.Next() {
		r := records.Record()
		if r.OffsetDelta <= last || r.OffsetDelta > b.LastOffsetDelta() {
			d.problem(w.position, "record %d of the batch at offset %d is out of order",
				b.Offset(r), b.BaseOffset())
		}
		last = r.OffsetDelta
		ofGroup := d.groupRecord(w, b, r)
		switch {
		case d.verify:
		case *d.asJSON:
			d.recordJSON(b, r, ofGroup)
		default:
			d.recordLine(b, r, ofGroup)
		}
	}
	if err := records.Err(); err != nil {
		d.problem(w.position, "the records of the batch at offset %d: %v", b.BaseOffset(), err)
	}
}

// recordJSON shows a record with all of its bytes, or with what it means.
func (d *dump) recordJSON(b batch.Batch, r batch.Record, ofGroup *groupRecord) {
	fields := []field{
		{"offset", int64(b.Offset(r))},
		{"timestamp", millis(b.Timestamp(r))},
	}
	if ofGroup != nil {
		d.json("record", append(fields, field{"record", ofGroup.kind}, field{"key", ofGroup.key},
			field{"value", ofGroup.value}))
		return
	}
	if meaning := d.meaning(b, r); meaning != "" {
		d.json("record", append(fields, field{"meaning", meaning}))
		return
	}
	add := func(name string, bytes []byte) {
		text, encoded := textOrBase64(bytes)
		fields = append(fields, field{name, text})
		if encoded != "" {
			fields = append(fields, field{name + " base64", encoded})
		}
	}
	add("key", r.Key)
	add("value", r.Value)
	var headers []jsonHeader
	for _, h := range r.Headers {
		header := jsonHeader{Name: h.Key}
		header.Value, header.ValueBase64 = textOrBase64(h.Value)
		headers = append(headers, header)
	}
	if headers != nil {
		fields = append(fields, field{"headers", headers})
	}
	d.json("record", fields)
}

func (d *dump) recordLine(b batch.Batch, r batch.Record, ofGroup *groupRecord) {
	what := d.meaning(b, r)
	if ofGroup != nil {
		what = ofGroup.String()
	}
	if what == "" {
		what = fmt.Sprintf("key %s value %s", d.quoted(r.Key), d.quoted(r.Value))
		for _, h := range r.Headers {
			what += fmt.Sprintf(" %s=%s", h.Key, d.quoted(h.Value))
		}
	}
	when := millis(b.Timestamp(r))
	if !d.forPeople() {
		fmt.Fprintf(d.out, "record\t%d\t%d\t%s\n", b.Offset(r), int64(when), what)
		return
	}
	fmt.Fprintf(d.out, "%15d  %s  %s\n", b.Offset(r), when, what)
}

// quoted is a key or value for a person: text in quotes, null without.
func (d *dump) quoted(bytes []byte) string {
	if bytes == nil {
		return "null"
	}
	shown, more := bytes, ""
	if !d.full && len(bytes) > shownBytesMax {
		shown, more = bytes[:shownBytesMax], fmt.Sprintf("... (%s)", byteSize(len(bytes)))
	}
	if utf8.Valid(bytes) {
		return strconv.Quote(string(shown)) + more
	}
	return fmt.Sprintf("0x%x%s", shown, more)
}

// meaning is what a record tells, for control records and those of the metadata
// log; "" for all others, and for what is of an unknown kind.
func (d *dump) meaning(b batch.Batch, r batch.Record) string {
	switch {
	case b.IsControl():
		return controlMeaning(r)
	case strings.Contains(d.file, kafka.MetadataTopic) || strings.HasSuffix(d.file, ".checkpoint"):
		record, err := metadata.Parse(r.Value)
		if err != nil {
			return ""
		}
		return fmt.Sprintf("%v %s", record.Key(), fieldsOf(record))
	}
	return ""
}

func controlMeaning(r batch.Record) string {
	kind, err := batch.ReadControl(r)
	if err != nil {
		return "a control record that cannot be read: " + err.Error()
	}
	if kind == batch.Abort || kind == batch.Commit {
		name := map[batch.ControlType]string{batch.Abort: "abort", batch.Commit: "commit"}[kind]
		marker, err := batch.ReadEndMarker(r)
		if err != nil {
			return name + ": " + err.Error()
		}
		return fmt.Sprintf("%s by coordinator epoch %d", name, marker.CoordinatorEpoch)
	}
	control, err := metadata.ParseControl(r.Key, r.Value)
	if err != nil {
		return fmt.Sprintf("control record of type %d", kind)
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", control), "*metadata.") + " " + fieldsOf(control)
}

// fieldsOf prints a struct behind a pointer: {Name:orders TopicID:...}.
func fieldsOf(record any) string {
	return strings.TrimPrefix(fmt.Sprintf("%+v", record), "&")
}
