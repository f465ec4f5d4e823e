package kafka

import "strconv"

// ErrorCode is the answer to a client's mistake or to a state it has to wait
// out, as Kafka numbers them. Zero is success. Every code that a request may
// get is documented with the API that gives it.
//
// Source: Kafka protocol guide, error codes.
type ErrorCode int16

// None is success.
const None ErrorCode = 0

// Kafka's error codes, under Kafka's names.
const (
	ErrUnknownServerError                     ErrorCode = -1
	ErrOffsetOutOfRange                       ErrorCode = 1
	ErrCorruptMessage                         ErrorCode = 2
	ErrUnknownTopicOrPartition                ErrorCode = 3
	ErrInvalidFetchSize                       ErrorCode = 4
	ErrLeaderNotAvailable                     ErrorCode = 5
	ErrNotLeaderOrFollower                    ErrorCode = 6
	ErrRequestTimedOut                        ErrorCode = 7
	ErrBrokerNotAvailable                     ErrorCode = 8
	ErrReplicaNotAvailable                    ErrorCode = 9
	ErrMessageTooLarge                        ErrorCode = 10
	ErrStaleControllerEpoch                   ErrorCode = 11
	ErrOffsetMetadataTooLarge                 ErrorCode = 12
	ErrNetworkException                       ErrorCode = 13
	ErrCoordinatorLoadInProgress              ErrorCode = 14
	ErrCoordinatorNotAvailable                ErrorCode = 15
	ErrNotCoordinator                         ErrorCode = 16
	ErrInvalidTopicException                  ErrorCode = 17
	ErrRecordListTooLarge                     ErrorCode = 18
	ErrNotEnoughReplicas                      ErrorCode = 19
	ErrNotEnoughReplicasAfterAppend           ErrorCode = 20
	ErrInvalidRequiredAcks                    ErrorCode = 21
	ErrIllegalGeneration                      ErrorCode = 22
	ErrInconsistentGroupProtocol              ErrorCode = 23
	ErrInvalidGroupID                         ErrorCode = 24
	ErrUnknownMemberID                        ErrorCode = 25
	ErrInvalidSessionTimeout                  ErrorCode = 26
	ErrRebalanceInProgress                    ErrorCode = 27
	ErrInvalidCommitOffsetSize                ErrorCode = 28
	ErrTopicAuthorizationFailed               ErrorCode = 29
	ErrGroupAuthorizationFailed               ErrorCode = 30
	ErrClusterAuthorizationFailed             ErrorCode = 31
	ErrInvalidTimestamp                       ErrorCode = 32
	ErrUnsupportedSASLMechanism               ErrorCode = 33
	ErrIllegalSASLState                       ErrorCode = 34
	ErrUnsupportedVersion                     ErrorCode = 35
	ErrTopicAlreadyExists                     ErrorCode = 36
	ErrInvalidPartitions                      ErrorCode = 37
	ErrInvalidReplicationFactor               ErrorCode = 38
	ErrInvalidReplicaAssignment               ErrorCode = 39
	ErrInvalidConfig                          ErrorCode = 40
	ErrNotController                          ErrorCode = 41
	ErrInvalidRequest                         ErrorCode = 42
	ErrUnsupportedForMessageFormat            ErrorCode = 43
	ErrPolicyViolation                        ErrorCode = 44
	ErrOutOfOrderSequenceNumber               ErrorCode = 45
	ErrDuplicateSequenceNumber                ErrorCode = 46
	ErrInvalidProducerEpoch                   ErrorCode = 47
	ErrInvalidTxnState                        ErrorCode = 48
	ErrInvalidProducerIDMapping               ErrorCode = 49
	ErrInvalidTransactionTimeout              ErrorCode = 50
	ErrConcurrentTransactions                 ErrorCode = 51
	ErrTransactionCoordinatorFenced           ErrorCode = 52
	ErrTransactionalIDAuthorizationFailed     ErrorCode = 53
	ErrSecurityDisabled                       ErrorCode = 54
	ErrOperationNotAttempted                  ErrorCode = 55
	ErrKafkaStorageError                      ErrorCode = 56
	ErrLogDirNotFound                         ErrorCode = 57
	ErrSASLAuthenticationFailed               ErrorCode = 58
	ErrUnknownProducerID                      ErrorCode = 59
	ErrReassignmentInProgress                 ErrorCode = 60
	ErrDelegationTokenAuthDisabled            ErrorCode = 61
	ErrDelegationTokenNotFound                ErrorCode = 62
	ErrDelegationTokenOwnerMismatch           ErrorCode = 63
	ErrDelegationTokenRequestNotAllowed       ErrorCode = 64
	ErrDelegationTokenAuthorizationFailed     ErrorCode = 65
	ErrDelegationTokenExpired                 ErrorCode = 66
	ErrInvalidPrincipalType                   ErrorCode = 67
	ErrNonEmptyGroup                          ErrorCode = 68
	ErrGroupIDNotFound                        ErrorCode = 69
	ErrFetchSessionIDNotFound                 ErrorCode = 70
	ErrInvalidFetchSessionEpoch               ErrorCode = 71
	ErrListenerNotFound                       ErrorCode = 72
	ErrTopicDeletionDisabled                  ErrorCode = 73
	ErrFencedLeaderEpoch                      ErrorCode = 74
	ErrUnknownLeaderEpoch                     ErrorCode = 75
	ErrUnsupportedCompressionType             ErrorCode = 76
	ErrStaleBrokerEpoch                       ErrorCode = 77
	ErrOffsetNotAvailable                     ErrorCode = 78
	ErrMemberIDRequired                       ErrorCode = 79
	ErrPreferredLeaderNotAvailable            ErrorCode = 80
	ErrGroupMaxSizeReached                    ErrorCode = 81
	ErrFencedInstanceID                       ErrorCode = 82
	ErrEligibleLeadersNotAvailable            ErrorCode = 83
	ErrElectionNotNeeded                      ErrorCode = 84
	ErrNoReassignmentInProgress               ErrorCode = 85
	ErrGroupSubscribedToTopic                 ErrorCode = 86
	ErrInvalidRecord                          ErrorCode = 87
	ErrUnstableOffsetCommit                   ErrorCode = 88
	ErrThrottlingQuotaExceeded                ErrorCode = 89
	ErrProducerFenced                         ErrorCode = 90
	ErrResourceNotFound                       ErrorCode = 91
	ErrDuplicateResource                      ErrorCode = 92
	ErrUnacceptableCredential                 ErrorCode = 93
	ErrInconsistentVoterSet                   ErrorCode = 94
	ErrInvalidUpdateVersion                   ErrorCode = 95
	ErrFeatureUpdateFailed                    ErrorCode = 96
	ErrPrincipalDeserializationFailure        ErrorCode = 97
	ErrSnapshotNotFound                       ErrorCode = 98
	ErrPositionOutOfRange                     ErrorCode = 99
	ErrUnknownTopicID                         ErrorCode = 100
	ErrDuplicateBrokerRegistration            ErrorCode = 101
	ErrBrokerIDNotRegistered                  ErrorCode = 102
	ErrInconsistentTopicID                    ErrorCode = 103
	ErrInconsistentClusterID                  ErrorCode = 104
	ErrTransactionalIDNotFound                ErrorCode = 105
	ErrFetchSessionTopicIDError               ErrorCode = 106
	ErrIneligibleReplica                      ErrorCode = 107
	ErrNewLeaderElected                       ErrorCode = 108
	ErrOffsetMovedToTieredStorage             ErrorCode = 109
	ErrFencedMemberEpoch                      ErrorCode = 110
	ErrUnreleasedInstanceID                   ErrorCode = 111
	ErrUnsupportedAssignor                    ErrorCode = 112
	ErrStaleMemberEpoch                       ErrorCode = 113
	ErrMismatchedEndpointType                 ErrorCode = 114
	ErrUnsupportedEndpointType                ErrorCode = 115
	ErrUnknownControllerID                    ErrorCode = 116
	ErrUnknownSubscriptionID                  ErrorCode = 117
	ErrTelemetryTooLarge                      ErrorCode = 118
	ErrInvalidRegistration                    ErrorCode = 119
	ErrTransactionAbortable                   ErrorCode = 120
	ErrInvalidRecordState                     ErrorCode = 121
	ErrShareSessionNotFound                   ErrorCode = 122
	ErrInvalidShareSessionEpoch               ErrorCode = 123
	ErrFencedStateEpoch                       ErrorCode = 124
	ErrInvalidVoterKey                        ErrorCode = 125
	ErrDuplicateVoter                         ErrorCode = 126
	ErrVoterNotFound                          ErrorCode = 127
	ErrInvalidRegularExpression               ErrorCode = 128
	ErrRebootstrapRequired                    ErrorCode = 129
	ErrStreamsInvalidTopology                 ErrorCode = 130
	ErrStreamsInvalidTopologyEpoch            ErrorCode = 131
	ErrStreamsTopologyFenced                  ErrorCode = 132
	ErrShareSessionLimitReached               ErrorCode = 133
	ErrGroupDeletionFailed                    ErrorCode = 134
	ErrStreamsTopologyDescriptionUpdateFailed ErrorCode = 135
	ErrControllerIDNotRegistered              ErrorCode = 136
)

