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

// readAtATime is how many journals are read at the same time: enough to keep the
// device busy.
const readAtATime = 16

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

// Past is what the journals of the last run hold, ready to be visited.
//
// A last frame that is torn ends a journal: its commit was under way. A frame
// that is damaged with good ones behind it, or a file that is missing, is
// ErrCorrupt: what was acknowledged is gone, and only a person or another
// replica can make up for it. ErrMissing: so is the journal.
type Past struct {
	disk env.Disk
	base base
	// files are sorted by shard, then generation; those of the run last.
	files  []*oldFile
	shards []*shardJournal
	open   []env.File
}

// Find finds the journals of all shards as the last run left them, and where
// they end. It changes nothing and may be called again. Close the Past.
func Find(t *task.Task, disk env.Disk) (*Past, error) {
	p := &Past{disk: disk}
	var err error
	if p.base, err = readBase(t, disk); err != nil {
		return nil, err
	}
	if err := p.findShards(t); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// Close gives the files up.
func (p *Past) Close() {
	for _, f := range p.open {
		_ = f.Close() // they were only read
	}
	p.open = nil
}

// Visit visits every entry: first those of the base, then each shard's in the
// order in which they were appended. A log has lived on one shard through the
// run, so its entries come in order. An error of visit ends it.
func (p *Past) Visit(t *task.Task, visit func(Entry) error) (Summary, error) {
	return p.visit(visit, func(visitOne func(t *task.Task, i int)) {
		for i := range p.shards {
			visitOne(t, i)
		}
	})
}

// Survey is Visit for a visit that does not wait: the journals are read at the
// same time, and entries of different shards may come in between each other.
func (p *Past) Survey(t *task.Task, visit func(Entry) error) (Summary, error) {
	return p.visit(visit, func(visitOne func(t *task.Task, i int)) {
		task.Each(t, "read a journal", len(p.shards), readAtATime, visitOne)
	})
}

func (p *Past) visit(
	visit func(Entry) error, all func(visitOne func(t *task.Task, i int)),
) (Summary, error) {
	summary := Summary{Run: p.base.run}
	if p.base.run.Number > 0 {
		if err := visitEntries(p.base.entries, p.base.count, 0, 0, visit); err != nil {
			return summary, err
		}
	}
	each := make([]ShardSummary, len(p.shards))
	errs := make([]error, len(p.shards))
	failed := false
	all(func(t *task.Task, i int) {
		if !failed {
			each[i], errs[i] = p.visitShard(t, p.shards[i], visit)
			failed = errs[i] != nil
		}
	})
	for i, one := range each {
		if errs[i] != nil {
			return summary, p.shards[i].fault(errs[i])
		}
		if one.Frames > 0 || one.Torn {
			summary.Shards = append(summary.Shards, one)
		}
	}
	return summary, nil
}

// Replay finds the journals and visits every entry once.
func Replay(t *task.Task, disk env.Disk, visit func(Entry) error) (Summary, error) {
	past, err := Find(t, disk)
	if err != nil {
		return Summary{}, err
	}
	defer past.Close()
	return past.Visit(t, visit)
}

// oldFile is a journal file that was found.
type oldFile struct {
	name  string
	shard uint32
	// number is the one in the name.
	number uint32
	file   env.File
	window *window
	// generation is 0 when the file does not begin with a frame of the run.
	generation uint64
	first      Sequence
}

// list opens the files there are and reads their first headers.
func (p *Past) list(t *task.Task) error {
	entries, err := p.disk.List(directory)
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
		f := &oldFile{name: fileName(shard, n), shard: shard, number: uint32(n)}
		if f.file, err = p.disk.Open(f.name); err != nil {
			return err
		}
		p.open = append(p.open, f.file)
		if err := p.readFirstHeader(t, f); err != nil {
			return err
		}
		p.files = append(p.files, f)
	}
	slices.SortStableFunc(p.files, func(a, b *oldFile) int {
		return cmp.Or(cmp.Compare(a.shard, b.shard), cmp.Compare(a.generation, b.generation))
	})
	return nil
}

