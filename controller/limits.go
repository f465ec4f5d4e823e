package controller

// Limits of what one request and one cluster may ask for.
const (
	// partitionsPerRequestMax bounds the partitions that one request makes, all
	// topics together: they are decided in one step of one loop, and one batch of
	// the metadata log must hold their records. It is Kafka's own limit.
	partitionsPerRequestMax = 10_000
	// partitionsMax bounds the partitions of the cluster: each has a directory,
	// open files and a state in memory on the one node that there is.
	partitionsMax = 200_000
	// topicsPerRequestMax bounds the topics that one request names: what an
	// answer costs grows with it even when nothing is done.
	topicsPerRequestMax = 10_000
	// configValueBytesMax is the longest value of one setting: longer strings
	// cannot be written into the metadata log.
	configValueBytesMax = 1<<15 - 1
)
