// Command oracle asks a broker what Kafka would say. It plays the scripts of
// package jepsen/oracle over TCP, records the answers of Apache Kafka, and compares
// those of any other broker with them.
//
// It starts no broker. `oracle record` wants a fresh Apache Kafka 4.3 of one node,
// running with the settings that `oracle settings` prints; `oracle compare` wants a
// broker configured alike. A failed comparison exits with status 1.
//
// It must never start, stop or configure a broker, nor know where one is installed.
//
// Read main.go first, then package jepsen/oracle; tcp.go is the real network beneath it.
// docs/chapters/02 tells what the wire looks like.
package main
