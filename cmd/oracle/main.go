package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"odradek/jepsen/oracle"

	"github.com/spf13/cobra"
)

func main() {
	root := &cobra.Command{
		Use:           "oracle",
		Short:         "compare a broker's answers with Apache Kafka's",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(recordCommand(), compareCommand(), playCommand(), settingsCommand())
	if err := root.Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(1)
	}
}

// target is what the commands that talk to a broker have in common.
type target struct {
	bootstrap string
	tag       string
}

func (t *target) flags(command *cobra.Command) {
	command.Flags().StringVar(&t.bootstrap, "bootstrap", "127.0.0.1:9092", "the broker's host:port")
	command.Flags().StringVar(&t.tag, "tag", "",
		"a word for the topic names, to play the scripts again on a broker that has seen them")
}

// play runs the named scripts, all of them if there are none, in order.
func (t *target) play(names []string, each func(name, transcript string) error) error {
	if len(names) == 0 {
		names = oracle.Names()
	}
	for _, name := range names {
		script, err := oracle.Load(name)
		if err != nil {
			return err
		}
		transcript, err := oracle.RunAgain(script, t.tag, tcpTransport{t.bootstrap})
		if err != nil {
			return fmt.Errorf("%w\nafter:\n%s", err, transcript)
		}
		if err := each(name, transcript); err != nil {
			return err
		}
	}
	return nil
}

func recordCommand() *cobra.Command {
	var from target
	var dir string
	command := &cobra.Command{
		Use:   "record [script...]",
		Short: "write the transcripts of a fresh Apache Kafka into the repository",
		RunE: func(command *cobra.Command, names []string) error {
			return from.play(names, func(name, transcript string) error {
				path := filepath.Join(dir, name+".txt")
				fmt.Fprintln(command.OutOrStdout(), "writing", path)
				return os.WriteFile(path, []byte(transcript), 0o644)
			})
		},
	}
	from.flags(command)
	command.Flags().StringVar(&dir, "dir", filepath.FromSlash("jepsen/oracle/testdata/kafka"),
		"where the transcripts go")
	return command
}

func compareCommand() *cobra.Command {
	var to target
	command := &cobra.Command{
		Use:   "compare [script...]",
		Short: "print where a broker answers otherwise than Kafka and no reason is listed",
		RunE: func(command *cobra.Command, names []string) error {
			var unlisted int
			comparison, err := oracle.NewComparison()
			if err != nil {
				return err
			}
			err = to.play(names, func(name, transcript string) error {
				differences, err := comparison.Add(name, transcript)
				for _, d := range differences {
					fmt.Fprint(command.OutOrStdout(), d)
				}
				unlisted += len(differences)
				return err
			})
			if err != nil {
				return err
			}
			stale := comparison.Stale()
			for _, entry := range stale {
				fmt.Fprintln(command.OutOrStdout(), "listed, but not seen:", entry)
			}
			if unlisted+len(stale) > 0 {
				return fmt.Errorf("%d exchanges differ, %d listed differences are stale", unlisted, len(stale))
			}
			return nil
		},
	}
	to.flags(command)
	return command
}

func playCommand() *cobra.Command {
	var at target
	var file string
	command := &cobra.Command{
		Use:   "play [script...]",
		Short: "print the transcripts of a broker",
		RunE: func(command *cobra.Command, names []string) error {
			if file != "" {
				return playFile(command, at, file)
			}
			return at.play(names, func(_, transcript string) error {
				_, err := fmt.Fprint(command.OutOrStdout(), transcript)
				return err
			})
		},
	}
	at.flags(command)
	command.Flags().StringVar(&file, "file", "", "play a script from this file instead")
	return command
}

// playFile plays a script that is not in the repository yet.
func playFile(command *cobra.Command, at target, file string) error {
	source, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	script, err := oracle.Parse(strings.TrimSuffix(filepath.Base(file), ".txt"), string(source))
	if err != nil {
		return err
	}
	transcript, err := oracle.RunAgain(script, at.tag, tcpTransport{at.bootstrap})
	_, printed := fmt.Fprint(command.OutOrStdout(), transcript)
	return errors.Join(err, printed)
}

func settingsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "settings",
		Short: "print the broker settings under which the transcripts were recorded",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(command.OutOrStdout(), oracle.Settings)
			return err
		},
	}
}
