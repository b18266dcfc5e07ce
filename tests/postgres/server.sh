#!/usr/bin/env bash
# A PostgreSQL server of its own in DIR, for tests: on a free port of 127.0.0.1 and a socket in DIR. Nothing of
# it lies outside DIR, and nobody but this machine's user reaches it.
#
#   server.sh start DIR [SETTING=VALUE…]   makes it if there is none, starts it, prints its address
#   server.sh restart DIR                  stops it as a crash would, starts it again on the same port
#   server.sh stop DIR
#
# DIR/superuser.url is the address for a superuser, DIR/ca.pem the certificate of its TLS where openssl is there.
set -euo pipefail

say() { echo "tests/postgres/server.sh: $*" >&2; }

usage() {
    say "usage: start DIR [SETTING=VALUE…] | restart DIR | stop DIR"
    exit 2
}

# Debian keeps the server's programs off the PATH, each version in a folder of its own: the newest counts.
programs() {
    local found
    if found=$(command -v initdb) && [ -x "$(dirname "$(readlink -f "$found")")/postgres" ]; then
        dirname "$(readlink -f "$found")"
        return
    fi
    found=$(find /usr/lib/postgresql /usr/pgsql-* /usr/local/pgsql /opt/homebrew/opt/postgresql* \
        -maxdepth 3 -path '*/bin/initdb' 2>/dev/null | sort -V | tail -1)
    if [ -z "$found" ]; then
        say "there is no PostgreSQL server on this machine: apt-get install postgresql"
        exit 1
    fi
    dirname "$found"
}

# The server refuses to run as root: then it runs as a user that every system has.
as_server() {
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --reuid="$server_user" --regid="$(id -g "$server_user")" --clear-groups env HOME="$dir" "$@"
    else
        "$@"
    fi
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

make_certificate() {
    command -v openssl >/dev/null || return 0
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
        -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
        -keyout "$dir/server.key" -out "$dir/ca.pem" 2>/dev/null
    chmod 600 "$dir/server.key"
    [ "$(id -u)" -ne 0 ] || chown "$server_user" "$dir/server.key"
    printf "ssl = on\nssl_cert_file = '%s'\nssl_key_file = '%s'\n" "$dir/ca.pem" "$dir/server.key" >>"$dir/settings"
}

# A superuser by the socket's folder alone, and the role `quell` with a password, who owns the database and may
# do nothing else: as an operator would set it up.
make_server() {
    local password
    mkdir -p "$dir"
    [ "$(id -u)" -ne 0 ] || chown "$server_user" "$dir"
    as_server test -w "$dir" || { say "the user $server_user cannot reach $dir: open the folders above it (chmod a+x)"; exit 1; }
    as_server "$bin/initdb" -D "$dir/data" -U postgres -E UTF8 --locale=C --data-checksums --no-sync \
        --auth-local=trust --auth-host=scram-sha-256 >"$dir/initdb.log"
    port=$(free_port)
    echo "$port" >"$dir/port"
    cat >"$dir/settings" <<EOF
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$dir'
max_connections = 200
log_timezone = 'UTC'
EOF
    make_certificate
    for setting in "$@"; do
        echo "${setting%%=*} = '${setting#*=}'" >>"$dir/settings"
    done
    echo "include '$dir/settings'" >>"$dir/data/postgresql.conf"
    launch
    password=$(python3 -c 'import secrets; print(secrets.token_hex(16))')
    (umask 077 && printf '%s' "$password" >"$dir/password")
    as_server "$bin/psql" -qX -h "$dir" -p "$port" -U postgres -d postgres -v ON_ERROR_STOP=1 <<EOF
CREATE ROLE quell LOGIN PASSWORD '$password';
CREATE DATABASE quell OWNER quell;
EOF
}

launch() {
    as_server "$bin/pg_ctl" -D "$dir/data" -l "$dir/server.log" -w -t 60 start >/dev/null ||
        { say "the server does not start:"; tail -5 "$dir/server.log" >&2; exit 1; }
}

halt() {
    as_server "$bin/pg_ctl" -D "$dir/data" -m "$1" -w -t 60 stop >/dev/null
}

[ $# -ge 2 ] || usage
action=$1 dir=$2
shift 2
case $dir in /*) ;; *) dir=$PWD/$dir ;; esac
server_user=nobody
! id -u postgres >/dev/null 2>&1 || server_user=postgres
bin=$(programs)
case $action in
start)
    if [ -f "$dir/port" ]; then launch; else make_server "$@"; fi
    port=$(<"$dir/port")
    echo "host=$dir port=$port user=postgres dbname=quell" >"$dir/superuser.url"
    echo "postgres://quell@127.0.0.1:$port/quell"
    ;;
restart)
    halt immediate
    launch
    ;;
stop) halt fast ;;
*) usage ;;
esac
