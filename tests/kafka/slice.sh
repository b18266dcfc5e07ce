#!/usr/bin/env bash
# What CI runs of Kafka: at most ten minutes on a real Apache Kafka, with what `make test` has built and nothing else. The log's
# suite, the whole pipeline, rounds of each fault as far as the time goes, and whether deploy/ holds together. Left to
# `make test-kafka`: TLS, the probes, and the readers that are not Quell, which need further programs.
#
# Checks are not tried again; only fetching Apache Kafka is.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
me=slice.sh
# shellcheck source=lib.sh
source "$here/lib.sh"
cd "$here/../.."
cargo=${CARGO:-cargo}
built=${CARGO_TARGET_DIR:-target}/debug

need python3 "Python 3, for the clients and the comparison of tables"
failed=()
stage() { # stage NAME COMMAND...
    local began=$SECONDS
    "${@:2}" || failed+=("$1")
    echo "stage kafka/$1: $((SECONDS - began)) s"
}

if [[ -z ${QUELL_KAFKA-} ]]; then
    "$here/broker.sh" fetch
    # The same words as `make test`, so that nothing is built anew.
    "$cargo" test --locked --workspace --no-run
    exec "$here/broker.sh" run -- "$here/slice.sh"
fi
stage suite "$cargo" test --locked --workspace --test kafka
stage pipeline "$here/pipeline.py" "$built/quell" "$built/examples/inject" --contacts 600 --aborted 150
# Fewer contacts than a recorded run has: this program is not optimised, and the machine may be slow. One round at least, and
# further ones for what is left of the time.
left=$(((450 - SECONDS) / 60))
stage chaos "$here/chaos.py" "$built/quell" --rounds 7 --contacts 1000 --seconds 5 --bound 400 --minutes $((left > 0 ? left : 1))
stage deploy tests/deploy.py "$built/quell"
((${#failed[@]} == 0)) || fail "failed: ${failed[*]}"
