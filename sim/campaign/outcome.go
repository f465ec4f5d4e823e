package campaign

import "odradek/core/kafka"

// refusesProduce reports whether an error proves that the batch is not in the
// log and will not be. What is not listed leaves it open: the batch may have
// been appended before the error came about. Getting this table wrong makes
// every check lie; see docs/chapters/12-checking-histories.md.
func refusesProduce(code kafka.ErrorCode) bool {
	switch code {
	case kafka.ErrCorruptMessage, kafka.ErrUnknownTopicOrPartition, kafka.ErrUnknownTopicID,
		kafka.ErrMessageTooLarge, kafka.ErrRecordListTooLarge, kafka.ErrInvalidRecord,
		kafka.ErrInvalidTimestamp, kafka.ErrUnsupportedCompressionType,
		kafka.ErrInvalidRequiredAcks, kafka.ErrInvalidProducerEpoch,
		kafka.ErrOutOfOrderSequenceNumber, kafka.ErrInvalidProducerIDMapping,
		kafka.ErrInvalidTxnState, kafka.ErrNotEnoughReplicas, kafka.ErrInvalidTopicException,
		kafka.ErrUnsupportedForMessageFormat, kafka.ErrInvalidRequest:
		return true
	}
	return false
}

// retriesProduce reports whether a real client sends a batch again after an
// error. Source: Kafka's RetriableException.
func retriesProduce(code kafka.ErrorCode) bool {
	switch code {
	case kafka.ErrRequestTimedOut, kafka.ErrNotLeaderOrFollower, kafka.ErrKafkaStorageError,
		kafka.ErrNotEnoughReplicas, kafka.ErrNotEnoughReplicasAfterAppend,
		kafka.ErrNetworkException, kafka.ErrLeaderNotAvailable, kafka.ErrCorruptMessage,
		kafka.ErrUnknownServerError:
		return true
	}
	return false
}

// refusesChange reports whether an error of an API that changes metadata, or
// deletes records, proves that nothing was changed.
func refusesChange(code kafka.ErrorCode) bool {
	switch code {
	case kafka.ErrUnknownServerError, kafka.ErrRequestTimedOut, kafka.ErrKafkaStorageError,
		kafka.ErrNetworkException, kafka.ErrNotLeaderOrFollower, kafka.ErrNotController,
		kafka.ErrBrokerNotAvailable:
		return false
	}
	return code != kafka.None
}
