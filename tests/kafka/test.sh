#!/usr/bin/env bash
# Everything that needs an Apache Kafka: fetches it, starts it, and runs the log's suite on it, the probes on three
# brokers, the readers that are not Quell, the whole pipeline (its vault in a file, and on PostgreSQL) and the services of
# deploy/compose.yaml. All are run, with the time of each, though one fails; what was started is stopped. Exit code 1
# when one failed.
#
# KAFKA_FEATURES: of the crate `log`; "" leaves out TLS, whose test then says SKIP.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
features=${KAFKA_FEATURES-kafka-tls}
cargo=${CARGO:-cargo}
built=${CARGO_TARGET_DIR:-target}/debug
log=(--locked -p log@0.1.0 --features "$features")

failed=()
stage() { # stage NAME COMMAND...
    local began=$SECONDS
    "${@:2}" || failed+=("$1")
    echo "stage $1: $((SECONDS - began)) s"
}

if [[ -z ${QUELL_KAFKA-} ]]; then
    # Before the broker, which has better to do than wait for a compiler.
    stage fetch "$here/broker.sh" fetch
    stage build "$cargo" test "${log[@]}" --no-run
    stage program "$cargo" build --locked --workspace
    ((${#failed[@]} == 0)) || exit 1
    began=$SECONDS
    code=0
    "$here/broker.sh" run -- "$here/test.sh" || code=$?
    echo "with the broker's start and end: $((SECONDS - began)) s"
    exit "$code"
fi
stage suite "$cargo" test "${log[@]}" --no-fail-fast --test kafka --test support
stage probes env KAFKA_FEATURES="$features" "$here/brokers.sh"
stage readers env KAFKA_FEATURES="$features" "$here/readers.sh"
pipeline=("$here/pipeline.py" "$built/quell" "$built/examples/inject")
stage pipeline "${pipeline[@]}"
stage pipeline-postgres tests/postgres/run.sh "${pipeline[@]}" --seed 2
stage deploy tests/postgres/run.sh tests/deploy.py "$built/quell" --start
((${#failed[@]} == 0)) || { echo "failed: ${failed[*]}" >&2 && exit 1; }
