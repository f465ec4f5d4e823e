package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"odradek/controller/config"
)

// shownSettings are those that a newcomer may want; the help lists them, and
// --settings all others.
var shownSettings = []string{
	config.Listeners, config.AdvertisedListeners, config.LogDirs, config.NodeID, config.NumPartitions,
	config.AutoCreateTopicsEnable, config.FlushPolicy, config.Shards, "log.retention.hours",
	"log.retention.bytes", "log.segment.bytes", "message.max.bytes",
}

// serveCommand runs a broker.
func serveCommand(c *console) *cobra.Command {
	var file string
	var all bool
	var given []config.Entry
	command := &cobra.Command{
		Use:   "serve [--config FILE] [--SETTING VALUE ...]",
		Short: "Run a broker",
		Long: `Run a broker. Without any flag it listens on 127.0.0.1:9092 and keeps its data in
./odradek-data, which it makes if it is missing. Ctrl-C stops it cleanly.

Every setting is a flag under Kafka's name, a line of the properties file that --config
names, or an environment variable (num.partitions is ODRADEK_NUM_PARTITIONS); a flag wins
over the environment, the environment over the file.`,
		Example: example(
			"odradek serve",
			"odradek serve --listeners PLAINTEXT://0.0.0.0:9092 --log.dirs /var/lib/odradek",
			"odradek serve --config server.properties --num.partitions 4",
			"odradek serve --settings                       # every setting, its default and meaning",
		),
		Args: wants(0, 0, "nothing"),
		RunE: func(command *cobra.Command, _ []string) error {
			if all {
				printSettings(c)
				return nil
			}
			sources := config.Sources{Environment: environment(c), Flags: given, FileName: file}
			if file != "" {
				text, err := os.ReadFile(file)
				if err != nil {
					return fmt.Errorf("the settings of --config: %w", err)
				}
				sources.File = string(text)
			}
			return serve(command.Context(), c, sources)
		},
	}
	flags := command.Flags()
	flags.StringVar(&file, "config", "", "read settings from a properties `FILE`")
	flags.BoolVar(&all, "settings", false, "list every setting, then exit")
	for _, d := range config.Brokers() {
		addSetting(flags, &d, &given)
	}
	command.SetFlagErrorFunc(serveFlagError)
	return command
}

// setting is a flag whose value goes to the list of what was given, in order.
type setting struct {
	name  string
	given *[]config.Entry
}

func (s setting) String() string { return "" }
func (s setting) Type() string   { return "string" }
func (s setting) Set(value string) error {
	*s.given = append(*s.given, config.Entry{Name: s.name, Value: value})
	return nil
}

func addSetting(flags *pflag.FlagSet, d *config.Definition, given *[]config.Entry) {
	doc, _, _ := strings.Cut(d.Doc, ". ")
	doc = strings.TrimSuffix(doc, ".")
	if d.Default != "" && !d.Unset {
		doc += " (default " + d.Default + ")"
	}
	flag := flags.VarPF(setting{d.Name, given}, d.Name, "", doc)
	flag.Hidden = true
	for _, name := range shownSettings {
		flag.Hidden = flag.Hidden && name != d.Name
	}
}

// serveFlagError suggests among all settings, shown or not.
func serveFlagError(command *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		var names []string
		command.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		given := unknown.GetSpecifiedName()
		if best, ok := config.Nearest(given, names); ok {
			return usagef("there is no setting --%s; did you mean --%s?", given, best)
		}
		return usagef("there is no setting --%s; `odradek serve --settings` lists all", given)
	}
	return flagError(command, err)
}

func environment(c *console) []string {
	var found []string
	for _, d := range config.Brokers() {
		name := config.EnvironmentPrefix + strings.ToUpper(strings.ReplaceAll(d.Name, ".", "_"))
		if value := c.getenv(name); value != "" {
			found = append(found, name+"="+value)
		}
	}
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		known := name == "ODRADEK_BOOTSTRAP"
		for _, f := range found {
			known = known || strings.HasPrefix(f, name+"=")
		}
		if strings.HasPrefix(name, config.EnvironmentPrefix) && !known {
			found = append(found, pair) // refused, with what to write instead
		}
	}
	return found
}

func printSettings(c *console) {
	for _, d := range config.Brokers() {
		value := d.Default
		if d.Unset {
			value = "(not set)"
		}
		fmt.Fprintf(c.out, "%s = %s\n    %s\n", d.Name, value, d.Doc)
	}
}

// serve runs a broker until the context ends or it gives up.
func serve(ctx context.Context, c *console, sources config.Sources) error {
	static, warnings, err := config.Load(sources)
	for _, w := range warnings {
		fmt.Fprintf(c.err, "odradek: note: %s\n", w)
	}
	if err != nil {
		return &usageError{err.Error()}
	}
	node, err := config.StaticLayers(static).Node()
	if err != nil {
		return &usageError{err.Error()}
	}
	if node.Shards == 0 {
		node.Shards = runtime.NumCPU()
	}
	// Little lives on the Go heap: buffers are outside of it. A collection is
	// rare with a heap this small, whatever it may grow to.
	debug.SetGCPercent(400)
	return runNode(ctx, c, static, node)
}