// readFirstHeader finds out which generation a file is of.
func (p *Past) readFirstHeader(t *task.Task, f *oldFile) error {
	if f.file.Size() < env.BlockSize {
		return nil // it was being made
	}
	block := make([]byte, env.BlockSize) // and not a byte more: most files stay unread
	if _, err := f.file.ReadAt(t, block, 0); err != nil {
		return err
	}
	if p.base.run.Number == 0 && isFrame(block) {
		return fmt.Errorf("%w: there is %s, but no %s", ErrCorrupt, f.name, baseName)
	}
	h, ok := parseFrameHeader(block, p.base.run.Salt)
	if ok && h.run == p.base.run.Number && h.shard == f.shard {
		f.generation, f.first = h.generation, h.sequence
	}
	return nil
}

// shardJournal is one shard's journal: its files, oldest first, from the first
// that is still needed to the one with the last whole frame.
type shardJournal struct {
	shard  uint32
	files  []*oldFile
	torn   bool
	window window
}

func (s *shardJournal) fault(err error) error {
	return fmt.Errorf("replay the journal of shard %d: %w", s.shard, err)
}

// findShards finds where the journals begin and end.
func (p *Past) findShards(t *task.Task) error {
	if err := p.list(t); err != nil {
		return err
	}
	if err := p.checkNote(t); err != nil {
		return err
	}
	for rest := p.files; len(rest) > 0; {
		s := &shardJournal{shard: rest[0].shard}
		n := slices.IndexFunc(rest, func(f *oldFile) bool { return f.shard != s.shard })
		if n < 0 {
			n = len(rest)
		}
		s.files = rest[:n]
		for _, f := range s.files {
			f.window = &s.window
		}
		p.shards, rest = append(p.shards, s), rest[n:]
	}
	errs := make([]error, len(p.shards))
	task.Each(t, "find a journal's end", len(errs), readAtATime, func(t *task.Task, i int) {
		errs[i] = p.findChain(t, p.shards[i])
	})
	for i, err := range errs {
		if err != nil {
			return p.shards[i].fault(err)
		}
	}
	return nil
}

// findChain finds the files that hold what a journal's last frame says is still
// needed, and makes sure that it is the last.
func (p *Past) findChain(t *task.Task, s *shardJournal) error {
	chain, others, end, err := p.findEnd(t, s.files)
	if err != nil {
		return err
	}
	s.torn = end.torn
	if others, err = end.mayHoldMore(chain, others); err != nil {
		return err
	}
	if err := p.checkOthers(t, others, end); err != nil {
		return err
	}
	for len(chain) > 0 && chain[0].generation < end.oldest {
		chain = chain[1:]
	}
	s.files = chain
	for i, f := range chain {
		if f.generation != end.oldest+uint64(i) {
			return f.misplaced(end.oldest+uint64(i), f.first)
		}
	}
	return nil
}

// mayHoldMore returns the files that may hold newer frames than the last one
// found: no file is begun before a mark in the one before says which it will be.
func (s *scanned) mayHoldMore(chain, others []*oldFile) ([]*oldFile, error) {
	if len(chain) == 0 || s.ended && s.nextFile == 0 {
		return others, nil
	}
	if s.nextFile == 0 {
		return nil, nil
	}
	last := chain[len(chain)-1]
	for _, f := range slices.Concat(others, chain) { // it may still have its old frames
		if f.number == s.nextFile {
			return []*oldFile{f}, nil
		}
	}
	return nil, fmt.Errorf("%w: %s says that %s goes on, which is missing",
		ErrCorrupt, last.name, fileName(last.shard, int(s.nextFile)))
}

// misplaced says that a file is not the one that should follow.
func (f *oldFile) misplaced(generation uint64, first Sequence) error {
	return fmt.Errorf("%w: before %s a file is missing or damaged: "+
		"generation %d begins at entry %d, want generation %d at entry %d",
		ErrCorrupt, f.name, f.generation, f.first, generation, first)
}

