package journal

import (
	"cmp"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// replayBytes is how much of a journal is read at a time.
const replayBytes = 1 << 20

// Summary is what a replay found.
type Summary struct {
	// Run is the run whose journals they were; its number is 0 when the log
	// directory has never been used.
	Run Run
	// Shards has one element for each shard that left a journal.
	Shards []ShardSummary
}

// ShardSummary is what one shard's journal held.
type ShardSummary struct {
	Shard   int
	Frames  int64
	Entries int64
	Bytes   int64
	// Torn is set when the last frame was not written whole: the crash was in
	// the middle of a commit, which nobody was told of.
	Torn bool
}

// Replay reads the journals of all shards as the last run left them and visits
// every entry: first those of the base, then each shard's in the order in which
// they were appended. A log has lived on one shard through the run, so its
// entries come in order. It changes nothing and may be called again.
//
// A last frame that is torn ends a journal: its commit was under way. A frame
// that is damaged with good ones behind it, or a file that is missing, is
// ErrCorrupt: what was acknowledged is gone, and only a person or another
// replica can make up for it. ErrMissing: so is the journal. An error of visit
// ends the replay.
func Replay(t *task.Task, disk env.Disk, visit func(Entry) error) (Summary, error) {
	b, err := readBase(t, disk)
	if err != nil {
		return Summary{}, err
	}
	summary := Summary{Run: b.run}
	if b.run.Number > 0 {
		if err := visitEntries(b.entries, b.count, 0, 0, visit); err != nil {
			return summary, err
		}
	}
	r := &replayer{disk: disk, run: b.run, visit: visit}
	defer r.close()
	if err := r.list(t); err != nil {
		return summary, err
	}
	if err := r.checkNote(t); err != nil {
		return summary, err
	}
	for len(r.files) > 0 {
		shard := r.files[0].shard
		n := slices.IndexFunc(r.files, func(f *oldFile) bool { return f.shard != shard })
		if n < 0 {
			n = len(r.files)
		}
		one, err := r.replayShard(t, r.files[:n])
		if err != nil {
			return summary, fmt.Errorf("replay the journal of shard %d: %w", shard, err)
		}
		if one.Frames > 0 || one.Torn {
			summary.Shards = append(summary.Shards, one)
		}
		r.files = r.files[n:]
	}
	return summary, nil
}

// replayer reads the journals of one run.
type replayer struct {
	disk  env.Disk
	run   Run
	visit func(Entry) error
	// files are sorted by shard, then generation; those of the run first.
	files []*oldFile
	open  []env.File
	buf   []byte
	ahead readAhead
}

// oldFile is a journal file that was found.
type oldFile struct {
	name  string
	shard uint32
	file  env.File
	// generation is 0 when the file does not begin with a frame of the run.
	generation uint64
	first      Sequence
}

func (r *replayer) close() {
	for _, f := range r.open {
		_ = f.Close() // they were only read
	}
}

// list opens the files there are and reads their first headers.
func (r *replayer) list(t *task.Task) error {
	entries, err := r.disk.List(directory)
	if errors.Is(err, env.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		shard, n, ok := parseFileName(entry.Name)
		if !ok {
			continue
		}
		f := &oldFile{name: fileName(shard, n), shard: shard}
		if f.file, err = r.disk.Open(f.name); err != nil {
			return err
		}
		r.open = append(r.open, f.file)
		if err := r.readFirstHeader(t, f); err != nil {
			return err
		}
		r.files = append(r.files, f)
	}
	slices.SortStableFunc(r.files, func(a, b *oldFile) int {
		return cmp.Or(cmp.Compare(a.shard, b.shard), cmp.Compare(a.generation, b.generation))
	})
	return nil
}

// readFirstHeader finds out which generation a file is of.
func (r *replayer) readFirstHeader(t *task.Task, f *oldFile) error {
	if f.file.Size() < env.BlockSize {
		return nil // it was being made
	}
	block, err := r.read(t, f.file, 0, env.BlockSize)
	if err != nil {
		return err
	}
	if r.run.Number == 0 && isFrame(block) {
		return fmt.Errorf("%w: there is %s, but no %s", ErrCorrupt, f.name, baseName)
	}
	h, ok := parseFrameHeader(block, r.run.Salt)
	if ok && h.run == r.run.Number && h.shard == f.shard {
		f.generation, f.first = h.generation, h.sequence
	}
	return nil
}

// replayShard visits what the files of one shard hold.
func (r *replayer) replayShard(t *task.Task, files []*oldFile) (ShardSummary, error) {
	summary := ShardSummary{Shard: int(files[0].shard)}
	chain, others, end, err := r.findEnd(t, files)
	if err != nil {
		return summary, err
	}
	summary.Torn = end.torn
	if err := r.checkOthers(t, others, end); err != nil {
		return summary, err
	}
	if len(chain) == 0 {
		return summary, nil
	}
	oldest := end.oldest
	next := Sequence(0)
	for len(chain) > 0 && chain[0].generation < oldest {
		chain = chain[1:]
	}
	for i, f := range chain {
		if f.generation != oldest+uint64(i) || i > 0 && f.first != next {
			return summary, fmt.Errorf("%w: before %s a file is missing or damaged: "+
				"generation %d begins at entry %d, want generation %d at entry %d",
				ErrCorrupt, f.name, f.generation, f.first, oldest+uint64(i), next)
		}
		scanned, err := r.scan(t, f, r.visit)
		if err != nil {
			return summary, err
		}
		next = scanned.next
		summary.Frames += scanned.frames
		summary.Entries += scanned.entries
		summary.Bytes += scanned.position
	}
	return summary, nil
}

// findEnd finds the newest file with a whole frame, and reads it through.
// chain are the files up to it, others those that hold no whole first frame.
func (r *replayer) findEnd(
	t *task.Task, files []*oldFile,
) (chain, others []*oldFile, end scanned, err error) {
	known := slices.IndexFunc(files, func(f *oldFile) bool { return f.generation > 0 })
	if known < 0 {
		return nil, files, end, nil
	}
	chain, others = files[known:], slices.Clone(files[:known])
	torn := false
	for len(chain) > 0 {
		f := chain[len(chain)-1]
		end, err = r.scan(t, f, nil)
		if err != nil {
			return nil, nil, end, err
		}
		if end.frames > 0 {
			end.torn = end.torn || torn
			return chain, others, end, r.checkTail(t, f, end)
		}
		// The first commit to a new file was torn.
		torn = true
		others = append(others, f)
		chain = chain[:len(chain)-1]
	}
	return chain, others, scanned{torn: torn}, nil
}

// scanned is how far a file's frames go.
type scanned struct {
	frames   int64
	entries  int64
	position int64
	// next is the sequence of the entry after the last.
	next       Sequence
	generation uint64
	oldest     uint64
	// torn is set when a frame begins at position and is not whole.
	torn bool
}

// scan reads frames from the start of a file until there is none.
func (r *replayer) scan(
	t *task.Task, f *oldFile, visit func(Entry) error,
) (end scanned, err error) {
	end.next, end.generation = f.first, f.generation
	for end.position+env.BlockSize <= f.file.Size() {
		block, err := r.read(t, f.file, end.position, env.BlockSize)
		if err != nil {
			return end, err
		}
		h, ok := r.header(block, f)
		if !ok || h.sequence != end.next {
			return end, nil
		}
		if h.size() > f.file.Size()-end.position {
			return end, fmt.Errorf("%w: %s at %d: a frame longer than the file",
				ErrCorrupt, f.name, end.position)
		}
		bytes, err := r.read(t, f.file, end.position, int(h.size()))
		if err != nil {
			return end, err
		}
		payload := bytes[frameHeaderSize : frameHeaderSize+int(h.length)]
		if crc32.Checksum(payload, castagnoli()) != h.payloadCRC {
			end.torn = true
			return end, nil
		}
		if visit != nil {
			err := visitEntries(payload, h.entries, h.sequence, int(h.shard), visit)
			if err != nil {
				return end, err
			}
		}
		end.position += h.size()
		end.frames++
		end.entries += int64(h.entries)
		end.next = h.sequence + Sequence(h.entries)
		end.oldest = h.oldest
	}
	return end, nil
}

// header reads a header that belongs to this use of this file.
func (r *replayer) header(block []byte, f *oldFile) (frameHeader, bool) {
	h, ok := parseFrameHeader(block, r.run.Salt)
	return h, ok && h.run == r.run.Number && h.shard == f.shard && h.generation == f.generation
}

// checkTail makes sure that what ends a journal is its end: only the last
// commit can be torn, so a newer frame behind it means that a durable one was
// damaged.
func (r *replayer) checkTail(t *task.Task, f *oldFile, end scanned) error {
	for at := end.position + env.BlockSize; at < f.file.Size(); at += env.BlockSize {
		block, err := r.read(t, f.file, at, env.BlockSize)
		if err != nil {
			return err
		}
		if h, ok := r.header(block, f); ok && h.sequence > end.next {
			return fmt.Errorf("%w: %s at %d: a frame is damaged, and entry %d is behind it at %d",
				ErrCorrupt, f.name, end.position, h.sequence, at)
		}
	}
	return nil
}

// checkOthers looks through the files that don't begin with a whole frame of
// the run for newer frames, which mean that a durable one was damaged.
func (r *replayer) checkOthers(t *task.Task, files []*oldFile, end scanned) error {
	for _, f := range files {
		for at := int64(env.BlockSize); at < f.file.Size(); at += env.BlockSize {
			block, err := r.read(t, f.file, at, env.BlockSize)
			if err != nil {
				return err
			}
			h, ok := parseFrameHeader(block, r.run.Salt)
			if ok && h.run == r.run.Number && h.shard == f.shard && h.sequence > end.next {
				return fmt.Errorf("%w: %s begins with a damaged frame, and entry %d is behind it",
					ErrCorrupt, f.name, h.sequence)
			}
		}
	}
	return nil
}

// read returns n bytes of a file, valid until the next read.
func (r *replayer) read(t *task.Task, file env.File, at int64, n int) ([]byte, error) {
	if a := &r.ahead; a.file == file && at >= a.at && at+int64(n) <= a.at+int64(len(a.bytes)) {
		return a.bytes[at-a.at:][:n], nil
	}
	if want := max(n, replayBytes); cap(r.buf) < want {
		r.buf = make([]byte, want)
	}
	buf := r.buf[:min(int64(max(n, replayBytes)), file.Size()-at)]
	got, err := file.ReadAt(t, buf, kafka.Position(at))
	if err != nil {
		return nil, err
	}
	clear(buf[got:])
	r.ahead = readAhead{file: file, at: at, bytes: buf}
	return buf[:n], nil
}

// readAhead is what was read last.
type readAhead struct {
	file  env.File
	at    int64
	bytes []byte
}

// visitEntries cuts a payload into its entries.
func visitEntries(
	payload []byte, count uint32, first Sequence, shard int, visit func(Entry) error,
) error {
	for i := range count {
		e, rest, ok := nextEntry(payload)
		if !ok {
			return fmt.Errorf("%w: entry %d of %d ends after its frame", ErrCorrupt, i, count)
		}
		e.Shard = shard
		if first > 0 {
			e.Sequence = first + Sequence(i)
		}
		if err := visit(e); err != nil {
			return err
		}
		payload = rest
	}
	return nil
}
