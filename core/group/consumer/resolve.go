package consumer

import (
	"cmp"
	"regexp"
	"slices"
	"time"

	"odradek/core/group/decision"
	"odradek/core/group/record"
	"odradek/core/kafka"
	"odradek/core/order"
)

const (
	// resolveIntervalMin is how long what regular expressions came to stands at least,
	// however often topics change: all names are looked at each time. Source: Kafka,
	// REGEX_BATCH_REFRESH_MIN_INTERVAL_MS.
	resolveIntervalMin = 10 * time.Second
	// matchesPerStep bounds how many names a step matches against one regular expression
	// each, so that a step of many topics takes some 10 milliseconds.
	matchesPerStep = 20_000
)

// resolution is regular expressions being matched against the names of all topics, over
// as many steps as that takes. It is in no record until it is done.
type resolution struct {
	// topics is what the node knew when it began; topics that came since are for the next.
	topics  Topics
	started kafka.Timestamp
	// todo are regular expressions that have not been looked at. next is the name to go on
	// with for the first of them, and matched its topics so far.
	todo    []string
	next    string
	matched []string
	// done is what the others came to.
	done *order.Map[string, *record.ConsumerGroupRegularExpressionValue]
}

// countRegex is how many members have a regular expression.
func (g *Group) countRegex(regex string) int {
	count, _ := g.counts.regexes.Get(regex)
	return count
}

// resolved is what a regular expression came to, nil when it is not resolved.
func (g *Group) resolved(regex string) *record.ConsumerGroupRegularExpressionValue {
	value, _ := g.regexes.Get(regex)
	return value
}

// changeRegex writes what a member's change of its regular expression comes to, and has
// all of the group's resolved anew if that is due.
func (s *step) changeRegex(known, updated *member) (regexChange, *fault) {
	before, after := known.regex(), updated.regex()
	change := regexSame
	fresh := false
	if before != after {
		change = regexChanged
		if before != "" && s.g.countRegex(before) == 1 {
			s.write(regexTombstone(s.g.id, before))
		}
		switch {
		case after == "":
			change = regexResolved
		case s.g.countRegex(after) == 0:
			if _, f := compileRegex(after); f != nil {
				return change, f
			}
			fresh = true
		case s.g.resolved(after) != nil:
			change = regexResolved
		}
	}
	if s.resolveDue(before, after, fresh) {
		s.g.timers.start(timerResolve, "", s.Moment.Now, 0)
	}
	return change, nil
}

// resolveDue reports whether the group's regular expressions are to be resolved: some are
// not, topics were created since, or it was long ago. fresh: the member brought one.
func (s *step) resolveDue(before, after string, fresh bool) bool {
	if !fresh && s.g.counts.regexes.Len() == 0 {
		return false
	}
	if s.g.resolving != nil || s.g.timers.runs(timerResolve, "") {
		return false
	}
	// All are resolved together, so that any one tells when. A time that is yet to come was
	// told by a wall clock that has been set back since, and is not waited for.
	_, last, some := s.g.regexes.First()
	millis := func(d time.Duration) kafka.Timestamp { return kafka.Timestamp(d / time.Millisecond) }
	if some && s.Moment.Wall >= last.Timestamp &&
		s.Moment.Wall <= last.Timestamp+millis(resolveIntervalMin) {
		return false
	}
	subscribed := s.g.counts.regexes.Len()
	if before != after {
		if before != "" && s.g.countRegex(before) == 1 {
			subscribed--
		}
		if after != "" && s.g.countRegex(after) == 0 {
			subscribed++
		}
	}
	if subscribed == 0 {
		return false
	}
	return fresh || subscribed != s.g.regexes.Len() || some && (last.Version < s.Topics.Created() ||
		s.Moment.Wall > last.Timestamp+millis(s.Settings.RegexRefreshInterval))
}

// resolve takes the resolution one step further, and writes what it came to when it is
// done.
func (g *Group) resolve(c *Call) decision.Decision {
	if g.resolving == nil {
		g.resolving = &resolution{topics: c.Topics, started: c.Moment.Wall,
			done: order.NewMap[string, *record.ConsumerGroupRegularExpressionValue](
				cmp.Compare[string])}
		for regex := range g.counts.regexes.Entries() {
			g.resolving.todo = append(g.resolving.todo, regex)
		}
	}
	g.resolving.match(matchesPerStep)
	if len(g.resolving.todo) > 0 {
		g.timers.start(timerResolve, "", c.Moment.Now, 0)
		return decision.Decision{}
	}
	done := g.resolving.done
	g.resolving = nil
	s := &step{Call: c, g: g}
	s.resolved(done)
	return decision.Decision{Records: s.records}
}

// match looks at up to budget names.
func (r *resolution) match(budget int) {
	for len(r.todo) > 0 && budget > 0 {
		regex, f := compileRegex(r.todo[0])
		if f != nil {
			// It was valid when the member brought it, to this broker or to another one whose
			// limits are wider. It matches nothing.
			r.finish(nil)
			continue
		}
		budget = r.matchFirst(regex, budget)
	}
}

// matchFirst looks at up to budget names for the first regular expression to do.
func (r *resolution) matchFirst(regex *regexp.Regexp, budget int) (left int) {
	for name := range r.topics.Names(r.next) {
		if budget == 0 {
			r.next = name
			return 0
		}
		budget--
		if regex.MatchString(name) {
			r.matched = append(r.matched, name)
		}
	}
	r.finish(r.matched)
	return budget
}

// finish notes what the first regular expression to do came to.
func (r *resolution) finish(topics []string) {
	r.done.Put(r.todo[0], &record.ConsumerGroupRegularExpressionValue{
		Topics: topics, Version: r.topics.Version(), Timestamp: r.started})
	r.todo, r.next, r.matched = r.todo[1:], "", nil
}

// resolved writes what regular expressions came to, and raises the group epoch if that is
// something new. What nobody has any more is left out.
func (s *step) resolved(done *order.Map[string, *record.ConsumerGroupRegularExpressionValue]) {
	change := s.g.subscriptionChange()
	bump := false
	for regex, value := range done.Entries() {
		if s.g.countRegex(regex) == 0 {
			continue
		}
		old := s.g.resolved(regex)
		if old == nil && len(value.Topics) > 0 || old != nil && !slices.Equal(old.Topics, value.Topics) {
			bump = true
			change.regex(old, -1)
			change.regex(value, 1)
		}
		s.write(&record.ConsumerGroupRegularExpression{GroupID: s.g.id, RegularExpression: regex,
			Value: value})
	}
	if !s.g.Exists() {
		return
	}
	hash := change.hash(s.Call)
	if bump || hash != s.g.metadataHash {
		s.write(s.g.epochRecord(s.g.epoch+1, hash))
		s.g.refresh = refresh{true, s.Topics.Version(), s.g.epoch + 1}
	}
}

// dropRegexes writes that what the members alone have as a regular expression is not
// resolved any more.
func (s *step) dropRegexes(members []*member, change *change) {
	counts := order.NewMap[string, int](cmp.Compare[string])
	for _, m := range members {
		if m.regex() != "" {
			countText(counts, m.regex(), 1)
		}
	}
	for regex, count := range counts.Entries() {
		if s.g.countRegex(regex) == count {
			s.write(regexTombstone(s.g.id, regex))
			change.regex(s.g.resolved(regex), -1)
		}
	}
}

func regexTombstone(group, regex string) record.Record {
	return &record.ConsumerGroupRegularExpression{GroupID: group, RegularExpression: regex}
}
