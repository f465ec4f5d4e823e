// Command conformance runs real clients against a real broker and compares what
// they read with what was written.
//
//	go run ./cmd/conformance                            builds and starts the broker of this tree
//	go run ./cmd/conformance -bootstrap 127.0.0.1:9092  uses one that runs
//	go run ./cmd/conformance -run 'kcat.*zstd'          some of the cases
//	go run ./cmd/conformance -long real-input           a file of 1 GiB between all clients
//
// The clients are kcat (librdkafka), kafka-python, franz-go and our own command
// line. kcat and kafka-python are installed with apt-get when they are missing;
// where that cannot be, their cases are skipped and the last line says so. Kafka's
// own Java tools take part when their class path is given, by -kafka-classpath or
// $KAFKA_CLASSPATH, and java is there.
//
// The long check real-input makes a file of lines that people wrote: those of at
// least 60 bytes out of Go's source tree and of the licences, manual pages,
// documentation, Perl and Python libraries and word lists below /usr/share and
// /usr/lib, as far as they are there, all of them again and again until the file is
// as large as -bytes says. Each of kcat, franz-go, the Java tools and our command
// line writes it with each codec, to a topic of its own; the others read it, and must
// get the same lines in the same order (their SHA-256 is compared). Two clients run
// at a time, so that a gibibyte wants some 20 minutes on two cores; there are never
// more than two topics, and so room for some six times the file is wanted. At the
// end, franz-go and our command line write it once more with a broker that is killed
// three times on the way: nothing may be lost, nothing twice.
//
// What it must never do: pass a case that did not run, or touch a broker's data
// beyond topics of its own, whose names begin with conformance-.
//
// Beside them stand clients that misbehave (cases_hostile.go), with a good client
// that must not notice, and data directories that must be refused.
//
// Read main.go first, then cases.go; of the long check real_input.go.
package main
