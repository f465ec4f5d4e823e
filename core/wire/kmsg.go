package wire

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// ParseKmsg decodes a request of any API in the table but Produce and Fetch,
// which have their own parsers. Nothing in the result aliases body. Bytes
// behind the request are ignored, as Kafka does.
//
// Errors: ErrUnknownKey, ErrUnsupportedVersion, ErrMalformed, ErrTooLarge; the
// connection is closed for each.
func ParseKmsg(key, version int16, body []byte) (kmsg.Request, error) {
	api := lookup(key)
	if api == nil || int(key) >= len(shapes) || shapes[key] == nil {
		return nil, fmt.Errorf("request of key %d: %w", key, ErrUnknownKey)
	}
	if !api.Serves(version) {
		return nil, fmt.Errorf("%s v%d: %w", api.Name, version, ErrUnsupportedVersion)
	}
	end, err := shapes[key].walk(version, api.Flexible(version), body)
	if err != nil {
		return nil, fmt.Errorf("%s v%d: %w", api.Name, version, err)
	}
	request := kmsg.RequestForKey(key)
	request.SetVersion(version)
	if err := readKmsg(request, body[:end]); err != nil {
		return nil, fmt.Errorf("%s v%d: %w: %v", api.Name, version, ErrMalformed, err)
	}
	return request, nil
}

// readKmsg turns a panic of the decoder into an error: none is known, but a
// client must not be able to find one that stops the broker.
func readKmsg(request kmsg.Request, body []byte) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("the decoder panicked: %v", cause)
		}
	}()
	return request.ReadFrom(body)
}

// AppendKmsgResponse appends a whole frame: length, header and the response in
// the version that was asked. Strings must be short enough for their version's
// length field, 32,767 bytes in those that are not flexible: kmsg does not check,
// so whoever quotes a client in a message has to cut the quotation.
func AppendKmsgResponse(
	dst []byte, response kmsg.Response, version int16, correlationID int32,
) []byte {
	start := len(dst)
	dst = BeginFrame(dst)
	dst = AppendResponseHeader(dst, response.Key(), version, correlationID)
	response.SetVersion(version)
	dst = response.AppendTo(dst)
	EndFrame(dst, start, 0)
	return dst
}
