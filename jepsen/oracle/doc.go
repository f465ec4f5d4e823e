// Package oracle asks Apache Kafka instead of remembering it. Request scripts, good,
// bad and at the edges, are played against any broker and give a transcript in
// which everything that belongs to one run or one machine has a stable name;
// Kafka's transcripts are kept in testdata/kafka, and any other broker's can be
// compared with them line by line.
//
// Run plays a script over a Transport, which is a real network (cmd/oracle) or the
// simulated one. This package has no goroutine, no clock and no network of its own:
// it can run inside a simulation, and waiting is the transport's business. It never
// uses the broker's own codecs: requests and replies are kmsg's, batches are built
// and read here, so that a mistake shared with the broker cannot hide.
//
// Read scripts/metadata.txt first, then testdata/kafka/metadata.txt beside it, then
// run.go. docs/chapters/02 tells what the wire looks like.
//
// # A script
//
// A script is a list of statements, one a line (brackets may go over several):
//
//	# a remark                                      repeated in the transcript
//	topic orders partitions=3 cleanup.policy=compact   a fresh topic; its id is $orders
//	send Metadata v0-13 {Topics: [{Topic: "$orders"}]} a request and its reply, in each version
//	b: send ...                                     the same on another connection
//	let id = Topics[0].TopicID                      remember a field of the last reply as $id
//	define range = [{Name: "range"}]                what $range stands for from here on
//	post ... / receive                              a request now, its reply later
//	until Topics[0].ErrorCode == NONE send ...      repeat until the reply says so
//	raw hex("ffffffff")                             bytes that need not be a frame
//	groups                                          wait until all coordinators answer
//	sync                                            wait until all metadata so far is applied
//	close                                           end the connection from this side
//	pause 100                                       let so many milliseconds pass
//
// A body is JSON with kmsg's field names; what is not said has kmsg's default. In
// text, "$orders" is the script's own topic orders and {v} is the version. Bytes come
// from hex("00ff"), bytes("text"), repeat(what, times), cut(bytes, n), from
// subscription({...}) and assignment({...}), which are the consumer protocol's, and
// from batch(...), which takes options and records:
//
//	batch(codec=gzip, pid=$p, epoch=0, seq=5, "value", "key"="value", "key"=null, "later"@10)
//
// After the body, `| edit` breaks the frame on its way out; see frame.apply for them.
//
// # Recording
//
// After a change of a script, start a fresh Apache Kafka 4.3 with the Settings and
//
//	go run ./cmd/oracle record --bootstrap 127.0.0.1:9092
//
// then read the diff: it is what Kafka says. What one would not have guessed goes to
// surprises.md. `go run ./cmd/oracle compare` tells where any other broker differs.
// This repository's own is compared by the tests of sim/oracle, in the simulated world.
//
// # Invariants
//
//   - A script gives the same transcript on every fresh Apache Kafka 4.3 that runs with
//     the Settings. Its records are dated 2020, so that every time in a reply is
//     either the script's or the broker's "now", if its clock is later than 2020.
//   - A transcript shows the fields that are on the wire in its version, and no other.
//   - A reply whose canonical encoding is not what was received says so with a "!" line.
//   - Every difference that stays is in differences.txt with its reason, and every
//     line there is needed.
package oracle
