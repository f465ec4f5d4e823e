package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func dumpLogCommand(c *console) *cobra.Command {
	d := &dump{console: c}
	command := &cobra.Command{
		Use:   "dump-log (FILE | DIRECTORY)... [flags]",
		Short: "Show and verify the files of a partition",
		Long: `Show what is in the files of a partition, ours or Apache Kafka's, and verify it: lengths,
checksums, the order of offsets, what indexes point at. A directory stands for its files.

It reads .log, .checkpoint (a metadata snapshot), .index, .timeindex, .txnindex, .snapshot
(producers) and the checkpoint files. It needs no broker, and does not disturb one. The exit
status is 1 if something is wrong. The end of a log that is being written may look torn.

Records of __cluster_metadata and __consumer_offsets are shown by what they mean: those of the
latter say what groups there are, who is in them and what they committed.

In a pipe each line is tab-separated and begins with its kind: batch, record, index, ...`,
		Example: example(
			"odradek dump-log odradek-data/orders-0",
			"odradek dump-log odradek-data/orders-0/00000000000000000000.log --records",
			"odradek dump-log --verify odradek-data/*-*     # only what is wrong, and a summary",
			"odradek dump-log odradek-data/__cluster_metadata-0 --records --json",
			"odradek dump-log odradek-data/__consumer_offsets-3 --records",
		),
		Args: wants(1, -1, "the files or directories to show"),
		RunE: func(_ *cobra.Command, args []string) error { return d.run(args) },
	}
	flags := command.Flags()
	flags.BoolVarP(&d.records, "records", "r", false, "show the records of each batch")
	flags.BoolVar(&d.full, "full", false, "don't shorten keys and values")
	flags.BoolVar(&d.verify, "verify", false,
		"only verify, records too; show what is wrong and a summary")
	flags.BoolVar(&d.offsetsDecoder, "offsets-decoder", false,
		"show records, as those of __consumer_offsets wherever they lie")
	d.asJSON = jsonFlag(command)
	return command
}

// dump is one run of dump-log.
type dump struct {
	console *console
	records bool
	full    bool
	verify  bool
	asJSON  *bool
	// offsetsDecoder is set to read records as those of __consumer_offsets, whatever the
	// name of the directory.
	offsetsDecoder bool

	out      *bufio.Writer
	file     string // being shown
	titled   string // the kind of rows whose titles were shown last
	problems int
}

func (d *dump) run(paths []string) error {
	d.out = bufio.NewWriterSize(d.console.out, sinkBuffer)
	d.records = d.records || d.offsetsDecoder
	files, err := d.expand(paths)
	if err != nil {
		return err
	}
	for i, file := range files {
		if i > 0 && d.forPeople() && !d.verify {
			fmt.Fprintln(d.out)
		}
		d.file, d.titled = file, ""
		if err := d.show(file); err != nil {
			return errors.Join(fileFault(err), d.out.Flush())
		}
	}
	if err := d.out.Flush(); err != nil {
		return err
	}
	if d.problems > 0 {
		return &fault{sentence: plural(int64(d.problems), "problem") + " found",
			hint: "a broker that was killed mends the end of its logs when it starts"}
	}
	return nil
}

// forPeople reports whether the output is for a terminal.
func (d *dump) forPeople() bool { return d.console.outTerminal && !*d.asJSON }

// expand replaces directories by the files in them that can be shown.
func (d *dump) expand(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fileFault(err)
		}
		if !info.IsDir() {
			if readerFor(path) == nil {
				return nil, &fault{sentence: path + " is no file of a log by its name",
					hint: "`odradek dump-log --help` lists the kinds of files it reads"}
			}
			files = append(files, path)
			continue
		}
		found, err := readable(path)
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	return files, nil
}

// readable lists the files of a directory that can be shown, in order of name.
func readable(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fileFault(err)
	}
	var files []string
	for _, entry := range entries {
		if path := filepath.Join(dir, entry.Name()); !entry.IsDir() && readerFor(path) != nil {
			files = append(files, path)
		}
	}
	if len(files) == 0 {
		return nil, &fault{sentence: "there is no file of a log in " + dir,
			hint: "name a partition's directory, as odradek-data/orders-0"}
	}
	slices.Sort(files)
	return files, nil
}

// readerFor finds how to read a file by its name, nil if it is none of ours.
func readerFor(path string) func(d *dump, in *os.File, size int64) error {
	name := strings.TrimSuffix(filepath.Base(path), ".deleted")
	switch filepath.Ext(name) {
	case ".log":
		return (*dump).segment
	case ".index":
		return (*dump).offsetIndex
	case ".timeindex":
		return (*dump).timeIndex
	case ".txnindex":
		return (*dump).transactionIndex
	case ".snapshot":
		return (*dump).producerSnapshot
	case ".checkpoint":
		return (*dump).segment
	}
	switch {
	case strings.HasSuffix(name, "-checkpoint"):
		return (*dump).checkpoint
	case name == "partition.metadata", name == "meta.properties", name == "quorum-state":
		return (*dump).text
	}
	return nil
}

func (d *dump) show(path string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	if d.forPeople() && !d.verify {
		fmt.Fprintf(d.out, "%s (%s)\n", path, byteSize(info.Size()))
	}
	return readerFor(path)(d, in, info.Size())
}

// problem reports something wrong in the current file. It does not end the run.
func (d *dump) problem(at int64, format string, args ...any) {
	d.problems++
	sentence := fmt.Sprintf(format, args...)
	if *d.asJSON {
		d.json("problem", []field{{"position", at}, {"problem", sentence}})
		return
	}
	// Not through d.out: it belongs to the person, wherever the rows go.
	_ = d.out.Flush()
	fmt.Fprintf(d.console.err, "%s: at byte %d: %s\n", d.file, at, sentence)
}
