package envtest

import (
	"fmt"
	"slices"
	"testing"

	"odradek/core/env"
	"odradek/core/kafka"

	"pgregory.net/rapid"
)

// stepsMax is how many operations one random sequence has at most.
const stepsMax = 60

// randomSuite draws sequences of disk operations and compares every answer
// with a model that is a map of byte slices, then restarts the node and
// compares what is stored.
func randomSuite(t *testing.T, h Harness) {
	t.Run("disk", func(t *testing.T) {
		rapid.Check(t, func(r *rapid.T) { randomDisk(t, r, h) })
	})
	t.Run("streams", func(t *testing.T) {
		rapid.Check(t, func(r *rapid.T) { randomStream(t, r, h) })
	})
}

// sequence is one random run on a disk. The whole list is drawn before the
// world runs, so that a world with threads can't disturb the drawing.
type operation struct {
	kind     int
	file     int
	other    int
	position int
	length   int
	seed     int
}

const (
	opCreate = iota
	opOpen
	opWrite
	opVector
	opTruncate
	opRename
	opRemove
	opSync
	opRead
	opPreallocate
	opReserve
	opClose
	opKinds
)

func drawOperations(r *rapid.T) []operation {
	return rapid.SliceOfN(rapid.Custom(func(r *rapid.T) operation {
		return operation{
			kind: rapid.IntRange(0, opKinds-1).Draw(r, "kind"),
			file: rapid.IntRange(0, 3).Draw(r, "file"), other: rapid.IntRange(0, 3).Draw(r, "other"),
			position: rapid.IntRange(0, 20000).Draw(r, "position"),
			length:   rapid.IntRange(0, 10000).Draw(r, "length"),
			seed:     rapid.IntRange(0, 255).Draw(r, "seed"),
		}
	}), 1, stepsMax).Draw(r, "operations")
}

func randomDisk(t *testing.T, r *rapid.T, h Harness) {
	operations := drawOperations(r)
	directory := h.Directory(t)
	model := &diskModel{files: map[string]*[]byte{}, open: map[string]openFile{}}
	h.Run(t, directory, onStage(t, func(s *Scene) {
		for i, op := range operations {
			if !model.step(s, op) {
				s.Fatalf("step %d of %+v", i, operations)
			}
		}
		for _, name := range model.openNames() {
			s.close(model.open[name].file)
		}
	}))
	if t.Failed() {
		r.FailNow()
	}
	h.Run(t, directory, onStage(t, func(s *Scene) {
		s.names("", model.names()...)
		for _, name := range model.names() {
			s.stored(name, string(*model.files[name]))
		}
	}))
	if t.Failed() {
		r.FailNow()
	}
}

// diskModel is what the disk should hold.
type diskModel struct {
	files map[string]*[]byte
	// open holds at most one handle a name; its content is what the handle
	// sees, even after the name went to another file.
	open map[string]openFile
}

type openFile struct {
	file    env.File
	content *[]byte
}

