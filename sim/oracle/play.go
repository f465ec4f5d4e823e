package oracle

import (
	"fmt"
	"time"

	"odradek/broker"
	"odradek/controller/config"
	"odradek/core/env"
	"odradek/core/task"
	scripts "odradek/jepsen/oracle"
	"odradek/sim"
)

const (
	brokerName    = "broker"
	brokerAddress = brokerName + ":9092"
	// bootPoll is how often the client looks whether the broker serves.
	bootPoll = time.Millisecond
	// patience is how long all scripts may take, in simulated time: each waits for
	// seconds at most, here and there.
	patience = time.Hour
)

// Play plays scripts, one after the other, against one fresh broker of some shards,
// and hands each transcript to use. The seed decides how fast everything is and in
// which order things happen. An error means that a
// script could not be played to its end, or that the broker broke the world's own
// rules.
func Play(seed uint64, shards int, names []string,
	use func(name, transcript string) error) error {
	static, _, err := config.Load(config.Sources{
		FileName: "settings.properties",
		File:     scripts.Settings,
		Flags:    []config.Entry{{Name: config.Listeners, Value: "PLAINTEXT://" + brokerAddress}},
	})
	if err != nil {
		return err
	}
	world := sim.New(sim.Config{Seed: seed})
	serves, done := false, false
	world.AddNode(brokerName, shards, func(w *env.World) {
		broker.Boot(w, broker.Config{Static: static,
			Ready: func([]config.Listener, broker.Report) { serves = true }})
	})
	world.AddClient("client", func(w *env.World) {
		w.Loop.Spawn("play the scripts", func(t *task.Task) {
			for !serves {
				t.Sleep(bootPoll)
			}
			err = playAll(&transport{task: t, world: w}, names, use)
			done = true
		})
	})
	ended := world.RunWhile(world.Now().Plus(patience), func() bool { return !done })
	report := world.Close()
	switch {
	case report.Failure != nil:
		return fmt.Errorf("seed %d: %s", seed, report)
	case err != nil:
		return fmt.Errorf("seed %d: %w", seed, err)
	case !ended:
		return fmt.Errorf("seed %d: the scripts are not done after %v", seed, patience)
	}
	return nil
}

func playAll(on *transport, names []string, use func(name, transcript string) error) error {
	for _, name := range names {
		script, err := scripts.Load(name)
		if err != nil {
			return err
		}
		transcript, err := scripts.Run(script, on)
		if err != nil {
			return fmt.Errorf("%w\nafter:\n%s", err, transcript)
		}
		if err := use(name, transcript); err != nil {
			return err
		}
	}
	return nil
}
