# shellcheck shell=bash
# What the scripts of this folder share. The one that sources it says who it is in $me.

fail() {
    echo "$me: $*" >&2
    exit 1
}

need() { # need COMMAND WHAT
    command -v "$1" >/dev/null || fail "missing: $1 ($2)"
}

listening() { # listening PORT
    (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Appends a port to `taken`. Below the range from which the system takes ports for outgoing connections, so that
# a broker that was killed finds its own free again.
free_port() {
    local port
    for _ in {1..200}; do
        port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
        if [[ " ${taken[*]-} " != *" $port "* ]] && ! listening "$port"; then
            taken+=("$port")
            return 0
        fi
    done
    fail "no free port on 127.0.0.1"
}
taken=()
