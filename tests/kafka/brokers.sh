#!/usr/bin/env bash
# The six transaction probes on Apache Kafka, on librdkafka's mock cluster and on tansu: prints broker × probe and
# writes it into docs/brokers.md. Exit code 1 when Apache Kafka fails a probe.
#
#   brokers.sh            starts the brokers (an Apache Kafka that QUELL_KAFKA and QUELL_KAFKA_VERSION name is used)
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
me=brokers.sh
# shellcheck source=lib.sh
source "$here/lib.sh"
cd "$here/../.."

if [[ -z ${QUELL_KAFKA-} ]]; then
    exec "$here/broker.sh" run -- "$here/brokers.sh" "$@"
fi
if [[ -z ${QUELL_TANSU-} ]]; then
    exec "$here/tansu.sh" run -- "$here/brokers.sh" "$@"
fi
need python3 "Python 3, to write the table"
probes=("${CARGO:-cargo}" run --quiet --locked -p log@0.1.0 --features "${KAFKA_FEATURES-}" --example probes -- --json)
results=$(mktemp)
trap 'rm -f "$results"' EXIT

# Exit code 1 is an answer, too.
probe() { # probe NAME ARGUMENTS...
    local answer
    answer=$("${probes[@]}" "${@:2}") || [[ $? -eq 1 ]] || fail "$1 could not be probed"
    printf '%s\t%s\n' "$1" "$answer" >>"$results"
}

probe "Apache Kafka ${QUELL_KAFKA_VERSION:?names the broker\'s version}" --brokers "$QUELL_KAFKA"
probe "librdkafka's mock cluster" --mock
probe "$QUELL_TANSU_VERSION" --brokers "$QUELL_TANSU"
python3 "$here/brokers.py" "$results" docs/brokers.md
