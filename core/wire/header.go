package wire

import (
	"encoding/binary"
	"errors"
	"math"

	"odradek/core/assert"
)

// ErrUnknownKey is returned for an API that is not served. The connection is
// closed: an answer in a layout the client does not expect would only confuse
// it.
var ErrUnknownKey = errors.New("unknown API key")

// ErrUnsupportedVersion is returned for a version that is not served. The
// connection is closed, except for ApiVersions: see ParseRequestHeader.
var ErrUnsupportedVersion = errors.New("unsupported API version")

// lengthBytes is the size of the length in front of every frame.
const lengthBytes = 4

// RequestHeader is what every request starts with.
type RequestHeader struct {
	// Key and Version say how the body is to be read.
	Key, Version int16
	// CorrelationID is the client's own number of the request; the response
	// repeats it.
	CorrelationID int32
	// ClientID is the client's name of itself, aliasing the frame; nil for null.
	ClientID []byte
}

// ParseRequestHeader cuts the header off a frame (which comes without its
// length) and returns the body.
//
//	 0       2           4               8                 10
//	+-------+-----------+---------------+-----------------+----------+--------+
//	| key   | version   | correlationID | client_id length| client_id| [tags] |
//	+-------+-----------+---------------+-----------------+----------+--------+
//
// The client id stays a classic string in flexible versions too (KIP-482), so
// that a broker can read the header of an ApiVersions it does not know.
//
// With ErrUnknownKey and ErrUnsupportedVersion the header is filled as far as
// it could be read. An ApiVersions request of an unknown version has its whole
// header filled, and is to be answered in version 0 with UNSUPPORTED_VERSION;
// for all else the connection is closed.
func ParseRequestHeader(frame []byte) (h RequestHeader, body []byte, err error) {
	r := reader{data: frame}
	h.Key = r.int16()
	h.Version = r.int16()
	h.CorrelationID = r.int32()
	if r.failed {
		return h, nil, ErrMalformed
	}
	api := lookup(h.Key)
	if api == nil {
		return h, nil, ErrUnknownKey
	}
	supported := api.Serves(h.Version)
	if !supported && h.Key != KeyAPIVersions {
		return h, nil, ErrUnsupportedVersion
	}
	h.ClientID = r.nullableText(false)
	if api.Flexible(h.Version) {
		r.skipTags()
	}
	if r.failed {
		return h, nil, ErrMalformed
	}
	if !supported {
		return h, nil, ErrUnsupportedVersion
	}
	return h, frame[r.at:], nil
}

// AppendResponseHeader appends what every response starts with: the request's
// correlation id and, in flexible versions, an empty set of tags. ApiVersions
// never has tags here, whatever its version (KIP-511).
func AppendResponseHeader(dst []byte, key, version int16, correlationID int32) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(correlationID))
	api := lookup(key)
	if api != nil && key != KeyAPIVersions && api.Flexible(version) {
		dst = append(dst, 0)
	}
	return dst
}

// BeginFrame appends room for a frame's length. The frame starts where dst
// ended; EndFrame wants that position.
func BeginFrame(dst []byte) []byte { return append(dst, 0, 0, 0, 0) }

// EndFrame fills in the length of the frame that starts at dst[start] and ends
// with dst. splicedBytes more are part of it but not in dst: the records that
// leave from files.
func EndFrame(dst []byte, start int, splicedBytes int64) {
	length := int64(len(dst)-start-lengthBytes) + splicedBytes
	assert.That(length >= 0 && length <= math.MaxInt32, "a frame's length fits its field")
	binary.BigEndian.PutUint32(dst[start:], uint32(length))
}
