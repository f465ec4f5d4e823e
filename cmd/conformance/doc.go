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
// The cases groups/* put real clients into one group: franz-go, sarama, kcat,
// confluent-kafka, kafka-python, kafkajs and, with the class path, Kafka's own
// consumers. Each is a process that prints what it is assigned, consumes and commits
// (member.go, and the clients themselves in programs/); package history judges all of
// it. sarama is built in a module of its own and kafkajs installed into the user's
// cache; where one cannot be had, the group is without it, and the last line says so.
// With -keep DIR, what members said stays there.
//
//	go run ./cmd/conformance -run groups/             the groups
//	go run ./cmd/conformance -long groups-kill-9      200 kills under groups
//	go run ./cmd/conformance -long groups-many        1,000 members; 10,000 groups
//	go run ./cmd/conformance -serve 'COMMAND {port}'  another broker, as Apache Kafka
//
// A broker of this tree holds some three files open for a partition: where a process
// may have fewer than 30,000, the large groups of groups-many divide fewer partitions
// than -partitions says, and say so.
//
// What it must never do: pass a case that did not run, or touch a broker's data
// beyond topics of its own, whose names begin with conformance-.
//
// Beside them stand clients that misbehave (cases_hostile.go), with a good client
// that must not notice, and data directories that must be refused.
//
// Read main.go first, then cases.go; of the long check real_input.go; of groups
// cases_groups.go, group_run.go and history/judge.go.
package main
