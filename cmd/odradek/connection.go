package main

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	bootstrapDefault  = "127.0.0.1:9092"
	bootstrapVariable = "ODRADEK_BOOTSTRAP"
	portDefault       = "9092"
)

// connection says which broker a command talks to, and how patiently.
type connection struct {
	console   *console
	bootstrap string
	timeout   time.Duration
}

// connect gives a command the flags of a connection.
func connect(c *console, command *cobra.Command) *connection {
	k := &connection{console: c}
	flags := command.PersistentFlags()
	flags.StringVarP(&k.bootstrap, "bootstrap", "b", "",
		"brokers to ask first, `HOST:PORT`, several with commas\n(default $"+
			bootstrapVariable+", or "+bootstrapDefault+")")
	flags.DurationVar(&k.timeout, "timeout", 10*time.Second,
		"give up when the broker has not answered for this `TIME`")
	return k
}

// seeds are the addresses to ask first.
func (k *connection) seeds() ([]string, error) {
	text := k.bootstrap
	if text == "" {
		text = k.console.getenv(bootstrapVariable)
	}
	if text == "" {
		text = bootstrapDefault
	}
	var seeds []string
	for _, seed := range strings.Split(text, ",") {
		seed = strings.TrimSpace(seed)
		if seed == "" {
			continue
		}
		if !strings.Contains(seed, ":") {
			seed += ":" + portDefault
		}
		if host, port, err := net.SplitHostPort(seed); err != nil || host == "" || port == "" {
			return nil, usagef("%q is not an address: write HOST:PORT, as in %s", seed, bootstrapDefault)
		}
		seeds = append(seeds, seed)
	}
	if len(seeds) == 0 {
		return nil, usagef("the list of brokers is empty: write HOST:PORT, as in %s", bootstrapDefault)
	}
	return seeds, nil
}

// client opens a client and makes sure that a broker answers, so that a wrong
// address is told at once and in one sentence.
func (k *connection) client(ctx context.Context, options ...kgo.Opt) (*kgo.Client, error) {
	seeds, err := k.seeds()
	if err != nil {
		return nil, err
	}
	options = append([]kgo.Opt{
		kgo.SeedBrokers(seeds...),
		kgo.ClientID("odradek"),
		kgo.SoftwareNameAndVersion("odradek", "1"),
		kgo.DialTimeout(k.timeout),
		kgo.RetryTimeout(k.timeout),
		kgo.DisableClientMetrics(),
	}, options...)
	client, err := kgo.NewClient(options...)
	if err != nil {
		return nil, &usageError{err.Error()}
	}
	ping, cancel := context.WithTimeout(ctx, k.timeout)
	defer cancel()
	if err := client.Ping(ping); err != nil {
		client.Close()
		if ctx.Err() != nil {
			return nil, errInterrupted
		}
		return nil, &unreachable{seeds, err}
	}
	return client, nil
}

// admin runs body with an administrative client. The context it gets ends with
// the command's, or after the time-out.
func (k *connection) admin(
	command *cobra.Command, body func(ctx context.Context, admin *kadm.Client) error,
) error {
	return k.both(command, func(ctx context.Context, _ *kgo.Client, admin *kadm.Client) error {
		return body(ctx, admin)
	})
}

// both is admin for a command that also needs requests of which the administrative
// client does not show all.
func (k *connection) both(
	command *cobra.Command,
	body func(ctx context.Context, client *kgo.Client, admin *kadm.Client) error,
) error {
	client, err := k.client(command.Context())
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(command.Context(), 3*k.timeout)
	defer cancel()
	admin := kadm.NewClient(client)
	admin.SetTimeoutMillis(int32(k.timeout.Milliseconds()))
	err = body(ctx, client, admin)
	if err != nil && command.Context().Err() != nil {
		return errInterrupted
	}
	return err
}

// unreachable: no broker answered.
type unreachable struct {
	seeds []string
	cause error
}

func (e *unreachable) Error() string {
	return fmt.Sprintf("no broker answers at %s: %s", strings.Join(e.seeds, ", "), rootCause(e.cause))
}

func (e *unreachable) Unwrap() error { return e.cause }
