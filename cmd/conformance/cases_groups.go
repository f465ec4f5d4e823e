package main

import (
	"context"
	"fmt"
	"slices"
)

// groupCases are groups of real clients. What the members say is judged by
// odradek/cmd/conformance/history.
func (s *suite) groupCases() []testCase {
	all := []testCase{
		{"groups/mixed", s.mixedGroup},
		{"groups/upgrade", s.upgradedGroup},
		{"groups/kill-9", func(ctx context.Context) error { return s.killedGroups(ctx, groupKills) }},
	}
	return append(all, s.groupToolCases()...)
}

var errNoConsumerProtocol = fmt.Errorf("%w: the broker does not serve the consumer protocol",
	errSkip)

// speaking are the programs that speak a protocol.
func speaking(programs []*memberProgram, protocol string) []*memberProgram {
	var all []*memberProgram
	for _, p := range programs {
		if slices.Contains(p.protocols, protocol) {
			all = append(all, p)
		}
	}
	return all
}

// mixedGroup has members of all clients in one classic group, with the assignor that
// all of them have, range. They come, are killed, and go.
func (s *suite) mixedGroup(ctx context.Context) error {
	programs, err := s.memberPrograms(ctx)
	if err != nil {
		return err
	}
	if len(programs) < 2 {
		return fmt.Errorf("%w: there is no second client to mix", errSkip)
	}
	r, err := s.newGroupRun(ctx)
	if err != nil {
		return err
	}
	defer r.close()
	if err := r.joinAll(programs, classicProtocol); err != nil {
		return err
	}
	if err := r.settled(ctx); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "      members of %s\n", programNames(programs))
	// One is killed, another goes in order, and two more come. Which client leads the
	// group, and divides the partitions for all, is chance.
	left, killed := r.members[0], r.members[len(r.members)-1]
	if i := slices.IndexFunc(r.members, func(m *member) bool { return m.program.drops }); i > 0 {
		killed = r.members[i]
	}
	killed.kill()
	if err := left.stop(); err != nil {
		return err
	}
	if err := r.joinAll([]*memberProgram{left.program, killed.program}, classicProtocol); err != nil {
		return err
	}
	if err := r.settled(ctx); err != nil {
		return fmt.Errorf("after %s was killed and %s left: %w", killed.name, left.name, err)
	}
	// All of the first go: the last two are left with everything.
	for _, m := range r.live()[:len(r.live())-2] {
		if err := m.stop(); err != nil {
			return err
		}
	}
	if err := r.settled(ctx); err != nil {
		return fmt.Errorf("after all but two left: %w", err)
	}
	return r.finish(ctx)
}

func programNames(programs []*memberProgram) string {
	text := ""
	for i, p := range programs {
		if i > 0 {
			text += ", "
		}
		text += p.name
	}
	return text
}

// upgradedGroup begins as a classic group; members with the consumer protocol
// (KIP-848) join one by one and the classic ones leave, and then back.
func (s *suite) upgradedGroup(ctx context.Context) error {
	programs, err := s.memberPrograms(ctx)
	if err != nil {
		return err
	}
	if !s.consumerProtocol {
		return errNoConsumerProtocol
	}
	r, err := s.newGroupRun(ctx)
	if err != nil {
		return err
	}
	defer r.close()
	classic := slices.DeleteFunc(speaking(programs, classicProtocol),
		func(p *memberProgram) bool { return p.drops })
	classic = classic[:min(len(classic), upgradeMembers)]
	if err := r.joinAll(classic, classicProtocol); err != nil {
		return err
	}
	if err := r.is(ctx, classicProtocol); err != nil {
		return err
	}
	newer := speaking(programs, consumerProtocol)
	if err := r.replace(ctx, newer, consumerProtocol); err != nil {
		return fmt.Errorf("upgrade: %w", err)
	}
	if err := r.replace(ctx, classic[:min(len(classic), len(newer))], classicProtocol); err != nil {
		return fmt.Errorf("downgrade: %w", err)
	}
	return r.finish(ctx)
}

// upgradeMembers is how many clients begin a group that is upgraded: a few different
// ones, each of which makes the case longer.
const upgradeMembers = 3

// replace has members of another protocol join, one by one, for each of which an older
// one leaves, until all are of the new one.
func (r *groupRun) replace(
	ctx context.Context, programs []*memberProgram, protocol string,
) error {
	older := r.live()
	for i, p := range programs {
		if _, err := r.join(p, protocol); err != nil {
			return err
		}
		if err := r.is(ctx, consumerProtocol); err != nil {
			return fmt.Errorf("after a %s of the %s protocol joined: %w", p.name, protocol, err)
		}
		// The last to join replaces all that are left.
		leave := older[i:min(i+1, len(older))]
		if i == len(programs)-1 {
			leave = older[min(i, len(older)):]
		}
		for _, m := range leave {
			if err := m.stop(); err != nil {
				return err
			}
		}
	}
	if err := r.is(ctx, protocol); err != nil {
		return fmt.Errorf("with members of the %s protocol only: %w", protocol, err)
	}
	return nil
}

// is waits until the group is settled, and of a kind.
func (r *groupRun) is(ctx context.Context, kind string) error {
	if err := r.settled(ctx); err != nil {
		return err
	}
	view, err := r.describe(ctx)
	if err == nil && view.kind != kind {
		err = fmt.Errorf("the group is of the kind %s, want %s", view.kind, kind)
	}
	return err
}