func (m *diskModel) names() []string {
	var names []string
	//tidy:allow map-range the names are sorted below
	for name := range m.files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (m *diskModel) openNames() []string {
	var names []string
	//tidy:allow map-range the names are sorted below
	for name := range m.open {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// step does one operation on both and reports whether they agree.
func (m *diskModel) step(s *Scene, op operation) bool {
	name, other := fmt.Sprint("f", op.file), fmt.Sprint("f", op.other)
	switch op.kind {
	case opCreate:
		return m.create(s, name)
	case opOpen:
		return m.reopen(s, name)
	case opRename:
		return m.rename(s, name, other)
	case opRemove:
		err := s.disk().Remove(name)
		_, there := m.files[name]
		delete(m.files, name)
		return there == (err == nil)
	}
	if o, ok := m.open[name]; ok {
		return m.onFile(s, name, o, op)
	}
	return true
}

func (m *diskModel) create(s *Scene, name string) bool {
	f, err := s.disk().Create(name)
	if _, there := m.files[name]; there {
		s.Want(err, env.ErrExist)
		return true
	}
	s.Must(err)
	m.files[name] = new([]byte)
	m.replaceHandle(s, name, openFile{f, m.files[name]})
	return true
}

func (m *diskModel) reopen(s *Scene, name string) bool {
	f, err := s.disk().Open(name)
	content, there := m.files[name]
	if !there {
		s.Want(err, env.ErrNotExist)
		return true
	}
	s.Must(err)
	m.replaceHandle(s, name, openFile{f, content})
	return f.Size() == int64(len(*content))
}

func (m *diskModel) replaceHandle(s *Scene, name string, o openFile) {
	if old, ok := m.open[name]; ok {
		s.close(old.file)
	}
	m.open[name] = o
}

func (m *diskModel) rename(s *Scene, from, to string) bool {
	err := s.disk().Rename(from, to)
	content, there := m.files[from]
	if !there {
		s.Want(err, env.ErrNotExist)
		return true
	}
	s.Must(err)
	delete(m.files, from)
	m.files[to] = content
	return true
}

// onFile does an operation on an open handle.
func (m *diskModel) onFile(s *Scene, name string, o openFile, op operation) bool {
	content := o.content
	switch op.kind {
	case opWrite, opVector:
		p := []byte(pattern(op.seed, op.length))
		if op.kind == opVector {
			half := op.length / 3
			s.Must(o.file.WriteVector([][]byte{p[:half], nil, p[half:]}, kafka.Position(op.position)))
		} else {
			s.Must(o.file.WriteAt(p, kafka.Position(op.position)))
		}
		if len(p) > 0 {
			*content = grown(*content, op.position+len(p))
			copy((*content)[op.position:], p)
		}
	case opTruncate:
		size := min(op.position, len(*content))
		if o.file.Size() != int64(len(*content)) {
			return true // another handle of a renamed file changed it
		}
		s.Must(o.file.Truncate(int64(size)))
		*content = slices.Clone((*content)[:size])
	case opPreallocate:
		if op.position >= len(*content) {
			s.Must(o.file.Preallocate(int64(op.position)))
			*content = grown(*content, op.position)
		}
	case opReserve:
		s.Must(o.file.Reserve(kafka.Position(o.file.Size()), int64(op.length+1)))
	case opSync:
		s.Must(o.file.Sync(s.T))
	case opRead:
		got := s.read(o.file, kafka.Position(op.position), op.length)
		from := min(op.position, len(*content))
		want := (*content)[from:min(len(*content), op.position+op.length)]
		return slices.Equal(got, want)
	case opClose:
		s.close(o.file)
		delete(m.open, name)
	}
	return true
}

func grown(p []byte, size int) []byte {
	if size <= len(p) {
		return p
	}
	return append(p, make([]byte, size-len(p))...)
}

// randomStream sends frames of random sizes, cut into random chunks, through
// limits that are drawn too, and expects them whole and in order.
func randomStream(t *testing.T, r *rapid.T, h Harness) {
	sizes := rapid.SliceOfN(rapid.IntRange(0, 3000), 1, 40).Draw(r, "sizes")
	cuts := rapid.SliceOfN(rapid.IntRange(1, 5000), 1, 20).Draw(r, "cuts")
	options := roomy()
	options.BufferedBytesMax = rapid.Int64Range(0, 4000).Draw(r, "buffered bytes")
	options.UnsentBytesMax = rapid.IntRange(1, 10000).Draw(r, "unsent bytes")
	echo := rapid.Bool().Draw(r, "echo")
	h.Run(t, h.Directory(t), onStage(t, func(s *Scene) {
		p := s.connect(options)
		if echo {
			p.server.onFrame = func(c env.Conn, payload []byte) { send(c, string(payload)) }
		}
		var want []string
		var stream []byte
		for i, size := range sizes {
			want = append(want, pattern(i, size))
			stream = append(stream, framed(want[i])...)
		}
		for i := 0; len(stream) > 0; i++ {
			n := min(cuts[i%len(cuts)], len(stream))
			p.dialled.Send([]env.Chunk{{Bytes: stream[:n]}})
			stream = stream[n:]
			if i%3 == 0 {
				s.T.Yield()
			}
		}
		p.server.received(want...)
		if echo {
			p.client.received(want...)
		}
		p.done()
	}))
	if t.Failed() {
		r.FailNow()
	}
}
