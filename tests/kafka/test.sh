#!/usr/bin/env bash
# Everything that needs an Apache Kafka: fetches it, starts it, and runs the log's suite on it, the probes on three
# brokers, and the readers that are not Quell. All are run, with the time of each, though one fails; what was started
# is stopped. Exit code 1 when one failed.
#
# KAFKA_FEATURES: of the crate `log`; "" leaves out TLS, whose test then says SKIP.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
features=${KAFKA_FEATURES-kafka-tls}
cargo=${CARGO:-cargo}
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
((${#failed[@]} == 0)) || { echo "failed: ${failed[*]}" >&2 && exit 1; }
