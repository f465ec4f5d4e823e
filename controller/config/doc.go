// Package config is what can be configured: the settings of topics and of
// nodes, their types, defaults, limits and meaning, and how a value is found
// when several places may set it.
//
// The names are Kafka's own where Kafka has the setting. A node's settings come
// from, strongest first:
//
//	flags            --num.partitions 4
//	environment      ODRADEK_NUM_PARTITIONS=4
//	file             num.partitions=4          (Java's properties format)
//	default
//
// and while it runs, some can be changed through the metadata log (KIP-226). A
// topic's setting is the first of
//
//	the topic's own   >  this broker's  >  all brokers'  >  what the node was
//	started with  >  default
//
// where the last four are about another name, the synonym: a topic's
// retention.ms follows a node's log.retention.ms. A group's settings are found the
// same way, and are brought within the node's limits. Each definition is a row of a
// table; the tables also feed DescribeConfigs and the reference pages.
//
// The package never does I/O: text comes in as arguments. It knows nothing of
// requests: package controller turns its errors into answers.
//
// Read definition.go first, then topic.go and node.go, then layers.go; groups.go
// has the settings of groups as plain data. The chapter is docs/chapters/07-controller.md.
package config
