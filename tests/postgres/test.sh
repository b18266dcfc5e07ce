#!/usr/bin/env bash
# Starts a PostgreSQL server of its own, runs the vault's tests on it as well as on files, stops it.
#   test.sh [ARGUMENTS OF THE TESTS…]
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
chmod a+x "$folder" # the server's user must reach its folder in it
trap 'tests/postgres/server.sh stop "$folder/server" || true; rm -rf "$folder"' EXIT
QUELL_POSTGRES=$(tests/postgres/server.sh start "$folder/server")
export QUELL_POSTGRES QUELL_POSTGRES_PASSWORD_FILE=$folder/server/password
"${CARGO:-cargo}" test --locked -p vault --features postgres-tls -- "$@"
