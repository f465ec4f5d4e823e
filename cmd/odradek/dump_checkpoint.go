package main

import (
	"bufio"
	"io"
	"os"
	"strconv"
	"strings"
)

// textBytesMax bounds the text files that are read whole.
const textBytesMax = 64 << 20

// checkpoint shows Kafka's checkpoint files, which are text: a version, a number
// of entries, then one a line. leader-epoch-checkpoint has "epoch startOffset",
// the others "topic partition offset".
func (d *dump) checkpoint(in *os.File, _ int64) error {
	lines, err := textLines(in)
	if err != nil {
		return err
	}
	if len(lines) == 0 { // Kafka makes the file before there is anything to say
		d.summary("%s", plural(0, "entry"))
		return nil
	}
	if len(lines) < 2 || lines[0] != "0" {
		d.problem(0, "not a checkpoint of version 0")
		return nil
	}
	n, err := strconv.Atoi(lines[1])
	if err != nil || n != len(lines)-2 {
		d.problem(0, "%q entries announced, %d there", lines[1], len(lines)-2)
	}
	last := [2]int64{-1, -1}
	for _, line := range lines[2:] {
		words := strings.Fields(line)
		switch {
		case len(words) == 2 && numeric(words...):
			epoch, _ := strconv.ParseInt(words[0], 10, 32)
			offset, _ := strconv.ParseInt(words[1], 10, 64)
			if epoch <= last[0] || offset < last[1] {
				d.problem(0, "epoch %d at offset %d does not follow epoch %d at %d",
					epoch, offset, last[0], last[1])
			}
			last = [2]int64{epoch, offset}
			d.row("epoch", []int{6, 12}, field{"epoch", epoch}, field{"start offset", offset})
		case len(words) == 3 && numeric(words[1:]...):
			partition, _ := strconv.ParseInt(words[1], 10, 32)
			offset, _ := strconv.ParseInt(words[2], 10, 64)
			d.row("offset", []int{-24, 9, 12}, field{"topic", words[0]},
				field{"partition", partition}, field{"offset", offset})
		default:
			d.problem(0, "%q is no entry", line)
		}
	}
	d.summary("%s", plural(int64(len(lines)-2), "entry"))
	return nil
}

func numeric(words ...string) bool {
	for _, word := range words {
		if _, err := strconv.ParseInt(word, 10, 64); err != nil {
			return false
		}
	}
	return true
}

func textLines(in io.Reader) ([]string, error) {
	var lines []string
	scanner := bufio.NewScanner(io.LimitReader(in, textBytesMax))
	for scanner.Scan() {
		lines = append(lines, scanner.Text())
	}
	return lines, scanner.Err()
}

// text shows a small text file as it is.
func (d *dump) text(in *os.File, _ int64) error {
	lines, err := textLines(in)
	if err != nil {
		return err
	}
	for _, line := range lines {
		d.row("text", []int{-1}, field{"text", line})
	}
	return nil
}
