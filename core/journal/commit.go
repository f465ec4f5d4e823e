package journal

import (
	"fmt"
	"time"

	"odradek/core/assert"
	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// commitLoop is the committer: whenever the disk is free it takes everything
// that has come meanwhile and makes it durable with one write. There is no
// time window: at low load a commit holds one entry, at high load hundreds.
func (j *Journal) commitLoop(t *task.Task) {
	for {
		if j.awaitWork(t); j.failed != nil {
			return
		}
		f := j.nextFrame()
		if err := j.write(t, f); err != nil {
			j.Fail(err)
			return
		}
		if j.failed != nil {
			return // a log failed to sync meanwhile: acknowledge nothing more
		}
		j.publish(f)
	}
}

// sealAfter is how long nothing must come before the last commit is sealed: a
// load that comes more often has no write more, one that comes less often has
// one small write more each time.
const sealAfter = time.Second

// awaitWork waits for something to commit, or until the last commit is to be
// sealed: by a frame with Nothing in it. A frame behind another says that the
// other was durable, so what damages the other later is not taken for a crash.
func (j *Journal) awaitWork(t *task.Task) {
	for len(j.full) == 0 && j.filling.entries == 0 && j.failed == nil {
		deadline := kafka.Never
		if j.unsealed {
			deadline = t.Now().Plus(sealAfter)
		}
		err := j.work.Wait(t, deadline, "something to commit")
		if err != nil && j.failed == nil {
			j.stage(&Entry{Kind: Nothing})
		}
	}
}

// nextFrame takes the oldest frame that waits, or the one being filled.
func (j *Journal) nextFrame() *frame {
	if len(j.full) > 0 {
		f := j.full[0]
		copy(j.full, j.full[1:])
		j.full[len(j.full)-1] = nil
		j.full = j.full[:len(j.full)-1]
		return f
	}
	f := j.filling
	j.filling = j.takeFrame(0)
	return f
}

// write puts a frame at the end of the current file, or begins the next one.
func (j *Journal) write(t *task.Task, f *frame) error {
	size := int64(padded(f.used))
	for j.current.left() < size {
		if err := j.advance(t, size, f.first); err != nil {
			return err
		}
	}
	return j.put(t, f, 0)
}

// end marks the end of the current file, if there is room for the mark, and says
// which file goes on: replay need not look for newer frames in any other. first
// is the sequence that the next file begins with.
func (j *Journal) end(t *task.Task, next *journalFile, first Sequence) error {
	if j.current.left() < env.BlockSize {
		return nil // full to the brim: that is mark enough
	}
	j.mark.begin(0, first)
	return j.put(t, j.mark, next.number)
}

// put writes a frame behind the last one of the current file. next is 0, or the
// number of the file that goes on.
func (j *Journal) put(t *task.Task, f *frame, next uint32) error {
	at := j.current
	blocks := f.seal(frameHeader{
		run: j.options.Run.Number, generation: at.generation, oldest: j.oldest(), shard: j.shard,
		next: next,
	}, j.options.Run.Salt)
	if err := at.file.WriteThrough(t, blocks, kafka.Position(at.position)); err != nil {
		return fmt.Errorf("commit to %s at %d: %w", at.name, at.position, err)
	}
	at.position += int64(len(blocks))
	return nil
}

// publish tells everybody that a frame is durable.
func (j *Journal) publish(f *frame) {
	assert.That(f.first == j.committed+1, "commits are in order and without a gap")
	j.committed = f.last()
	assert.That(j.committed <= j.appended, "what is committed was appended")
	j.stagedBytes -= int64(padded(f.used))
	j.unsealed = f.events > 0
	for _, touched := range f.touched {
		if touched.writer.owner != nil {
			touched.writer.owner.Flushed(touched.end)
		}
	}
	j.idle = append(j.idle, f)
	j.changed.Broadcast()
	if j.files.Waiting() {
		j.files.Broadcast()
	}
	for _, fn := range j.onCommit {
		fn()
	}
	if len(j.ready) == 0 && j.current.left() < j.current.size/2 {
		j.janitor.Broadcast() // get the next file ready in good time
	}
}