// visitShard visits what one shard's journal holds.
func (p *Past) visitShard(
	t *task.Task, s *shardJournal, visit func(Entry) error,
) (ShardSummary, error) {
	summary := ShardSummary{Shard: int(s.shard), Torn: s.torn}
	next := Sequence(0)
	for i, f := range s.files {
		if i > 0 && f.first != next {
			return summary, f.misplaced(f.generation, next)
		}
		scanned, err := p.scan(t, f, visit)
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
func (p *Past) findEnd(
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
		end, err = p.scan(t, f, nil)
		if err != nil {
			return nil, nil, end, err
		}
		if end.frames > 0 {
			err := p.checkTail(t, f, end)
			end.torn, end.ended = end.torn || torn, end.ended || torn
			return chain, others, end, err
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
	// torn is set when a frame begins at position and is not whole; ended when
	// the file was given up for a next one, by a mark or for want of room.
	torn, ended bool
	// nextFile is the number of the file that the mark of the end names, 0 if
	// there is no mark.
	nextFile uint32
}

// scan reads frames from the start of a file until there is none.
func (p *Past) scan(
	t *task.Task, f *oldFile, visit func(Entry) error,
) (end scanned, err error) {
	end.next, end.generation = f.first, f.generation
	for end.position+env.BlockSize <= f.file.Size() {
		block, err := f.read(t, end.position, env.BlockSize)
		if err != nil {
			return end, err
		}
		h, ok := p.header(block, f)
		if !ok || h.sequence != end.next {
			return end, nil
		}
		if h.size() > f.file.Size()-end.position {
			return end, fmt.Errorf("%w: %s at %d: a frame longer than the file",
				ErrCorrupt, f.name, end.position)
		}
		bytes, err := f.read(t, end.position, int(h.size()))
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
		if end.nextFile = h.next; h.next > 0 {
			end.ended = true
			return end, nil
		}
	}
	end.ended = true
	return end, nil
}

// header reads a header that belongs to this use of this file.
func (p *Past) header(block []byte, f *oldFile) (frameHeader, bool) {
	h, ok := parseFrameHeader(block, p.base.run.Salt)
	return h, ok && h.run == p.base.run.Number && h.shard == f.shard && h.generation == f.generation
}

// checkTail makes sure that what ends a journal is its end: only the last
// commit can be torn, so a newer frame behind it means that a durable one was
// damaged.
func (p *Past) checkTail(t *task.Task, f *oldFile, end scanned) error {
	if end.ended {
		return nil
	}
	for at := end.position + env.BlockSize; at < f.file.Size(); at += env.BlockSize {
		block, err := f.read(t, at, env.BlockSize)
		if err != nil {
			return err
		}
		if h, ok := p.header(block, f); ok && h.sequence > end.next {
			return fmt.Errorf("%w: %s at %d: a frame is damaged, and entry %d is behind it at %d",
				ErrCorrupt, f.name, end.position, h.sequence, at)
		}
	}
	return nil
}

// checkOthers looks through files for newer frames than those that were found,
// which mean that a durable one was damaged. It reads all of them.
func (p *Past) checkOthers(t *task.Task, files []*oldFile, end scanned) error {
	for _, f := range files {
		for at := int64(env.BlockSize); at < f.file.Size(); at += env.BlockSize {
			block, err := f.read(t, at, env.BlockSize)
			if err != nil {
				return err
			}
			h, ok := parseFrameHeader(block, p.base.run.Salt)
			if ok && h.run == p.base.run.Number && h.shard == f.shard && h.sequence > end.next {
				return fmt.Errorf("%w: %s begins with a damaged frame, and entry %d is behind it",
					ErrCorrupt, f.name, h.sequence)
			}
		}
	}
	return nil
}

// window is what was read last of the files of a shard.
type window struct {
	of    *oldFile
	at    int64
	bytes []byte
	buf   []byte
}

// read returns n bytes of a file, valid until the next read of the shard's files.
func (f *oldFile) read(t *task.Task, at int64, n int) ([]byte, error) {
	w := f.window
	if w.of == f && at >= w.at && at+int64(n) <= w.at+int64(len(w.bytes)) {
		return w.bytes[at-w.at:][:n], nil
	}
	if want := max(n, replayBytes); cap(w.buf) < want {
		w.buf = make([]byte, want)
	}
	buf := w.buf[:min(int64(max(n, replayBytes)), f.file.Size()-at)]
	w.of = nil
	got, err := f.file.ReadAt(t, buf, kafka.Position(at))
	if err != nil {
		return nil, err
	}
	clear(buf[got:])
	w.of, w.at, w.bytes = f, at, buf
	return buf[:n], nil
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
