package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

const (
	// groupKills is how often the broker is killed under groups; every kill counts.
	groupKills = 5
	// killPause is the longest time from the first commit after a restart to the next
	// kill: to hit the broker in all that it does for groups.
	killPause = 500 * time.Millisecond
	// goOnTime is how long all groups may take to commit again after a kill: members
	// find the broker, and the last of them may have to be missed for a session.
	goOnTime = 45 * time.Second
)

// killedGroups kills the broker under consumers of both protocols. Nothing that was
// committed may be lost, and every record is consumed.
func (s *suite) killedGroups(ctx context.Context, kills int) error {
	if s.broker == nil {
		return errNotOurs
	}
	programs, err := s.memberPrograms(ctx)
	if err != nil {
		return err
	}
	var runs []*groupRun
	for _, protocol := range []string{classicProtocol, consumerProtocol} {
		if protocol == consumerProtocol && !s.consumerProtocol {
			fmt.Fprintln(s.out, "      only a classic group: the broker does not serve the other protocol")
			continue
		}
		r, err := s.newGroupRun(ctx)
		if err != nil {
			return err
		}
		defer r.close()
		runs = append(runs, r)
		if err := r.joinAll(killPrograms(programs, protocol), protocol); err != nil {
			return err
		}
	}
	for _, r := range runs {
		if err := r.settled(ctx); err != nil {
			return err
		}
	}
	random := rand.New(rand.NewPCG(7, 8))
	for kill := range kills {
		for _, r := range runs {
			if err := r.goesOn(ctx); err != nil {
				return fmt.Errorf("after %d kills: %w", kill, err)
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(random.Int64N(int64(killPause)))):
		}
		s.broker.kill()
		if err := s.broker.start(ctx); err != nil {
			return fmt.Errorf("kill %d: %w", kill+1, err)
		}
	}
	var failed []error
	for _, r := range runs {
		failed = append(failed, r.goesOn(ctx))
		if err := r.finish(ctx); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", r.group, err))
		}
	}
	return errors.Join(failed...)
}

// killPrograms are the members of a group whose broker is killed: of each protocol
// two, of different clients where there are.
func killPrograms(programs []*memberProgram, protocol string) []*memberProgram {
	const members = 2
	all := slices.DeleteFunc(speaking(programs, protocol),
		func(p *memberProgram) bool { return p.drops || p.silent })
	// The first is franz-go for both; of the others, one of another language.
	slices.SortStableFunc(all, func(a, b *memberProgram) int {
		return killOrder(a.name) - killOrder(b.name)
	})
	for len(all) < members {
		all = append(all, all[0])
	}
	return all[:members]
}

func killOrder(name string) int {
	if i := slices.Index([]string{"franz-go", "confluent-kafka", "java"}, name); i >= 0 {
		return i
	}
	return 3
}

// goesOn waits until more is committed than at the last time.
func (r *groupRun) goesOn(ctx context.Context) error {
	err := waitFor(ctx, goOnTime, func() error {
		o, err := r.ask(ctx)
		if err != nil {
			return err
		}
		total := int64(0)
		for _, offset := range o.Offsets {
			total += int64(offset)
		}
		if total <= r.committed {
			return fmt.Errorf("%d offsets are committed, as before", total)
		}
		r.committed = total
		return nil
	})
	if err != nil {
		err = fmt.Errorf("%s does not go on: %w%s", r.group, err, r.notes())
	}
	return err
}
