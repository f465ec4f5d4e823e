package wire

import (
	"fmt"
	"strings"
)

// The keys of the APIs this broker serves, under Kafka's names.
const (
	KeyProduce                    int16 = 0
	KeyFetch                      int16 = 1
	KeyListOffsets                int16 = 2
	KeyMetadata                   int16 = 3
	KeyOffsetCommit               int16 = 8
	KeyOffsetFetch                int16 = 9
	KeyFindCoordinator            int16 = 10
	KeyJoinGroup                  int16 = 11
	KeyHeartbeat                  int16 = 12
	KeyLeaveGroup                 int16 = 13
	KeySyncGroup                  int16 = 14
	KeyDescribeGroups             int16 = 15
	KeyListGroups                 int16 = 16
	KeyAPIVersions                int16 = 18
	KeyCreateTopics               int16 = 19
	KeyDeleteTopics               int16 = 20
	KeyDeleteRecords              int16 = 21
	KeyInitProducerID             int16 = 22
	KeyOffsetForLeaderEpoch       int16 = 23
	KeyDescribeConfigs            int16 = 32
	KeyAlterConfigs               int16 = 33
	KeyDescribeLogDirs            int16 = 35
	KeyCreatePartitions           int16 = 37
	KeyDeleteGroups               int16 = 42
	KeyIncrementalAlterConfigs    int16 = 44
	KeyListPartitionReassignments int16 = 46
	KeyOffsetDelete               int16 = 47
	KeyDescribeCluster            int16 = 60
	KeyDescribeProducers          int16 = 61
	KeyConsumerGroupHeartbeat     int16 = 68
	KeyConsumerGroupDescribe      int16 = 69
	KeyListConfigResources        int16 = 74
	KeyDescribeTopicPartitions    int16 = 75
)

// API is one row of the table of what this broker serves.
type API struct {
	// Key is the API's number on the wire.
	Key int16
	// Name is Kafka's name of the API.
	Name string
	// Min and Max are the versions that ApiVersions advertises, both inclusive.
	Min, Max int16
	// ServedFrom is the first version that is really answered. It is Min for
	// every API but Produce: see the notes there.
	ServedFrom int16
	// FlexibleFrom is the first version with compact encodings and tags
	// (KIP-482).
	FlexibleFrom int16
	// Notes says what the versions brought, for the generated reference.
	Notes string
}

// Serves reports whether requests of the version are answered.
func (a *API) Serves(version int16) bool { return a.ServedFrom <= version && version <= a.Max }

// Flexible reports whether the version has compact encodings and tags.
func (a *API) Flexible(version int16) bool { return version >= a.FlexibleFrom }

