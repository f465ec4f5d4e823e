// Package controller is the cluster's brain: it decides what becomes of
// requests that change or ask for metadata.
//
// Every decision is a function
//
//	func CreateTopics(v View, request, random) (records, response)
//
// that looks at a View (the image and the configuration) and returns the records
// to be written and the answer to be given once they are committed. It changes
// nothing: only image.Delta.Apply does, when the records come back. A request
// that was only to be validated, or that failed, has no records. The records of
// one request must be committed together or not at all.
//
// The caller decides requests one after the other, each on the image that has
// all records before it, committed or not; otherwise two requests could both
// create one topic. Answers wait for the commit.
//
// Error codes and messages are Kafka 4.3's; testdata holds what it answered to
// the same requests. Where this package differs, the file says so.
//
// It never does I/O, has no clock, and its random numbers come in.
//
// Read view.go and create_topics.go first. The chapter is
// docs/chapters/07-controller.md. Source: KIP-500, KIP-631.
package controller
