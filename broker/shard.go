package broker

import (
	"fmt"

	"odradek/broker/fetchsession"
	"odradek/controller"
	"odradek/controller/config"
	"odradek/controller/image"
	"odradek/core/assert"
	"odradek/core/batch"
	"odradek/core/env"
	"odradek/core/journal"
	"odradek/core/kafka"
	"odradek/core/log"
	"odradek/core/task"
)

// idleRequestsMax is how many finished Produce and Fetch structs each shard
// keeps for later requests: as many as are in flight under full load.
const idleRequestsMax = 4096

// keptEntriesMax is up to how many partitions a finished request's lists are
// kept for: one huge request must not leave its memory to the pool.
const keptEntriesMax = 1 << 10

// keptScratchBytesMax is the largest response buffer a shard keeps: one for a
// metadata answer about ten thousand partitions.
const keptScratchBytesMax = 1 << 20

// Shard is one single-threaded part of a broker: it owns some connections and
// some partitions. Nothing of it is touched by another shard; they talk by
// mailbox.
type Shard struct {
	world *env.World
	node  *config.Node
	// static is what the node was started with.
	static *config.Static

	// image is the cluster's metadata as this shard has taken it in: the
	// partitions it owns are open.
	image *image.Image
	topicVersions
	routes  routes
	hosts   map[kafka.TopicPartition]*partition
	journal *journal.Journal
	// logs is where this shard's partitions live.
	logs *log.Home
	// found are the logs that the start found, shared by all shards and only
	// read; each is opened by the shard that owns it.
	found          *log.Recovered
	journalOptions journal.Options
	// cleaner compacts its logs; nil before the node serves, or where it is disabled.
	cleaner *log.Cleaner
	// tell is Config.Tell.
	tell func(news error)
	// codecs is working memory for batches that have to be taken apart.
	codecs *batch.Codecs
	// identity is what the log directory says of itself.
	identity metaProperties
	// controller is on shard 0 only.
	controller *metadataLog
	listeners  []env.Listener
	sessions   sessionList
	// serving is set once the node is ready; early are the connections that
	// came before.
	serving bool
	early   []*session

	fetchSessions *fetchsession.Cache
	sessionIDs    env.Random

	// scratch and chunk are where a response is put together; the connection
	// copies it.
	scratch []byte
	chunk   [1]env.Chunk

	idleProduces  []*produce
	oldestProduce *produce
	newestProduce *produce
	produceSweep  *task.Timer
	// guests are the legs of other shards' requests that wait here.
	guests []*produceLeg
	// delayed are appends that wait for room in the journal, in order.
	delayed []delayedEntry

	idleFetches  []*fetch
	wokenFetches []*fetch
	spareFetches []*fetch
	// fetches counts all that were ever begun: their numbers.
	fetches      uint64
	watchingAway map[uint64]*fetch
	awayWatches  map[unwatchAway]*awayWatch

	// coordinators keep the groups of the offsets partitions that this shard owns. They are
	// ranged over by way of hostIDs only.
	coordinators map[kafka.Partition]*coordinator
	// producerIDs are those that this shard may still give away.
	producerIDs controller.ProducerIDs

	// stopping is set when the node was asked to stop.
	stopping bool
	// offline says which partitions could not be opened, and why.
	offline []error
	// leaving are the topics that are being dropped, while the image still has them.
	leaving []kafka.TopicID
	// takingIn is set while a task opens or drops partitions; see beginTakingIn.
	takingIn bool
	takenIn  task.Signal
	// unopened are those of them that are tried again; see openAgain.
	unopened []kafka.TopicPartition
	// broken is the first failure of the disk, after which nothing is
	// acknowledged.
	broken error
}

func newShard(w *env.World, node *config.Node) *Shard {
	s := &Shard{world: w, node: node, image: image.Empty(),
		routes:       routes{map[string]*topicRoute{}, map[kafka.TopicID]*topicRoute{}},
		hosts:        map[kafka.TopicPartition]*partition{},
		watchingAway: map[uint64]*fetch{},
		awayWatches:  map[unwatchAway]*awayWatch{},
		coordinators: map[kafka.Partition]*coordinator{},
		sessionIDs:   w.Random.Fork("fetch session ids"),
		codecs:       new(batch.Codecs),
	}
	s.produceSweep = w.Loop.NewTimer(s.sweepProduces)
	shards := w.Shards.Count()
	s.fetchSessions = fetchsession.NewCache((node.FetchSessionCacheSlots + shards - 1) / shards)
	w.Loop.AtTurnEnd(s.lookAgainAtWoken)
	w.Shards.Receive(s.receive)
	return s
}

func (s *Shard) index() int { return s.world.Shards.Self() }

// fetchBytesMax is the broker's bound on the records of one response.
func (s *Shard) fetchBytesMax() int64 { return int64(s.node.FetchMaxBytes) }

// receive takes in what another shard sent.
func (s *Shard) receive(_ int, message any) {
	switch m := message.(type) {
	case *produceLeg:
		m.begin(s)
	case produceLegDone:
		m.arrive()
	case produceLate:
		m.arrive()
	case *fetchLeg:
		m.begin(s)
	case fetchLegDone:
		m.arrive()
	case watchAway:
		s.watchFor(m)
	case unwatchAway:
		s.unwatchFor(m)
	case movedAway:
		s.arriveMoved(m)
	case *errand:
		s.runErrand(m)
	case errandDone:
		m.errand.done.Resolve(struct{}{}, nil)
	default:
		assert.Unreachable("every message between shards is known")
	}
}

// answerScratch gives a request the response that scratch holds.
func (s *Shard) answerScratch(k ticket) {
	s.chunk[0].Bytes = s.scratch
	k.answer(s.chunk[:1])
	s.trimScratch()
}

func (s *Shard) trimScratch() {
	if cap(s.scratch) > keptScratchBytesMax {
		s.scratch = nil
	}
}

// diskFailed decides what an error of the disk means. A full disk refuses the
// append and nothing else. After any other failure what is in memory and what
// is on the platter may differ, so the node gives up: nothing more is
// acknowledged, and a restart finds out what is there.
func (s *Shard) diskFailed(err error) {
	if s.broken != nil || isFullDisk(err) {
		return
	}
	s.broken = err
	s.world.Trace.Event("disk failed", err.Error(), int64(s.index()), 0)
	s.world.Halt(fmt.Errorf("the log directory failed: %w", err))
}
