// Package journal is the one durable order of events of a shard.
//
// Making 4 KiB durable in each of 32 segment files costs thirty-two flushes;
// making the same bytes durable in one file costs one. So an append goes to
// its segment's page cache, from where readers get it, and into the journal,
// which makes it durable together with everything else that came meanwhile.
// The segments follow lazily, and at boot the journal is replayed for what
// they lack.
//
// What it must never do: acknowledge before WriteThrough returned nil; try a
// failed write or sync again (the pages may be gone: the journal stops for
// good); take a recycled block for a new one; cut off a damaged commit that
// has others behind it; wait in Append; grow while the disk is full.
//
// # Files
//
//	journal/base     what the run began with: one State for each log
//	journal/0-1      shard 0's files, preallocated and recycled; the numbers
//	journal/0-2      say nothing about their order, the generations inside do
//	journal/1-1      shard 1's
//	odradek.journal-needed
//	                 outside of the directory, while a node serves: names the run,
//	                 so that the journal's absence is noticed
//
// A run lasts from one recovery to the next. Begin writes the base of the next
// run in one step (write, sync, rename, sync of the directory); from then on
// the journals of the run before count no more, and their files are recycled.
//
//	          give up: every log that needs the file syncs
//	          its segments and appends a State
//	   +------------------------------------------------------+
//	   v                                                      |
//	[ready] --> [current: generation g] --> [used: g-1] [used: g-2]
//
// # Frames
//
// A group commit is one frame: a header, entries, zeros up to a whole block.
// All integers are little-endian, as nobody else reads them.
//
//	block 0                                      block n
//	+--------+-------+-------+--- ... ---+-------+---------+----------+
//	| header | entry | entry |           | entry | padding | next ... |
//	+--------+-------+-------+--- ... ---+-------+---------+----------+
//
//	header, 64 bytes:                     entry header, 48 bytes:
//	 0 magic       uint64                  0 kind        uint32
//	 8 run         uint64                  4 length      uint32  of the data
//	16 generation  uint64  of the file     8 topic id    16 bytes
//	24 sequence    uint64  first entry's  24 partition   uint64
//	32 oldest      uint64  generation     32 base        int64
//	40 shard       uint32  still needed   40 position    int64
//	44 entries     uint32                 48 data
//	48 length      uint32  of the entries
//	52 payload crc uint32  CRC-32C        base header, 64 bytes:
//	56 next        uint32                  0 magic, 8 run, 16 salt,
//	60 header crc  uint32  CRC-32C of     24 length      uint64
//	     the run's salt and bytes 0-59    32 shards      uint32
//	                                      36 entries     uint32
//	                                      40 zeros, 60 crc uint32 of the rest
//
// A block belongs to the journal's present use of a file only if run, shard,
// generation and sequence are the ones expected and the checksum is right
// under the run's salt. The salt is random and never leaves the disk, so that
// no client can put bytes into a record that pass for a frame.
//
// A frame without entries and with a next ends a file: next is the number in the
// name of the file that goes on. It is durable before that file is begun.
//
// # What ends a journal
//
// One commit is under way at a time. So after a crash only the last frame can
// be torn, and nobody was told of it: it is left out. Any newer frame behind a
// damaged one, and any generation or sequence that is missing, means that
// something durable was damaged: ErrCorrupt, and nothing is cut.
//
// Damage to the very last frame looks as if it had been torn. So after a second
// of quiet, and when the journal is closed, a frame with Nothing in it seals the
// one before. What can't be told apart is damage to a frame that was not sealed
// yet when the node crashed.
//
// A start reads the files that hold what is needed, the rest of the newest one,
// and of all others only the first block: where no mark says that another file
// goes on, there is nothing newer to be found.
//
// # Invariants
//
//   - committed <= appended; both only rise; Owner.Flushed is told nothing that
//     is not committed.
//   - a used file is given up only when every log that may need it has a newer
//     State; the State is durable before a frame says so, and such a frame is
//     durable before the file is overwritten.
//   - there is always room left for those States: Ready refuses data before.
//   - giving files up makes room, whatever the size of the States: room.go.
//
// Read journal.go first, then commit.go, files.go, room.go and replay.go. The chapter is
// docs/chapters/03-crashes.md.
package journal
