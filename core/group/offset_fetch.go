package group

import (
	"odradek/core/group/offset"
	"odradek/core/kafka"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// offsetFetch decides on an OffsetFetch, of one group or (version 8) several. There are
// no offsets of transactions yet, so that all are stable.
func (c *Coordinator) offsetFetch(s *Step, q *kmsg.OffsetFetchRequest) {
	var groups []kmsg.OffsetFetchResponseGroup
	fetches := offset.Fetches(q)
	for i := range fetches {
		fetch := &fetches[i]
		code := kafka.None
		if g := c.group(fetch.Group); g != nil {
			code = g.MayFetch(fetch.MemberID, kafka.MemberEpoch(fetch.MemberEpoch))
		}
		if code != kafka.None {
			groups = append(groups, offset.RefuseFetch(q.Version, fetch, code))
			continue
		}
		groups = append(groups, c.offsets.Fetch(s.Topics, q.Version, fetch))
	}
	s.answer(offset.FetchResponse(q.Version, groups))
}
