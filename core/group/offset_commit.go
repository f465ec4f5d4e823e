package group

import (
	"odradek/core/group/offset"
	"odradek/core/kafka"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// offsetCommit decides on an OffsetCommit. The group is asked only if there is something
// to commit. Who is no member commits to a group that there is not, and makes it.
func (c *Coordinator) offsetCommit(s *Step, q *kmsg.OffsetCommitRequest) {
	commit := offset.NewCommit(s.Topics, q)
	if code := c.mayCommit(s, q, commit); code != kafka.None {
		s.answer(commit.Refuse(code))
		return
	}
	s.answer(commit.Write(s.Settings.Offsets, s.Wall, s.Decision))
}

func (c *Coordinator) mayCommit(s *Step, q *kmsg.OffsetCommitRequest,
	commit *offset.Commit) kafka.ErrorCode {
	if len(commit.Topics) == 0 {
		return kafka.None
	}
	g := c.group(q.Group)
	switch {
	case g != nil:
		return g.MayCommit(s, offset.CommitterOf(q), commit.Topics)
	case q.Generation < 0:
		return kafka.None
	case q.Version >= 9:
		return kafka.ErrGroupIDNotFound
	}
	return kafka.ErrIllegalGeneration
}
