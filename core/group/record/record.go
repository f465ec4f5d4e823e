package record

import "errors"

// ErrUnknown is returned for a record whose key is of a kind that this broker does not
// have (share and streams groups, or something newer). It is kept in the log and
// otherwise passed over.
var ErrUnknown = errors.New("a record of an unknown kind")

// ErrMalformed is wrapped by the error for a record that cannot be read.
var ErrMalformed = errors.New("a malformed record of __consumer_offsets")

// Record is one record of __consumer_offsets: a key that says what it is about, and a
// value that says what is so from now on. Every kind is a struct with the key's fields
// and Value, a pointer: nil is a tombstone, by which what the key names is gone.
type Record interface {
	// AppendKey appends the record's key: the kind as an int16, then its fields.
	AppendKey(dst []byte) []byte
	// AppendValue appends the record's value, or returns nil for a tombstone.
	AppendValue(dst []byte) []byte
}
