package log

import "odradek/core/kafka"

// BeginEpoch takes note that a new leader begins an epoch at the log's end,
// before it has written anything: followers and consumers that ask where older
// epochs end then get the right answer at once. An epoch that is not above the
// newest changes nothing. It is called by the leader, and does not wait: a crash
// before the first batch forgets it, and the next leader has a higher epoch.
//
// Source: KIP-101; Kafka's Partition.makeLeader, KAFKA-7415.
func (l *Log) BeginEpoch(epoch kafka.LeaderEpoch) {
	if l.failed != nil || epoch <= l.epochs.latest() {
		return
	}
	l.epochs.assign(epoch, l.logEndOffset)
}
