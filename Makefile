# `make` alone lists the targets.
CARGO ?= cargo
TOOLS := $(CURDIR)/target/tools
DENY := $(TOOLS)/bin/cargo-deny
DENY_VERSION := 0.20.2
# The program as `make demo` builds it: optimised where it counts, and built in half the time of a release.
QUICK := target/demo/quell

.PHONY: help demo build quick release test test-postgres test-kafka slice-kafka check fmt lint deny simulate breaks crash readers readers-loop soak recount mechanisms chains bench bench-vault clean tools

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

tools:
	@command -v $(CARGO) >/dev/null || { echo "missing: cargo (install it with rustup)"; exit 1; }
	@command -v cc >/dev/null || { echo "missing: a C compiler (cc), for SQLite and zstd"; exit 1; }

demo: quick ## A synthetic company with planted truths, end to end: prints where report and tables lie
	$(QUICK) demo

quick: tools
	$(CARGO) build --locked --profile demo -p quell

build: tools ## Debug build of everything
	$(CARGO) build --locked --workspace --all-targets

release: tools ## The program with TLS to Kafka and PostgreSQL: target/release/quell
	$(CARGO) build --locked --release -p quell --features kafka-tls,postgres-tls

test: tools ## Everything that needs no external server
	$(CARGO) test --locked --workspace

test-postgres: tools ## The vault's tests on files and on a PostgreSQL server that the script starts (apt-get install postgresql)
	tests/postgres/run.sh $(CARGO) test --locked -p vault --features postgres-tls

check: fmt lint test deny ## What CI runs: format, lints, tests, licences

fmt: tools ## Is everything formatted?
	$(CARGO) fmt --all --check

lint: tools ## Clippy without warnings
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

# The list of advisories is not checked: fetching it needs the network at every run. Not offline: a build
# fetches only this platform's crates, and this looks at those of all.
deny: $(DENY) ## Licences, sources and bans of all dependencies
	$(DENY) --locked check --hide-inclusion-graph licenses bans sources

$(DENY): | tools
	CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_DEBUG=0 \
	  $(CARGO) install --locked --no-default-features --root $(TOOLS) cargo-deny@$(DENY_VERSION)

simulate: tools ## 2,000 seeds of the simulator
	$(CARGO) build --locked --profile demo --workspace --bins
	target/demo/simulate 0 2000

breaks: tools ## Break each promise once and see that the simulator notices
	tests/breaks.py

crash: tools ## kill -9 of importing and folding processes, 50 rounds
	QUELL_KILLS=50 $(CARGO) test --locked -p quell-tests --test all crash

readers: release ## Do DuckDB, Polars and pandas agree with quell sql?
	tests/readers.sh

soak: quick ## quell run under load with kill -9: SOAK="--rate 500 --minutes 10 --kills 20"
	tests/python/soak.py $(QUICK) $(SOAK)

readers-loop: quick ## Readers while quell run publishes every second: READERS="--minutes 10"
	tests/python/readers_loop.py $(QUICK) $(READERS)

recount: quick ## Every figure of 50 random reports, and the demo's truths, counted again in Python
	tests/python/recount_report.py $(QUICK) --sets 50
	$(QUICK) --data target/recount demo --json > target/recount.json
	tests/python/recount_demo.py target/recount/demo target/recount.json
	$(QUICK) --data target/recount demo --no-plants --json > target/recount.json
	tests/python/recount_demo.py target/recount/demo target/recount.json

mechanisms: tools ## Precision and recall of each mechanism on the labelled cases
	$(CARGO) test --locked --workspace --test all mechanisms -- --nocapture

chains: tools ## 10,000 random histories: chains and first-contact resolution counted again in Python by brute force
	$(CARGO) build --locked --workspace --bins
	target/debug/histories 0 10000 | tests/python/chains_bruteforce.py

test-kafka: tools ## On an Apache Kafka that it fetches, starts and stops: the log's suite, probes, other readers, the pipeline
	CARGO="$(CARGO)" tests/kafka/test.sh

slice-kafka: tools ## What CI runs of it: at most ten minutes, with what `make test` has built
	CARGO="$(CARGO)" tests/kafka/slice.sh

bench: release ## Microseconds a contact of each stage
	$(CARGO) run --locked --release -p quell-benches --bin stages

bench-vault: tools ## Resolves a second on SQLite and on a PostgreSQL server that the script starts
	$(CARGO) build --locked --release -p vault --example stores
	tests/postgres/run.sh sh -c 'target/release/examples/stores "$$QUELL_POSTGRES" "$$QUELL_POSTGRES_PASSWORD_FILE"'

clean: ## Remove target/
	$(CARGO) clean