// apis holds the row of key k at index k; a row without a name is not served.
// A range is the widest that the broker answers as Kafka 4.3 would (ApiVersions
// 5 is of 4.4), and never wider than kmsg's.
//
//tidy:allow package-variable a read-only table, filled at compile time
var apis = [...]API{
	KeyProduce: {
		Name: "Produce", Min: 0, Max: 13, ServedFrom: 3, FlexibleFrom: 9,
		Notes: "0-2 are advertised and refused, as Kafka does: librdkafka before 2.11 stops " +
			"compressing when they are missing (KAFKA-18659). v3 record batch v2, v7 zstd " +
			"(KIP-110), v8 per-record errors (KIP-467), v10 leader hints (KIP-951), v12 " +
			"transactions of KIP-890, v13 topic ids (KIP-516).",
	},
	KeyFetch: {
		Name: "Fetch", Min: 4, Max: 18, ServedFrom: 4, FlexibleFrom: 12,
		Notes: "v4 isolation level (KIP-98), v5 log start offset (KIP-107), v7 sessions " +
			"(KIP-227), v9 leader epoch (KIP-320), v10 zstd (KIP-110), v11 rack (KIP-392), " +
			"v12 diverging epoch (KIP-595), v13 topic ids (KIP-516), v14 tiered storage " +
			"(KIP-405), v15 replica epoch (KIP-903), v16 leader hints (KIP-951), v17 " +
			"directory id (KIP-853), v18 the follower's high watermark (KIP-1166).",
	},
	KeyListOffsets: {
		Name: "ListOffsets", Min: 1, Max: 11, ServedFrom: 1, FlexibleFrom: 6,
		Notes: "v2 isolation level (KIP-98), v4 leader epoch (KIP-320), v7 offset of the " +
			"largest timestamp (KIP-734), v8 earliest local (KIP-405), v9 latest tiered " +
			"(KIP-1005), v10 time-out (KIP-1075), v11 earliest pending upload (KIP-1023).",
	},
	KeyMetadata: {
		Name: "Metadata", Min: 0, Max: 13, ServedFrom: 0, FlexibleFrom: 9,
		Notes: "v0: no topics means all; v1: null means all. v4 auto-creation flag, v5 " +
			"offline replicas (KIP-112), v7 leader epoch (KIP-320), v8 authorized " +
			"operations (KIP-430), v10 topic ids (KIP-516), v12 topics by id, v13 top-level " +
			"error (KIP-1102).",
	},
	KeyOffsetCommit: {
		Name: "OffsetCommit", Min: 2, Max: 10, ServedFrom: 2, FlexibleFrom: 8,
		Notes: "v5 no retention time of its own (KIP-211), v6 leader epoch (KIP-320), v7 static " +
			"members (KIP-345), v9 consumer protocol (KIP-848), v10 topic ids.",
	},
	KeyOffsetFetch: {
		Name: "OffsetFetch", Min: 1, Max: 10, ServedFrom: 1, FlexibleFrom: 6,
		Notes: "v2 null means all topics, v5 leader epoch (KIP-320), v7 stable offsets only " +
			"(KIP-447), v8 several groups (KIP-709), v9 consumer protocol (KIP-848), v10 topic ids.",
	},
	KeyFindCoordinator: {
		Name: "FindCoordinator", Min: 0, Max: 6, ServedFrom: 0, FlexibleFrom: 3,
		Notes: "v1 coordinator type (KIP-98), v4 many keys at once (KIP-699), v5 new error " +
			"of KIP-890, v6 share groups (KIP-932).",
	},
	KeyJoinGroup: {
		Name: "JoinGroup", Min: 0, Max: 9, ServedFrom: 0, FlexibleFrom: 6,
		Notes: "v1 rebalance time-out, v4 the member's id comes before it joins (KIP-394), v5 " +
			"static members (KIP-345), v7 protocol type (KIP-559), v8 reason (KIP-800), v9 the " +
			"leader may leave the assignment as it is (KIP-814).",
	},
	KeyHeartbeat: {
		Name: "Heartbeat", Min: 0, Max: 4, ServedFrom: 0, FlexibleFrom: 4,
		Notes: "v3 static members (KIP-345).",
	},
	KeyLeaveGroup: {
		Name: "LeaveGroup", Min: 0, Max: 5, ServedFrom: 0, FlexibleFrom: 4,
		Notes: "v3 several members, also by instance id (KIP-345), v5 reason (KIP-800).",
	},
	KeySyncGroup: {
		Name: "SyncGroup", Min: 0, Max: 5, ServedFrom: 0, FlexibleFrom: 4,
		Notes: "v3 static members (KIP-345), v5 protocol type and name (KIP-559).",
	},
	KeyDescribeGroups: {
		Name: "DescribeGroups", Min: 0, Max: 6, ServedFrom: 0, FlexibleFrom: 5,
		Notes: "v3 authorized operations (KIP-430), v4 instance ids (KIP-345), v6 " +
			"GROUP_ID_NOT_FOUND and a message (KIP-1043).",
	},
	KeyListGroups: {
		Name: "ListGroups", Min: 0, Max: 5, ServedFrom: 0, FlexibleFrom: 3,
		Notes: "v4 by state (KIP-518), v5 by type (KIP-848).",
	},
	KeyAPIVersions: {
		Name: "ApiVersions", Min: 0, Max: 5, ServedFrom: 0, FlexibleFrom: 3,
		Notes: "v3 client's name and features (KIP-511, KIP-584), v4 features from level 0 " +
			"(KIP-1022), v5 the client says which cluster and node it expects (KIP-1242). " +
			"An unknown version is answered in v0 with UNSUPPORTED_VERSION.",
	},
	KeyCreateTopics: {
		Name: "CreateTopics", Min: 2, Max: 7, ServedFrom: 2, FlexibleFrom: 5,
		Notes: "v4 defaults of the broker by -1 (KIP-464), v5 the configuration in the " +
			"answer (KIP-525), v6 quota error (KIP-599), v7 topic id (KIP-516).",
	},
	KeyDeleteTopics: {
		Name: "DeleteTopics", Min: 1, Max: 6, ServedFrom: 1, FlexibleFrom: 4,
		Notes: "v5 error message and quota error (KIP-599), v6 topics by id (KIP-516).",
	},
	KeyDeleteRecords: {
		Name: "DeleteRecords", Min: 0, Max: 2, ServedFrom: 0, FlexibleFrom: 2,
		Notes: "Offset -1 is the high watermark (KIP-107).",
	},
	KeyInitProducerID: {
		Name: "InitProducerId", Min: 0, Max: 5, ServedFrom: 0, FlexibleFrom: 2,
		Notes: "v3 the producer's present id and epoch (KIP-360), v4 PRODUCER_FENCED, v5 " +
			"new error of KIP-890.",
	},
	KeyOffsetForLeaderEpoch: {
		Name: "OffsetForLeaderEpoch", Min: 2, Max: 4, ServedFrom: 2, FlexibleFrom: 4,
		Notes: "The end offset of a leader epoch (KIP-101, KIP-279); v2 fencing by epoch " +
			"(KIP-320), v3 replica id (KIP-392).",
	},
	KeyDescribeConfigs: {
		Name: "DescribeConfigs", Min: 1, Max: 4, ServedFrom: 1, FlexibleFrom: 4,
		Notes: "v1 synonyms (KIP-226), v3 type and documentation (KIP-569).",
	},
	KeyAlterConfigs: {
		Name: "AlterConfigs", Min: 0, Max: 2, ServedFrom: 0, FlexibleFrom: 2,
		Notes: "Replaces the whole configuration of a resource (KIP-133).",
	},
	KeyDescribeLogDirs: {
		Name: "DescribeLogDirs", Min: 1, Max: 5, ServedFrom: 1, FlexibleFrom: 2,
		Notes: "v3 top-level error (KIP-784), v4 total and usable bytes (KIP-827), v5 " +
			"cordoned directories (KIP-1066).",
	},
	KeyCreatePartitions: {
		Name: "CreatePartitions", Min: 0, Max: 3, ServedFrom: 0, FlexibleFrom: 2,
		Notes: "v3 quota error (KIP-599).",
	},
	KeyDeleteGroups: {
		Name: "DeleteGroups", Min: 0, Max: 3, ServedFrom: 0, FlexibleFrom: 2,
		Notes: "KIP-229; v3 message (KIP-1331).",
	},
	KeyIncrementalAlterConfigs: {
		Name: "IncrementalAlterConfigs", Min: 0, Max: 1, ServedFrom: 0, FlexibleFrom: 1,
		Notes: "Sets, deletes, appends to or subtracts from single keys (KIP-339).",
	},
	KeyListPartitionReassignments: {
		Name: "ListPartitionReassignments", Min: 0, Max: 0, ServedFrom: 0, FlexibleFrom: 0,
		Notes: "KIP-455.",
	},
	KeyOffsetDelete: {
		Name: "OffsetDelete", Min: 0, Max: 0, ServedFrom: 0, FlexibleFrom: 1,
		Notes: "KIP-496.",
	},
	KeyDescribeCluster: {
		Name: "DescribeCluster", Min: 0, Max: 2, ServedFrom: 0, FlexibleFrom: 0,
		Notes: "v1 endpoint type (KIP-919), v2 fenced brokers (KIP-1073).",
	},
	KeyDescribeProducers: {
		Name: "DescribeProducers", Min: 0, Max: 0, ServedFrom: 0, FlexibleFrom: 0,
		Notes: "KIP-664.",
	},
	KeyConsumerGroupHeartbeat: {
		Name: "ConsumerGroupHeartbeat", Min: 0, Max: 1, ServedFrom: 0, FlexibleFrom: 0,
		Notes: "KIP-848; v1 the member makes its own id (KIP-1082), regular expressions.",
	},
	KeyConsumerGroupDescribe: {
		Name: "ConsumerGroupDescribe", Min: 0, Max: 1, ServedFrom: 0, FlexibleFrom: 0,
		Notes: "KIP-848; v1 each member's protocol (KIP-1099).",
	},
	KeyListConfigResources: {
		Name: "ListConfigResources", Min: 0, Max: 1, ServedFrom: 0, FlexibleFrom: 0,
		Notes: "v0 lists client metrics resources only (KIP-714), v1 by type (KIP-1142).",
	},
	KeyDescribeTopicPartitions: {
		Name: "DescribeTopicPartitions", Min: 0, Max: 0, ServedFrom: 0, FlexibleFrom: 0,
		Notes: "Describes topics page by page (KIP-966).",
	},
}

