// Package wire turns bytes of Kafka's protocol into requests and responses into
// bytes: framing headers, THE table of the versions this broker serves, and the
// codecs.
//
// Produce and Fetch are read and written by hand, without allocating: a parsed
// request aliases the frame it came in, and record batches never pass through
// a response. Every other API is left to kmsg, behind a check that makes
// hostile input harmless.
//
// It must never do I/O, keep state between calls beyond the structs a caller
// hands in, panic on what a client sent, or know what a request means.
//
// # Invariants
//
//   - Every length and count is compared with the bytes that are left before
//     anything is allocated or looped over, and the entries of one request are
//     limited (RequestEntriesMax, KmsgElementsMax, UnknownTagsMax).
//   - What Lookup says is served is what the codecs can read and write, and
//     never more than kmsg knows, so that kmsg can check us.
//   - A name, a client id or a batch in a parsed request is valid as long as
//     the frame is held.
//
// # The shape of a frame
//
//	request  := length:int32 key:int16 version:int16 correlation:int32
//	            client_id:nullable_string [tags]                   body
//	response := length:int32 correlation:int32 [tags]              body
//
// The tags in brackets are there in flexible versions (KIP-482), except that
// the header of an ApiVersions response never has them: a client sends
// ApiVersions before it knows what the broker speaks (KIP-511).
//
// Read versions.go first, then header.go and produce_request.go. The chapter is
// docs/chapters/02-batches-and-the-wire.md.
package wire