// Error makes a code usable as an error. None is not an error.
func (c ErrorCode) Error() string { return c.String() }

// String returns Kafka's own name of the code.
func (c ErrorCode) String() string {
	index := int(c) + 1
	if index < 0 || index >= len(errorNames) || errorNames[index] == "" {
		return "ERROR_" + strconv.Itoa(int(c))
	}
	return errorNames[index]
}

// errorNames holds the name of code c at index c+1.
//
//tidy:allow package-variable a read-only table, filled at compile time
var errorNames = [...]string{
	0:   "UNKNOWN_SERVER_ERROR",
	1:   "NONE",
	2:   "OFFSET_OUT_OF_RANGE",
	3:   "CORRUPT_MESSAGE",
	4:   "UNKNOWN_TOPIC_OR_PARTITION",
	5:   "INVALID_FETCH_SIZE",
	6:   "LEADER_NOT_AVAILABLE",
	7:   "NOT_LEADER_OR_FOLLOWER",
	8:   "REQUEST_TIMED_OUT",
	9:   "BROKER_NOT_AVAILABLE",
	10:  "REPLICA_NOT_AVAILABLE",
	11:  "MESSAGE_TOO_LARGE",
	12:  "STALE_CONTROLLER_EPOCH",
	13:  "OFFSET_METADATA_TOO_LARGE",
	14:  "NETWORK_EXCEPTION",
	15:  "COORDINATOR_LOAD_IN_PROGRESS",
	16:  "COORDINATOR_NOT_AVAILABLE",
	17:  "NOT_COORDINATOR",
	18:  "INVALID_TOPIC_EXCEPTION",
	19:  "RECORD_LIST_TOO_LARGE",
	20:  "NOT_ENOUGH_REPLICAS",
	21:  "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
	22:  "INVALID_REQUIRED_ACKS",
	23:  "ILLEGAL_GENERATION",
	24:  "INCONSISTENT_GROUP_PROTOCOL",
	25:  "INVALID_GROUP_ID",
	26:  "UNKNOWN_MEMBER_ID",
	27:  "INVALID_SESSION_TIMEOUT",
	28:  "REBALANCE_IN_PROGRESS",
	29:  "INVALID_COMMIT_OFFSET_SIZE",
	30:  "TOPIC_AUTHORIZATION_FAILED",
	31:  "GROUP_AUTHORIZATION_FAILED",
	32:  "CLUSTER_AUTHORIZATION_FAILED",
	33:  "INVALID_TIMESTAMP",
	34:  "UNSUPPORTED_SASL_MECHANISM",
	35:  "ILLEGAL_SASL_STATE",
	36:  "UNSUPPORTED_VERSION",
	37:  "TOPIC_ALREADY_EXISTS",
	38:  "INVALID_PARTITIONS",
	39:  "INVALID_REPLICATION_FACTOR",
	40:  "INVALID_REPLICA_ASSIGNMENT",
	41:  "INVALID_CONFIG",
	42:  "NOT_CONTROLLER",
	43:  "INVALID_REQUEST",
	44:  "UNSUPPORTED_FOR_MESSAGE_FORMAT",
	45:  "POLICY_VIOLATION",
	46:  "OUT_OF_ORDER_SEQUENCE_NUMBER",
	47:  "DUPLICATE_SEQUENCE_NUMBER",
	48:  "INVALID_PRODUCER_EPOCH",
	49:  "INVALID_TXN_STATE",
	50:  "INVALID_PRODUCER_ID_MAPPING",
	51:  "INVALID_TRANSACTION_TIMEOUT",
	52:  "CONCURRENT_TRANSACTIONS",
	53:  "TRANSACTION_COORDINATOR_FENCED",
	54:  "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
	55:  "SECURITY_DISABLED",
	56:  "OPERATION_NOT_ATTEMPTED",
	57:  "KAFKA_STORAGE_ERROR",
	58:  "LOG_DIR_NOT_FOUND",
	59:  "SASL_AUTHENTICATION_FAILED",
	60:  "UNKNOWN_PRODUCER_ID",
	61:  "REASSIGNMENT_IN_PROGRESS",
	62:  "DELEGATION_TOKEN_AUTH_DISABLED",
	63:  "DELEGATION_TOKEN_NOT_FOUND",
	64:  "DELEGATION_TOKEN_OWNER_MISMATCH",
	65:  "DELEGATION_TOKEN_REQUEST_NOT_ALLOWED",
	66:  "DELEGATION_TOKEN_AUTHORIZATION_FAILED",
	67:  "DELEGATION_TOKEN_EXPIRED",
	68:  "INVALID_PRINCIPAL_TYPE",
	69:  "NON_EMPTY_GROUP",
	70:  "GROUP_ID_NOT_FOUND",
	71:  "FETCH_SESSION_ID_NOT_FOUND",
	72:  "INVALID_FETCH_SESSION_EPOCH",
	73:  "LISTENER_NOT_FOUND",
	74:  "TOPIC_DELETION_DISABLED",
	75:  "FENCED_LEADER_EPOCH",
	76:  "UNKNOWN_LEADER_EPOCH",
	77:  "UNSUPPORTED_COMPRESSION_TYPE",
	78:  "STALE_BROKER_EPOCH",
	79:  "OFFSET_NOT_AVAILABLE",
	80:  "MEMBER_ID_REQUIRED",
	81:  "PREFERRED_LEADER_NOT_AVAILABLE",
	82:  "GROUP_MAX_SIZE_REACHED",
	83:  "FENCED_INSTANCE_ID",
	84:  "ELIGIBLE_LEADERS_NOT_AVAILABLE",
	85:  "ELECTION_NOT_NEEDED",
	86:  "NO_REASSIGNMENT_IN_PROGRESS",
	87:  "GROUP_SUBSCRIBED_TO_TOPIC",
	88:  "INVALID_RECORD",
	89:  "UNSTABLE_OFFSET_COMMIT",
	90:  "THROTTLING_QUOTA_EXCEEDED",
	91:  "PRODUCER_FENCED",
	92:  "RESOURCE_NOT_FOUND",
	93:  "DUPLICATE_RESOURCE",
	94:  "UNACCEPTABLE_CREDENTIAL",
	95:  "INCONSISTENT_VOTER_SET",
	96:  "INVALID_UPDATE_VERSION",
	97:  "FEATURE_UPDATE_FAILED",
	98:  "PRINCIPAL_DESERIALIZATION_FAILURE",
	99:  "SNAPSHOT_NOT_FOUND",
	100: "POSITION_OUT_OF_RANGE",
	101: "UNKNOWN_TOPIC_ID",
	102: "DUPLICATE_BROKER_REGISTRATION",
	103: "BROKER_ID_NOT_REGISTERED",
	104: "INCONSISTENT_TOPIC_ID",
	105: "INCONSISTENT_CLUSTER_ID",
	106: "TRANSACTIONAL_ID_NOT_FOUND",
	107: "FETCH_SESSION_TOPIC_ID_ERROR",
	108: "INELIGIBLE_REPLICA",
	109: "NEW_LEADER_ELECTED",
	110: "OFFSET_MOVED_TO_TIERED_STORAGE",
	111: "FENCED_MEMBER_EPOCH",
	112: "UNRELEASED_INSTANCE_ID",
	113: "UNSUPPORTED_ASSIGNOR",
	114: "STALE_MEMBER_EPOCH",
	115: "MISMATCHED_ENDPOINT_TYPE",
	116: "UNSUPPORTED_ENDPOINT_TYPE",
	117: "UNKNOWN_CONTROLLER_ID",
	118: "UNKNOWN_SUBSCRIPTION_ID",
	119: "TELEMETRY_TOO_LARGE",
	120: "INVALID_REGISTRATION",
	121: "TRANSACTION_ABORTABLE",
	122: "INVALID_RECORD_STATE",
	123: "SHARE_SESSION_NOT_FOUND",
	124: "INVALID_SHARE_SESSION_EPOCH",
	125: "FENCED_STATE_EPOCH",
	126: "INVALID_VOTER_KEY",
	127: "DUPLICATE_VOTER",
	128: "VOTER_NOT_FOUND",
	129: "INVALID_REGULAR_EXPRESSION",
	130: "REBOOTSTRAP_REQUIRED",
	131: "STREAMS_INVALID_TOPOLOGY",
	132: "STREAMS_INVALID_TOPOLOGY_EPOCH",
	133: "STREAMS_TOPOLOGY_FENCED",
	134: "SHARE_SESSION_LIMIT_REACHED",
	135: "GROUP_DELETION_FAILED",
	136: "STREAMS_TOPOLOGY_DESCRIPTION_UPDATE_FAILED",
	137: "CONTROLLER_ID_NOT_REGISTERED",
}
