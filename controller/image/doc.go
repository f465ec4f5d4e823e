// Package image is the picture of a cluster's metadata at one offset of the
// metadata log: its brokers, topics, partitions, configurations and features.
//
// An Image never changes. A Delta is begun from one, takes in the records that
// follow, and ends in the next Image; whoever still holds the old one goes on
// reading it. The two share everything the records did not touch, so that the
// next image of a cluster with 10,000 topics costs about what changed in it.
//
//	records ---> Delta.Apply ---> Delta.Finish ---> Image, Changes
//	                ^                                 |
//	                +------- image.Begin() <----------+
//
// Apply is the only way in: a controller that decides something, a broker that
// follows it and a node that starts from a snapshot all come to the same image
// by the same code.
//
// Invariants:
//   - A topic's name and its id each name one topic; Topic(name) and
//     TopicByID(id) return the same pointer.
//   - A topic's partitions are dense: 0 to count-1.
//   - Iteration is ordered: topics by name or by id, brokers by id, resources by
//     type and name, keys by name.
//   - Loading the records of an image gives an equal image.
//
// It never does I/O and knows no rules: whether a request is allowed is decided
// in package controller before there is a record.
//
// Read image.go first, then delta.go; tree.go is the container under both. The
// chapter is docs/chapters/07-controller.md. Source: KIP-500, KIP-631.
package image
