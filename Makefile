# make            format, lint, test
# make ci         everything that a change must pass, within bounds
#
# SEEDS=1-200     which simulator seeds `make seeds` runs
# SEED=42         one of them, told as a story
# MINUTES=10      how long `make soak` looks for new failures
# BYTES=1GiB      the file of `make real-input`
# FUZZTIME=10s    how long each fuzz target runs
# GIB=10          how much data `make restart` has the broker carry

SEEDS    ?= 1-200
SEED     ?= 42
MINUTES  ?= 10
FUZZTIME ?= 10s
BYTES    ?= 1GiB
GIB      ?= 10

GO      ?= go
ODRADEK := $(GO) run ./cmd/odradek

# What runs on threads, and so can race: everything else is single-threaded by
# construction, and cmd/tidy proves it.
THREADED := $(wildcard netio diskio jepsen/live cmd/odradek)

# Packages whose tests have golden files and the flag -rewrite.
GOLDEN := $(sort $(dir $(shell grep -rl 'Bool."rewrite"' --include=*_test.go .)))

.PHONY: all fmt lint test race seeds seed soak fuzz golden museum conformance real-input restart bench docs ci size

all: fmt lint test

fmt:
	gofmt -l -w .

# gofmt, vet, staticcheck (pinned in tools.mod) and our own rules.
lint:
	@out=$$(gofmt -l .); test -z "$$out" || { echo "not gofmt-ed, run make fmt:"; echo "$$out"; exit 1; }
	$(GO) vet ./...
	$(GO) tool -modfile=tools.mod staticcheck ./...
	$(GO) run ./cmd/tidy

test:
	$(GO) test ./...

race:
	$(GO) test -race $(addprefix ./,$(addsuffix /...,$(THREADED)))

# Simulated runs with every fault, each of them twice, under other numbers of
# threads and another garbage collector's pace: every seed passes, and has the same
# hash both times. A failure comes with the command that replays it.
seeds:
	@$(GO) build -o bin/odradek ./cmd/odradek
	GOMAXPROCS=1 GOGC=400 bin/odradek sim run --seeds $(SEEDS) --json > bin/seeds-1.jsonl
	GOMAXPROCS=4 GOGC=25 bin/odradek sim run --seeds $(SEEDS) --json > bin/seeds-2.jsonl
	@for n in 1 2; do sed 's/"wall_ms":[0-9.]*,*//' bin/seeds-$$n.jsonl | sort > bin/seeds-$$n.sorted; done
	@cmp bin/seeds-1.sorted bin/seeds-2.sorted
	@echo "seeds $(SEEDS): $$(wc -l < bin/seeds-1.sorted) passed twice with equal hashes"

seed:
	$(ODRADEK) sim run --seed $(SEED)

soak:
	@start=$$(date +%s); end=$$((start + 60 * $(MINUTES))); from=$$start; \
	while [ $$(date +%s) -lt $$end ]; do \
		echo "seeds $$from-$$((from + 199))"; \
		$(ODRADEK) sim run --seeds $$from-$$((from + 199)) || exit 1; \
		from=$$((from + 200)); \
	done

# Every fuzz target of the repository, one after the other.
fuzz:
	@grep -rhoE --include=*_test.go -H '^func Fuzz[A-Za-z0-9_]+' . | sort -u | \
	while IFS=: read -r file func; do \
		echo "$$(dirname $$file) $${func#func }"; \
		$(GO) test -run '^$$' -fuzz "^$${func#func }$$" -fuzztime $(FUZZTIME) ./$$(dirname $$file) || exit 1; \
	done

# Writes every golden file again. Read the diff before you commit it.
golden:
	for p in $(GOLDEN); do $(GO) test $$p -rewrite || exit 1; done
	git diff --stat

# The bugs of docs/breaks, each planted in a copy of this tree: the simulator must
# find it at the seed that is written down.
museum:
	$(GO) run ./cmd/museum --known

# Real clients against a real broker of this tree.
conformance:
	$(GO) run ./cmd/conformance

# The long check: BYTES of real lines between all clients, with every codec.
real-input:
	$(GO) run ./cmd/conformance -long real-input -bytes $(BYTES)
# How long a restart after kill -9 takes with a thousand partitions, all of which are
# written to, and much data: within a second plus a second for each GiB of journal.
# The data go to the system's directory for temporary files, which should be a disk.
restart:
	@$(GO) build -o bin/odradek ./cmd/odradek
	bin/odradek jepsen kill --rounds 20 --load 3s --bulk-partitions 1000 \
		--bulk-mib $$((1024 * $(GIB)))

# For benchstat: make bench > new.txt
bench:
	@$(GO) test -run '^$$' -bench . -benchmem -count 5 ./...

# Writes docs/reference again and checks links, symbols and commands in the docs.
docs:
	$(GO) test ./cmd/odradek -run '^TestCommandsReference$$' -rewrite
	$(GO) run ./cmd/docs

# The stripped binary has a limit: it is one file that people download.
size:
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w" -o bin/odradek ./cmd/odradek
	@bytes=$$(stat -c %s bin/odradek); echo "bin/odradek: $$bytes bytes"; \
	test $$bytes -le 17500000 || { echo "over 17.5 MB"; exit 1; }

ci: lint size test race seeds museum conformance
