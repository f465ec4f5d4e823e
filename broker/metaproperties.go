package broker

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/log"
	"odradek/core/task"
)

// metaPropertiesName is the file that says whose log directory this is, under
// Kafka's name and in Kafka's format, so that a directory can move between the
// two brokers.
const metaPropertiesName = "meta.properties"

// metaPropertiesBytesMax bounds what is read of it: four short lines.
const metaPropertiesBytesMax = 64 << 10

// metaProperties identify a log directory. Source: Kafka, MetaProperties v1.
type metaProperties struct {
	clusterID   string
	directoryID kafka.TopicID
	nodeID      kafka.BrokerID
}

// ErrMetaProperties is wrapped by every complaint about the file.
var ErrMetaProperties = errors.New("the log directory's meta.properties can't be used")

// loadMetaProperties reads the file, or writes one for a new directory.
func loadMetaProperties(t *task.Task, w *env.World, nodeID kafka.BrokerID) (metaProperties, error) {
	file, err := w.Disk.Open(metaPropertiesName)
	if errors.Is(err, env.ErrNotExist) {
		if err := checkUnused(w.Disk); err != nil {
			return metaProperties{}, err
		}
		return createMetaProperties(t, w, nodeID)
	}
	if err != nil {
		return metaProperties{}, fmt.Errorf("open %s: %w", metaPropertiesName, err)
	}
	defer file.Close()
	if file.Size() > metaPropertiesBytesMax {
		return metaProperties{}, fmt.Errorf("%w: it is %d bytes long", ErrMetaProperties, file.Size())
	}
	text := make([]byte, file.Size())
	n, err := file.ReadAt(t, text, 0)
	if err != nil {
		return metaProperties{}, fmt.Errorf("read %s: %w", metaPropertiesName, err)
	}
	m, err := parseMetaProperties(string(text[:n]))
	if err != nil {
		return m, err
	}
	if m.nodeID != nodeID {
		return m, fmt.Errorf("%w: it belongs to node.id %d, and this node is %d; "+
			"give this node its own log.dirs, or start it with --node.id %d",
			ErrMetaProperties, m.nodeID, nodeID, m.nodeID)
	}
	return m, nil
}

// checkUnused refuses a directory that has a metadata log and no
// meta.properties: a new cluster id would make somebody else's data its own.
func checkUnused(disk env.Disk) error {
	entries, err := disk.List("")
	if err != nil {
		return fmt.Errorf("list the log directory: %w", err)
	}
	for _, entry := range entries {
		if entry.Name == log.DirName(kafka.MetadataTopic, 0) {
			return fmt.Errorf("%w: it is missing, and the directory has data; put it back, "+
				"or name another directory", ErrMetaProperties)
		}
	}
	return nil
}

func createMetaProperties(
	t *task.Task, w *env.World, nodeID kafka.BrokerID,
) (metaProperties, error) {
	ids := w.Random.Fork("cluster and directory ids")
	m := metaProperties{clusterID: drawID(ids).String(), directoryID: drawID(ids), nodeID: nodeID}
	text := fmt.Sprintf("#\ncluster.id=%s\ndirectory.id=%s\nnode.id=%d\nversion=1\n",
		m.clusterID, m.directoryID, m.nodeID)
	if err := replaceFile(t, w.Disk, metaPropertiesName, []byte(text)); err != nil {
		return m, fmt.Errorf("write %s: %w", metaPropertiesName, err)
	}
	return m, nil
}

// drawID makes a random id that is neither Kafka's reserved ones nor begins
// with a dash, which would trouble command lines. Source: Kafka, Uuid.randomUuid.
func drawID(random env.Random) kafka.TopicID {
	for {
		var id kafka.TopicID
		high, low := random.Uint64(), random.Uint64()
		for i := range 8 {
			id[i], id[8+i] = byte(high>>(8*i)), byte(low>>(8*i))
		}
		id[6] = id[6]&0x0f | 0x40 // version 4
		id[8] = id[8]&0x3f | 0x80 // IETF variant
		if !id.IsZero() && id.String()[0] != '-' {
			return id
		}
	}
}

func parseMetaProperties(text string) (metaProperties, error) {
	var m metaProperties
	values := map[string]string{}
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok {
			return m, fmt.Errorf("%w: the line %q has no '='", ErrMetaProperties, line)
		}
		values[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	if values["version"] != "1" {
		return m, fmt.Errorf("%w: version is %q, not 1", ErrMetaProperties, values["version"])
	}
	m.clusterID = values["cluster.id"]
	if m.clusterID == "" {
		return m, fmt.Errorf("%w: cluster.id is missing", ErrMetaProperties)
	}
	id, err := strconv.ParseInt(values["node.id"], 10, 32)
	if err != nil || id < 0 {
		return m, fmt.Errorf("%w: node.id is %q, not a number from 0",
			ErrMetaProperties, values["node.id"])
	}
	m.nodeID = kafka.BrokerID(id)
	if m.directoryID, err = kafka.ParseTopicID(values["directory.id"]); err != nil {
		return m, fmt.Errorf("%w: directory.id: %w", ErrMetaProperties, err)
	}
	return m, nil
}

// replaceFile gives a small file new contents in one step: after a crash it is
// the old one or the new one, whole.
func replaceFile(t *task.Task, disk env.Disk, name string, contents []byte) error {
	temporary := name + ".tmp"
	if err := disk.Remove(temporary); err != nil && !errors.Is(err, env.ErrNotExist) {
		return err
	}
	file, err := disk.Create(temporary)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := file.WriteAt(contents, 0); err != nil {
		return err
	}
	if err := file.Sync(t); err != nil {
		return err
	}
	if err := disk.Rename(temporary, name); err != nil {
		return err
	}
	dir := ""
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		dir = name[:i]
	}
	return disk.SyncDir(t, dir)
}
