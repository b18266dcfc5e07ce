#!/usr/bin/env bash
# Imports a committed fixture into a folder of its own and asks other engines what they read there.
set -euo pipefail
cd "$(dirname "$0")/.."
quell=${QUELL:-target/release/quell}
data=$(mktemp -d)
trap 'rm -rf "$data"' EXIT
"$quell" --data "$data" import --source csv --mapping tests/fixtures/windows/mapping.toml tests/fixtures/windows/contacts.csv
"$quell" --data "$data" rollup
python3 tests/python/readers.py "$quell" "$data"