// lookup returns the row of a key, or nil when the API is not served.
func lookup(key int16) *API {
	if key < 0 || int(key) >= len(apis) || apis[key].Name == "" {
		return nil
	}
	return &apis[key]
}

// Lookup returns the row of a key, and whether the API is served at all.
func Lookup(key int16) (API, bool) {
	row := lookup(key)
	if row == nil {
		return API{}, false
	}
	api := *row
	api.Key = key
	return api, true
}

// Table returns all rows in the order of their keys, in a slice of the
// caller's own. It is what ApiVersions advertises.
func Table() []API {
	var table []API
	for key := range apis {
		if api, served := Lookup(int16(key)); served {
			table = append(table, api)
		}
	}
	return table
}

// RenderTable writes the table as Markdown, for the generated reference.
func RenderTable() string {
	var out strings.Builder
	out.WriteString("| Key | API | Versions | Flexible from | Notes |\n")
	out.WriteString("|---:|---|---|---:|---|\n")
	for _, api := range Table() {
		versions := fmt.Sprintf("%d-%d", api.Min, api.Max)
		if api.Min == api.Max {
			versions = fmt.Sprintf("%d", api.Min)
		}
		fmt.Fprintf(&out, "| %d | %s | %s | %d | %s |\n",
			api.Key, api.Name, versions, api.FlexibleFrom, api.Notes)
	}
	return out.String()
}
