#!/usr/bin/env bash
# Runs a command beside a PostgreSQL server of its own: QUELL_POSTGRES is its address, and
# QUELL_POSTGRES_PASSWORD_FILE the file with its role's password. The server ends with the command.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
chmod a+x "$folder" # the server's user must reach its folder in it
trap 'tests/postgres/server.sh stop "$folder/server" || true; rm -rf "$folder"' EXIT
QUELL_POSTGRES=$(tests/postgres/server.sh start "$folder/server")
export QUELL_POSTGRES QUELL_POSTGRES_PASSWORD_FILE=$folder/server/password
"$@"
