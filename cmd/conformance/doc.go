// Command conformance runs real clients against a real broker and compares what
// they read with what was written.
//
//	go run ./cmd/conformance                            builds and starts the broker of this tree
//	go run ./cmd/conformance -bootstrap 127.0.0.1:9092  uses one that runs
//	go run ./cmd/conformance -run 'kcat.*zstd'          some of the cases
//
// The clients are kcat (librdkafka), kafka-python, franz-go and our own command
// line. kcat and kafka-python are installed with apt-get when they are missing;
// where that cannot be, their cases are skipped and the last line says so.
//
// What it must never do: pass a case that did not run, or touch a broker's data
// beyond topics of its own, whose names begin with conformance-.
//
// Beside them stand clients that misbehave (cases_hostile.go), with a good client
// that must not notice, and data directories that must be refused.
//
// Read main.go first, then cases.go.
package main
