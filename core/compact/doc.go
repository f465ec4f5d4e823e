// Package compact decides which records of a compacted log stay: for each key the
// newest one, and what must be remembered beside. It is pure: batches in, batches
// out. Package log reads and writes the files, and swaps them.
//
//	        cleaned before            dirty                    not to be touched
//	log   | a1 b1 c1 . . d1 | a2 c2(tombstone) a3 e1 | b2 ... the active segment
//	                        ^                        ^
//	                        firstDirty               end
//
//	pass 1, KeyMap:  a -> a3, c -> c2, e -> e1       of the dirty records only
//	pass 2, Thin:    b1 d1 c2 a3 e1                  from the log's start to end
//
// A record stays if it is not below end (the map knows nothing of it), or if it is
// its key's newest and no tombstone whose time is over. A tombstone is given its
// time when a pass first finds it to be its key's newest: from then on it stays for
// delete.retention.ms, so that who is reading learns of the deletion (KIP-534).
//
// A batch without records stays, empty, if the caller says that its place matters:
// the last one of an active producer, and the last one there is.
//
// What it must never do: drop a record that it could not read, or one whose key has
// no newer record below end; move a record, or change its time; allocate by the
// number of keys beyond the KeyMap's limit; keep a key.
//
// # Transactions
//
// Control batches are never matched by key. Whether a transaction was aborted is
// not known here yet. So a transaction's records replace no others, and its tombstones
// stay; that a newer record replaces them is right in either case. A marker stays as
// long as its transaction has left a batch in the log. Then it gets a delete horizon
// as a tombstone does, and goes when that is over.
//
// Read keymap.go first, then thin.go. The chapter is
// docs/chapters/14-retention-and-compaction.md. Sources: Kafka's Cleaner,
// SkimpyOffsetMap, CleanedTransactionMetadata; KIP-534, KIP-58, KIP-354.
package compact
