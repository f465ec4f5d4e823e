package disk

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"odradek/core/kafka"
	"odradek/sim/chance"
	"odradek/sim/fault"
	"odradek/sim/schedule"
	"odradek/sim/trace"
)

// Config is how a disk is built.
type Config struct {
	// Total is the disk's room in bytes.
	Total int64
	// Sync, Through and Read are what the operations usually take at least.
	Sync, Through, Read time.Duration
}

// DefaultConfig is a fast SSD with room for a test.
func DefaultConfig() Config {
	return Config{
		Total: 4 << 30, Sync: 150 * time.Microsecond,
		Through: 80 * time.Microsecond, Read: 60 * time.Microsecond,
	}
}

// perPage is what each page adds to an operation.
const perPage = 2 * time.Microsecond

// Disk is a device with one log directory. It outlives the processes of its
// node.
type Disk struct {
	scheduler *schedule.Scheduler
	plan      *fault.Plan
	node      int
	name      string
	config    Config
	noise     chance.Stream

	root    *directory
	changes []change
	pages   pagePool
	numbers uint64
	// unclean are the files that a power loss would change.
	unclean []*inode
	// used and free are counted in pages; squeezed is how much is hidden from
	// programs while the disk is nearly full.
	used     int64
	squeezed int64

	mounts       []*Mount
	operations   []*operation
	writeBehinds []*writeBehind
	stallUntil   kafka.Instant
	aim          *aim
	rots         []Rotten
	// throughs counts the write-throughs that have ended well.
	throughs uint64
	// Spare, when set, reports whether a byte of a file must not rot: one that no
	// program could notice.
	Spare func(name string, content []byte, at kafka.Position) bool
	// crashed is when the last crash was.
	crashed kafka.Instant
}

// New makes an empty disk of a node.
func New(s *schedule.Scheduler, plan *fault.Plan, node int, name string, c Config,
	noise chance.Stream) *Disk {
	return &Disk{
		scheduler: s, plan: plan, node: node, name: name, config: c, noise: noise,
		root: &directory{},
	}
}

func (d *Disk) room(pages int) bool {
	return pages == 0 || (d.used+int64(pages))*pageSize <= d.config.Total-d.squeezed
}

func (d *Disk) free() int64 {
	return max(0, d.config.Total-d.squeezed-d.used*pageSize)
}

// Squeeze hides all but some bytes of the free room, until Unsqueeze.
func (d *Disk) Squeeze(left int64) {
	d.squeezed = max(0, d.config.Total-d.used*pageSize-left)
}

// Unsqueeze gives the hidden room back.
func (d *Disk) Unsqueeze() { d.squeezed = 0 }

// StallUntil has no operation finish before an instant.
func (d *Disk) StallUntil(at kafka.Instant) { d.stallUntil = max(d.stallUntil, at) }

// Unclean reports whether a power loss now could lose anything.
func (d *Disk) Unclean() bool {
	return len(d.unclean) > 0 || len(d.changes) > 0 || len(d.operations) > 0
}

// Heal ends what is wrong with the device: no stall, all its room, every page
// readable.
func (d *Disk) Heal() {
	if d.stallUntil > d.scheduler.Now() {
		d.endStall()
	}
	d.squeezed, d.stallUntil = 0, 0
	d.aim = nil
	d.eachFile(d.root, func(n *inode) {
		for i := range n.flags {
			n.flags[i] &^= bad
		}
	})
}

// endStall has what the stall holds up finish now.
func (d *Disk) endStall() {
	d.scheduler.Hasten(func(actor schedule.Actor) bool {
		switch one := actor.(type) {
		case *operation:
			return one.mount != nil && one.mount.disk == d
		case *writeBehind:
			return one.file.disk == d
		}
		return false
	})
	now := d.scheduler.Now()
	d.eachFile(d.root, func(n *inode) { n.lastWrite = min(n.lastWrite, now) })
}

// eachFile visits every file that programs see, in the order of the names.
func (d *Disk) eachFile(dir *directory, visit func(n *inode)) {
	for _, e := range dir.visible {
		if e.dir != nil {
			d.eachFile(e.dir, visit)
		} else {
			visit(e.file)
		}
	}
}

// alarm tells the story of a fault that fired.
func (d *Disk) alarm(kind fault.Kind, n *inode) {
	note := trace.Note{At: d.scheduler.Now(), Who: d.name, Kind: kind.String()}
	if n != nil {
		note.Subject = n.label
	}
	d.scheduler.Trace.Alarm(note)
}

func (d *Disk) soiled(n *inode) {
	if !n.unclean {
		n.unclean = true
		d.unclean = append(d.unclean, n)
	}
}

// Rotten is where a bit flipped.
type Rotten struct {
	// Name is the file's name at that time.
	Name     string
	Position kafka.Position
	// Through is the number of the write-through that wrote it, if that was the
	// last of its file; otherwise 0.
	Through uint64
}

// LastThrough tells of the last write-through to files whose names begin so: its
// number, 0 if there was none, and how long before the last crash it ended.
func (d *Disk) LastThrough(prefix string) (number uint64, before time.Duration) {
	var last through
	d.eachFile(d.root, func(n *inode) {
		if strings.HasPrefix(n.label, prefix) && n.lastThrough.number > last.number {
			last = n.lastThrough
		}
	})
	return last.number, d.crashed.Since(last.ended)
}

// Rots are the bits that have flipped so far: what a checker expects a program
// to find, and nothing else.
func (d *Disk) Rots() []Rotten { return d.rots }

// rottenPlace picks a byte of some files: one in three times of what was written
// through last, as that is where a program looks for the end of what it wrote.
func rottenPlace(files []*inode, pick *chance.Stream) (n *inode, at uint64) {
	newest := slices.MaxFunc(files, func(a, b *inode) int {
		return cmp.Compare(a.lastThrough.number, b.lastThrough.number)
	})
	if last := newest.lastThrough; last.number > 0 && pick.OneIn(3) {
		return newest, uint64(last.from) + pick.Below(uint64(last.to-last.from))
	}
	n = files[pick.Below(uint64(len(files)))]
	return n, pick.Below(uint64(n.durableSize))
}

// Rot flips a bit of a stored page that value picks. The page cache goes on
// showing the old bit until the page is evicted. It reports whether there was
// a page.
func (d *Disk) Rot(value uint64) bool {
	var files []*inode
	d.eachFile(d.root, func(n *inode) {
		if n.durableSize > 0 {
			files = append(files, n)
		}
	})
	if len(files) == 0 {
		return false
	}
	pick := chance.New(value, "rot")
	n, at := rottenPlace(files, &pick)
	i := int(at / pageSize)
	if n.platter[i] == nil || n.flags[i]&dirty != 0 {
		return false
	}
	if d.Spare != nil && d.Spare(n.label, n.stored(), kafka.Position(at)) {
		return false
	}
	g := d.pages.copyOf(n.platter[i])
	g.data[at%pageSize] ^= 1 << pick.Below(8)
	d.pages.drop(n.platter[i])
	n.platter[i] = g
	n.flags[i] |= lying
	d.rots = append(d.rots, Rotten{n.label, kafka.Position(at), n.lastThrough.covers(int64(at))})
	return true
}
