// Package assert states what must be true of our own code, always on.
//
// Three kinds of failure are never mixed: a client's mistake is answered with a
// Kafka error code, the world's mistake (disk, link) is a decision that loses
// nothing, and our own mistake ends here, in a panic that names the sentence
// that did not hold. It must never be used for input that somebody else wrote.
package assert
