#!/usr/bin/env bash
# Do readers that are not Quell read a topic of Quell's, and agree? Golden records of every kind of fact are appended
# by the log's Kafka backend; then a Python consumer with two Avro libraries, and kcat, read them. See readers.py.
#
#   readers.sh [FACTS]      starts a broker (one that QUELL_KAFKA names is used); the decoded facts go to the file
#                           FACTS as lines of JSON, or nowhere
set -euo pipefail

# The consumer and the two Avro libraries, in an environment of their own.
packages=(confluent-kafka==2.16.1 fastavro==1.13.1 avro==1.12.2)
python=${QUELL_READERS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/quell/readers-$(printf '%s' "${packages[*]}" | cksum | cut -d' ' -f1)}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
me=readers.sh
# shellcheck source=lib.sh
source "$here/lib.sh"
facts=$(realpath -m "${1:-/dev/null}")
cd "$here/../.."

# A Python environment keeps its path, so it is made in place; the mark at its end says that it is whole.
libraries() {
    [[ ! -e $python/whole ]] || return 0
    need python3 "Python 3 with venv, once, for the readers; on Debian: python3-venv"
    rm -rf "$python"
    mkdir -p "$(dirname "$python")"
    { python3 -m venv "$python" && "$python/bin/pip" --quiet install "${packages[@]}"; } >/dev/null ||
        fail "could not install ${packages[*]}"
    touch "$python/whole"
}

need kcat "a Kafka client for the command line; on Debian: kcat"
if [[ -z ${QUELL_KAFKA-} ]]; then
    exec "$here/broker.sh" run -- "$here/readers.sh" "$facts"
fi
mkdir -p "$(dirname "$python")"
exec 9>"$python.lock"
flock 9 # two at once: one installs
libraries
exec 9>&-

topic=facts.$$.$RANDOM
records=$(mktemp)
trap 'rm -f "$records"' EXIT
for round in 1 2 3; do
    for golden in crates/codec/tests/golden/*.v*.hex; do
        name=$(basename "$golden" .hex)
        [[ $name == Spoken.* ]] || printf '%s/%s %s\n' "$name" "$round" "$(tr -d '\n' <"$golden")"
    done
done >"$records"
"${CARGO:-cargo}" run --quiet --locked -p log@0.1.0 --features "${KAFKA_FEATURES-}" --example send -- \
    "$QUELL_KAFKA" "$topic" 3 <"$records" >/dev/null
"$python/bin/python" "$here/readers.py" "$QUELL_KAFKA" "$topic" schemas "$records" >"$facts"
