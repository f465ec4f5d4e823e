package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// classPathVariable says where Kafka's own Java tools are, as the flag does.
const classPathVariable = "KAFKA_CLASSPATH"

// javaHeap is for one tool. Kafka's own scripts give it half of that; a console
// producer of long lines is happier with some more.
const javaHeap = "-Xmx512m"

// javaLogging sends warnings of the tools to standard error: by default some of
// them stand between the records.
const javaLogging = `status = error
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %p %c{1} %m%n
rootLogger.level = warn
rootLogger.appenderRef.stderr.ref = stderr
`

// javaTools are Kafka's own tools: the class each of its scripts runs.
var javaTools = map[string]string{
	"broker-api-versions": "org.apache.kafka.tools.BrokerApiVersionsCommand",
	"cluster":             "org.apache.kafka.tools.ClusterTool",
	"configs":             "kafka.admin.ConfigCommand",
	"console-consumer":    "org.apache.kafka.tools.consumer.ConsoleConsumer",
	"consumer-groups":     "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
	"console-producer":    "org.apache.kafka.tools.ConsoleProducer",
	"delete-records":      "org.apache.kafka.tools.DeleteRecordsCommand",
	"dump-log":            "org.apache.kafka.tools.DumpLogSegments",
	"features":            "org.apache.kafka.tools.FeatureCommand",
	"get-offsets":         "org.apache.kafka.tools.GetOffsetShell",
	"groups":              "org.apache.kafka.tools.GroupsCommand",
	"log-dirs":            "org.apache.kafka.tools.LogDirsCommand",
	"topics":              "org.apache.kafka.tools.TopicCommand",
	"verifiable-consumer": "org.apache.kafka.tools.VerifiableConsumer",
}

// javaClient is Kafka's own console producer and consumer.
type javaClient struct {
	suite     *suite
	classPath string
	logging   string // the file that says where warnings go
}

// prepareJava finds the tools, if it was told where they are.
func (s *suite) prepareJava(ctx context.Context, classPath string) (*javaClient, error) {
	if classPath == "" {
		classPath = os.Getenv(classPathVariable)
	}
	if classPath == "" {
		return nil, fmt.Errorf("the Java tools: no class path was given (-kafka-classpath or $%s)",
			classPathVariable)
	}
	if !onPath("java") {
		return nil, fmt.Errorf("the Java tools: there is no java on the PATH")
	}
	logging, err := s.file("log4j2.properties", []byte(javaLogging))
	if err != nil {
		return nil, err
	}
	c := &javaClient{suite: s, classPath: classPath, logging: logging}
	if _, err := c.tool(ctx, nil, "topics", "--version"); err != nil {
		return nil, fmt.Errorf("the Java tools do not run: %w", err)
	}
	return c, nil
}

// arguments are those of java for one tool.
func (c *javaClient) arguments(tool string, args []string) []string {
	return append([]string{javaHeap, "-XX:+UseSerialGC",
		"-Dlog4j2.configurationFile=" + filepath.ToSlash(c.logging),
		"-cp", c.classPath, javaTools[tool]}, args...)
}

// toolArguments are those of java for a tool that does little: it ends before code
// that is compiled well would pay.
func (c *javaClient) toolArguments(tool string, args []string) []string {
	return append([]string{"-XX:TieredStopAtLevel=1"}, c.arguments(tool, args)...)
}

// tool runs one of the tools.
func (c *javaClient) tool(
	ctx context.Context, stdin []byte, tool string, args ...string,
) ([]byte, error) {
	out, err := command(ctx, stdin, "java", c.toolArguments(tool, args)...)
	if err != nil {
		err = fmt.Errorf("%s: %w; it printed %q", tool, err, excerpt(string(out)))
	}
	return out, err
}

func (c *javaClient) name() string     { return "java" }
func (c *javaClient) codecs() []string { return allCodecs }

func (c *javaClient) produce(ctx context.Context, topic, codec, file string) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	return stream(ctx, in, io.Discard, "java", c.arguments("console-producer", []string{
		"--bootstrap-server", c.suite.bootstrap, "--topic", topic, "--compression-codec", codec,
		"--batch-size", "262144", "--request-timeout-ms", "30000"})...)
}

// consume reads up to the end of now: the console consumer would wait for more.
func (c *javaClient) consume(ctx context.Context, topic string, to io.Writer) error {
	client, err := (&franzClient{c.suite}).open()
	if err != nil {
		return err
	}
	end, err := endOffset(ctx, client, topic)
	client.Close()
	if err != nil || end == 0 {
		return err
	}
	return stream(ctx, nil, to, "java", c.arguments("console-consumer", []string{
		"--bootstrap-server", c.suite.bootstrap, "--topic", topic, "--partition", "0",
		"--offset", "earliest", "--max-messages", fmt.Sprint(end)})...)
}
