package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// planBytesMax bounds a file of offsets that is read whole: a line for each of a
// million partitions is less.
const planBytesMax = 256 << 20

// plannedOffset is a line of a file of offsets.
type plannedOffset struct {
	topic     string
	partition int32
	offset    int64
}

// readPlan reads the file of --from-file, "-" being standard input.
func readPlan(c *console, path, group string) ([]plannedOffset, error) {
	in, about := c.in, "standard input"
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, fileFault(err)
		}
		defer file.Close()
		in, about = file, path
	}
	plan, err := parsePlan(io.LimitReader(in, planBytesMax), group)
	if err != nil {
		return nil, &fault{sentence: about + ": " + err.Error(), cause: err,
			hint: "a line is TOPIC,PARTITION,OFFSET or GROUP,TOPIC,PARTITION,OFFSET; " +
				"--export writes such a file"}
	}
	return plan, nil
}

// parsePlan reads lines of topic,partition,offset, which are Kafka's own too. A line
// with a fourth field in front is of that group; those of other groups are left out.
func parsePlan(in io.Reader, group string) ([]plannedOffset, error) {
	reader := csv.NewReader(in)
	reader.FieldsPerRecord = -1
	reader.Comment = '#'
	reader.TrimLeadingSpace = true
	var plan []plannedOffset
	others := map[string]bool{}
	seen := map[string]bool{}
	for {
		fields, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		line, _ := reader.FieldPos(0)
		if len(fields) == 4 {
			if fields[0] != group {
				others[fields[0]] = true
				continue
			}
			fields = fields[1:]
		}
		planned, err := parsePlanned(fields)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		about := fmt.Sprintf("%s partition %d", planned.topic, planned.partition)
		if seen[about] {
			return nil, fmt.Errorf("line %d: %s has a line already", line, about)
		}
		seen[about] = true
		plan = append(plan, planned)
	}
	if len(plan) == 0 && len(others) > 0 {
		return nil, fmt.Errorf("it has no offsets of group %s, but of %s", group,
			strings.Join(slices.Sorted(maps.Keys(others)), ", "))
	}
	if len(plan) == 0 {
		return nil, errors.New("it has no offsets")
	}
	return plan, nil
}

func parsePlanned(fields []string) (plannedOffset, error) {
	if len(fields) != 3 {
		return plannedOffset{}, fmt.Errorf("%q has %s", strings.Join(fields, ","),
			plural(int64(len(fields)), "field"))
	}
	partition, err := strconv.ParseUint(strings.TrimSpace(fields[1]), 10, 31)
	if err != nil {
		return plannedOffset{}, fmt.Errorf("%q is no partition", fields[1])
	}
	offset, err := strconv.ParseInt(strings.TrimSpace(fields[2]), 10, 64)
	if err != nil || offset < 0 {
		return plannedOffset{}, fmt.Errorf("%q is no offset", fields[2])
	}
	topic := strings.TrimSpace(fields[0])
	if topic == "" {
		return plannedOffset{}, errors.New("the topic is empty")
	}
	return plannedOffset{topic, int32(partition), offset}, nil
}

// writePlan writes what readPlan reads.
func writePlan(out io.Writer, plan []plannedOffset) error {
	writer := csv.NewWriter(out)
	for _, p := range plan {
		// Errors stay with the writer, until the end.
		_ = writer.Write([]string{p.topic, strconv.Itoa(int(p.partition)),
			strconv.FormatInt(p.offset, 10)})
	}
	writer.Flush()
	return writer.Error()
}

// exportPlan writes a plan to a file, which is whole or is not there, or to standard
// output for "-".
func exportPlan(c *console, path string, plan []plannedOffset) error {
	if path == "-" {
		return writePlan(c.out, plan)
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".offsets-*")
	if err != nil {
		return fileFault(err)
	}
	err = writePlan(file, plan)
	err = errors.Join(err, file.Chmod(0o644), file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		_ = os.Remove(file.Name()) // the error of the write is the one to tell
		return fileFault(err)
	}
	fmt.Fprintf(c.err, "%s written to %s\n", plural(int64(len(plan)), "offset"), path)
	return nil
}
