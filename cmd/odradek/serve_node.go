package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"odradek/broker"
	"odradek/controller/config"
	"odradek/core/env"
	"odradek/diskio"
	"odradek/netio"
)

// stopWithin is how long a clean stop may take before the process ends anyway:
// what is acknowledged is on disk, whatever the stop does.
const stopWithin = 30 * time.Second

// lockedWithin is how long a start waits for the log directory's lock: a process
// that was just killed holds it until the kernel has put its memory away.
const lockedWithin = 3 * time.Second

func openDirectory(ctx context.Context, path string, filesMax int64) (*diskio.Directory, error) {
	for began := time.Now(); ; {
		directory, err := diskio.Open(path, diskio.Options{FilesMax: filesMax})
		var inUse *diskio.InUseError
		if !errors.As(err, &inUse) || ctx.Err() != nil || time.Since(began) > lockedWithin {
			return directory, err
		}
		time.Sleep(lockedWithin / 60)
	}
}

// runNode runs a broker on the real network and disk until ctx ends.
func runNode(ctx context.Context, c *console, static *config.Static, node config.Node) error {
	began := c.now()
	descriptors, err := diskio.RaiseDescriptorLimit()
	if err != nil {
		fmt.Fprintf(c.err, "odradek: note: the limit on open files stays as it is: %v\n", err)
	}
	// A quarter is for connections.
	directory, err := openDirectory(ctx, node.LogDir, int64(descriptors/4*3))
	if err != nil {
		return err
	}
	defer directory.Close()
	first := make(chan *broker.Shard, 1)
	var telling sync.Mutex // shards may have something to tell at the same time
	settings := broker.Config{Static: static, Ready: func(l []config.Listener, r broker.Report) {
		announce(c, node, l, r, c.now().Sub(began))
	}, Tell: func(news error) {
		telling.Lock()
		defer telling.Unlock()
		fmt.Fprintf(c.err, "odradek: note: %v\n", news)
	}}
	running, err := netio.Start(netio.Config{
		Shards:   node.Shards,
		OpenDisk: func(s *netio.Shard) (netio.Disk, error) { return directory.Disk(s) },
		Boot: func(w *env.World) {
			if s := broker.Boot(w, settings); s != nil && w.Shards.Self() == 0 {
				first <- s
			}
		},
	})
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- running.Wait() }() // ends with the node
	select {
	case err := <-ended:
		return lastWords(err)
	case <-ctx.Done():
	}
	fmt.Fprintln(c.err, "odradek: stopping ...")
	clean := make(chan bool, 1)
	select {
	case s := <-first:
		running.Shard(0).Post(func() {
			s.Stop(func(all bool) {
				clean <- all
				running.Stop()
			})
		})
	default:
		running.Stop()
	}
	select {
	case err := <-ended:
		if err == nil {
			fmt.Fprintln(c.err, "odradek: "+stopped(clean))
		}
		return lastWords(err)
	case <-time.After(stopWithin):
		return errors.New("the node did not stop in time; what was acknowledged is on disk")
	}
}

// stopped says how a stop went. A node that had not begun to serve has nothing to close.
func stopped(clean <-chan bool) string {
	select {
	case all := <-clean:
		if !all {
			return "stopped; not every log could be closed, so the next start recovers from the journal"
		}
	default:
	}
	return "stopped cleanly"
}

// announce says that the node serves, where, and what the start found.
func announce(c *console, node config.Node, listeners []config.Listener, r broker.Report,
	took time.Duration) {
	for _, l := range listeners {
		fmt.Fprintf(c.err, "odradek: node %d listens on %s://%s\n", node.NodeID, l.Name, l.Address())
	}
	fmt.Fprintf(c.err, "odradek: %d topics, %d partitions in %s, %d shards, ready after %v\n",
		r.Topics, r.Partitions, node.LogDir, node.Shards, took.Round(time.Millisecond))
	fmt.Fprintln(c.err, "odradek: "+restarted(r))
	for _, err := range r.Offline {
		fmt.Fprintf(c.err, "odradek: partition offline: %v\n", err)
	}
}

// restarted says where the time of a start went. Package live reads it.
func restarted(r broker.Report) string {
	bytes := int64(0)
	for _, s := range r.Journal.Shards {
		bytes += s.Bytes
	}
	return fmt.Sprintf("journal: %s of %s replayed in %v, %s made whole in %v, opened in %v",
		byteSize(bytes), plural(int64(len(r.Journal.Shards)), "shard"), short(r.Recovery.Replay),
		plural(int64(r.Logs), "log"), short(r.Recovery.Logs), short(r.Opening))
}

// lastWords turns what ended a node into what a person should read.
func lastWords(err error) error {
	var halted *netio.Halted
	if errors.As(err, &halted) {
		return halted.Reason
	}
	return err
}
