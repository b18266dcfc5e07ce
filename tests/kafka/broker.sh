#!/usr/bin/env bash
# Apache Kafka for tests: fetched once from Maven Central into a cache, started on free loopback ports.
#
#   broker.sh fetch                          fills the cache; later starts need no network
#   broker.sh start [OPTIONS] DIR            starts a new cluster in DIR, or again the one that DIR holds
#   broker.sh run   [OPTIONS] -- COMMAND...  the same in a folder of its own; stopped and removed when COMMAND ends
#   broker.sh stop DIR                       ends all brokers; the data stays
#   broker.sh kill|pause|resume|restart DIR N    SIGKILL, SIGSTOP, SIGCONT of broker N (1...); starts N anew
#   broker.sh format DIR CLUSTER             formats a cluster that somebody else has laid out in DIR; then start it
#   broker.sh tool DIR CLASS ARGS...         a tool of org.apache.kafka.tools, as: tool DIR TopicCommand --list
#
# OPTIONS
#   --brokers 1|3       each is broker and controller; three keep every record on three, and need two in sync
#   --tls-sasl          one more listener: SASL_SSL with SCRAM-SHA-512 and PLAIN
#   --advertise P[,P]   the ports that clients are told, one per broker: a proxy's, which forwards to LISTEN
#   --owner PID         the brokers die with that process, even if it is killed
#
# start prints lines KEY=value, and DIR/env keeps them; run exports them to COMMAND as QUELL_KAFKA_KEY, and
# BOOTSTRAP also as QUELL_KAFKA:
#   BOOTSTRAP          what clients are given     LISTEN       where the brokers listen for clients
#   DIRECT             past any proxy             VERSION      of Apache Kafka
#   PIDS               a pid file per broker      SECURE_BOOTSTRAP, CA, USER_FILE, PASSWORD_FILE: with --tls-sasl
#
# Settings by environment: QUELL_KAFKA_VERSION, QUELL_KAFKA_CACHE (the folder with the jars), QUELL_KAFKA_HEAP.
# Every `return` has a number: without one it gives, in a trap, what the script was about to end with.
set -euo pipefail

version=${QUELL_KAFKA_VERSION:-4.4.0}
cache=${QUELL_KAFKA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/quell/kafka-$version}
heap=${QUELL_KAFKA_HEAP:-512m}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ready_seconds=90
stop_seconds=15

me=broker.sh
# shellcheck source=lib.sh
source "$here/lib.sh"

# --- the cache ---------------------------------------------------------------------------------------------------

need_java() {
    need java "Java 17 or newer; on Debian: openjdk-17-jre-headless"
    local major
    major=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p')
    [[ ${major:-0} -ge 17 ]] || fail "missing: Java 17 or newer (java is version ${major:-unknown})"
}

# Three times, because networks fail for a moment.
download() { # download DIR
    for _ in 1 2 3; do
        mvn -B -q -f "$here/pom.xml" -Dkafka.version="$version" dependency:copy-dependencies \
            -DincludeScope=runtime -DoutputDirectory="$1" && return 0
    done
    return 1
}

# Into a folder beside the cache and renamed at the end: two that fetch at once, or one that is killed, harm nothing.
fetch() {
    need_java
    [[ -d $cache ]] && return 0
    need mvn "Maven, once, to fetch Apache Kafka; on Debian: maven"
    mkdir -p "$(dirname "$cache")"
    local part
    part=$(mktemp -d "$cache.XXXXXX")
    if ! download "$part" >"$part/mvn.log" 2>&1; then
        tail -n 5 "$part/mvn.log" >&2
        rm -rf "$part"
        fail "mvn could not fetch Apache Kafka $version"
    fi
    rm -f "$part/mvn.log"
    mv -T "$part" "$cache" 2>/dev/null || rm -rf "$part"
}

java_with() { # java_with HEAP LEVEL ARGS...
    "${session[@]}" java "-Xmx$1" -XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError -Djava.awt.headless=true \
        -Dlog4j2.configurationFile="$here/log4j2.properties" -Dquell.level="$2" -cp "$cache/*" "${@:3}"
}
session=(env)

# Short lives: compiling their code well would cost more than it saves.
tool() { # tool CLASS ARGS...
    java_with 128m error -XX:TieredStopAtLevel=1 "$@"
}

# The tools write what they do to the log; only a failure is of interest.
quietly() {
    local said
    said=$("$@" 2>&1) || { echo "$said" | tail -n 10 >&2; return 1; }
}

joined() { # joined SEPARATOR WORDS...
    local IFS=$1
    echo "${*:2}"
}

# --- certificates and users --------------------------------------------------------------------------------------

# An authority of this cluster only, and a certificate of it for 127.0.0.1. All by keytool: it comes with Java.
make_secrets() { # make_secrets DIR
    local dir=$1/secure
    mkdir -m 700 "$dir"
    head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$dir/password"
    printf quell >"$dir/user"
    local store=(-storetype PKCS12 -storepass:file "$dir/password") key=(-keyalg EC -groupname secp256r1 -validity 30)
    keytool -genkeypair -alias ca -dname "CN=Quell test authority" -ext bc:c "${key[@]}" \
        -keystore "$dir/ca.p12" "${store[@]}" &&
        keytool -exportcert -rfc -alias ca -file "$dir/ca.pem" -keystore "$dir/ca.p12" "${store[@]}" &&
        keytool -genkeypair -alias broker -dname "CN=127.0.0.1" "${key[@]}" \
            -keystore "$dir/broker.p12" "${store[@]}" &&
        keytool -certreq -alias broker -keystore "$dir/broker.p12" "${store[@]}" |
        keytool -gencert -alias ca -ext "SAN=IP:127.0.0.1,DNS:localhost" -validity 30 -rfc \
            -keystore "$dir/ca.p12" "${store[@]}" >"$dir/broker.pem" &&
        keytool -importcert -noprompt -alias ca -file "$dir/ca.pem" -keystore "$dir/broker.p12" "${store[@]}" &&
        keytool -importcert -alias broker -file "$dir/broker.pem" -keystore "$dir/broker.p12" "${store[@]}"
}

secure_settings() { # secure_settings DIR
    local dir=$1/secure password module=org.apache.kafka.common.security
    password=$(<"$dir/password")
    cat <<END
ssl.keystore.location=$dir/broker.p12
ssl.keystore.type=PKCS12
ssl.keystore.password=$password
listener.name.secure.sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN
listener.name.secure.scram-sha-512.sasl.jaas.config=$module.scram.ScramLoginModule required;
listener.name.secure.plain.sasl.jaas.config=$module.plain.PlainLoginModule required user_quell="$password";
END
}

# --- a cluster ---------------------------------------------------------------------------------------------------

# Ports are kept in arrays by broker: control, direct, listen, advertised, secure.
choose_ports() {
    local n
    for ((n = 0; n < brokers; n++)); do
        free_port && control[n]=${taken[-1]}
        free_port && direct[n]=${taken[-1]}
        free_port && listen[n]=${taken[-1]}
        free_port && secure[n]=${taken[-1]}
        advertised[n]=${advertise[n]:-${listen[n]}}
    done
}

voters() {
    local n all=()
    for ((n = 0; n < brokers; n++)); do all+=("$((n + 1))@127.0.0.1:${control[n]}"); done
    joined , "${all[@]}"
}

# Settings that differ from Apache Kafka's own are here because a promise of the log needs them, or because three
# brokers share a small machine.
settings() { # settings DIR N
    local i=$(($2 - 1)) copies=$brokers in_sync=$((brokers > 1 ? 2 : 1)) more_listen="" more_told=""
    if [[ -n $tls_sasl ]]; then
        more_listen=,SECURE://127.0.0.1:${secure[i]}
        more_told=$more_listen
    fi
    cat <<END
process.roles=broker,controller
node.id=$2
controller.quorum.voters=$(voters)
controller.listener.names=CONTROLLER
inter.broker.listener.name=DIRECT
listeners=CONTROLLER://127.0.0.1:${control[i]},DIRECT://127.0.0.1:${direct[i]},CLIENT://127.0.0.1:${listen[i]}$more_listen
advertised.listeners=DIRECT://127.0.0.1:${direct[i]},CLIENT://127.0.0.1:${advertised[i]}$more_told
listener.security.protocol.map=CONTROLLER:PLAINTEXT,DIRECT:PLAINTEXT,CLIENT:PLAINTEXT,SECURE:SASL_SSL
log.dirs=$1/$2/data
# promises
auto.create.topics.enable=false
unclean.leader.election.enable=false
default.replication.factor=$copies
min.insync.replicas=$in_sync
offsets.topic.replication.factor=$copies
transaction.state.log.replication.factor=$copies
transaction.state.log.min.isr=$in_sync
share.coordinator.state.topic.replication.factor=$copies
share.coordinator.state.topic.min.isr=$in_sync
message.max.bytes=6000000
replica.fetch.max.bytes=6000000
log.message.timestamp.after.max.ms=3600000
group.min.session.timeout.ms=1000
# a small machine, and tests that wait for nothing
group.initial.rebalance.delay.ms=100
offsets.topic.num.partitions=8
transaction.state.log.num.partitions=8
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=16777216
END
    [[ -z $tls_sasl ]] || secure_settings "$1"
}

# What somebody else has laid out: DIR/env, and DIR/N/server.properties of each broker.
format_given() { # format_given DIR CLUSTER
    local n
    for n in $(brokers_in "$1"); do
        quietly tool kafka.tools.StorageTool format "--cluster-id=$2" --config "$1/$n/server.properties" ||
            fail "could not format broker $n in $1"
    done
}

# Transactions v2 is a feature that formatting fixes: asked for by name, so that a broker without it refuses. An id may
# begin with a dash, hence the sign of equality.
format() { # format DIR
    local dir=$1 n cluster more=()
    cluster=$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d =)
    [[ -z $tls_sasl ]] || more=(--add-scram "SCRAM-SHA-512=[name=quell,password=$(<"$dir/secure/password")]")
    for ((n = 1; n <= brokers; n++)); do
        mkdir -p "$dir/$n"
        settings "$dir" "$n" >"$dir/$n/server.properties"
        quietly tool kafka.tools.StorageTool format "--cluster-id=$cluster" --feature transaction.version=2 \
            "${more[@]}" --config "$dir/$n/server.properties" || fail "could not format broker $n in $dir"
    done
}

addresses() { # addresses PORTS...
    joined , "${@/#/127.0.0.1:}"
}

describe() { # describe DIR
    local dir=$1 n pids=()
    for ((n = 1; n <= brokers; n++)); do pids+=("$dir/$n/pid"); done
    echo "BOOTSTRAP=$(addresses "${advertised[@]}")"
    echo "LISTEN=$(addresses "${listen[@]}")"
    echo "DIRECT=$(addresses "${direct[@]}")"
    echo "VERSION=$version"
    echo "PIDS=$(joined , "${pids[@]}")"
    [[ -n $tls_sasl ]] || return 0
    echo "SECURE_BOOTSTRAP=$(addresses "${secure[@]}")"
    printf '%s\n' "CA=$dir/secure/ca.pem" "USER_FILE=$dir/secure/user" "PASSWORD_FILE=$dir/secure/password"
}

found() { # found DIR KEY
    sed -n "s/^$2=//p" "$1/env"
}

brokers_in() { # brokers_in DIR
    [[ -f $1/env ]] || fail "$1 holds no cluster (no file env)"
    local pids
    IFS=, read -ra pids <<<"$(found "$1" PIDS)"
    seq "${#pids[@]}"
}

# A pid file may outlive its broker, and its number come back as another process: only one that runs these very
# settings is ours.
alive() { # alive DIR N
    local pid
    pid=$(cat "$1/$2/pid" 2>/dev/null) && { tr '\0' '\n' <"/proc/$pid/cmdline"; } 2>/dev/null |
        grep -xF "$1/$2/server.properties" >/dev/null
}

# In a session of its own: a key press, or a signal to the caller's group, must not end it before the caller decides.
launch() { # launch DIR N
    local dir=$1/$2
    ! alive "$1" "$2" || return 0
    (session=(exec setsid) && java_with "$heap" info kafka.Kafka "$dir/server.properties") \
        >>"$dir/log" 2>&1 </dev/null &
    echo $! >"$dir/pid"
    disown
}

# The brokers that broker N knows as able to serve, one id a line: it is asked as a client asks, with a Metadata
# request (version 1, of no topics). An open port would not do, because a broker listens before it can serve.
serving() { # serving DIR N
    local port bytes i
    port=$(found "$1" DIRECT | cut -d, -f"$2" | cut -d: -f2)
    read -ra bytes < <(timeout 2 bash -c "$metadata" "$port" 2>/dev/null | od -An -v -tu1 -w256) || true
    # correlation 4, count 4; then per broker: id 4, host 2 + 9 ("127.0.0.1"), port 4, no rack 2
    for ((i = 0; i < ${bytes[7]:-0}; i++)); do echo "${bytes[11 + 21 * i]}"; done
}
# The answer begins with its size in four bytes; three brokers take less than 256.
# shellcheck disable=SC2016 # expanded by the bash that it is given to
metadata='exec 3<>"/dev/tcp/127.0.0.1/$0"
    printf "\0\0\0\16\0\3\0\1\0\0\0\1\377\377\0\0\0\0" >&3
    head -c "$(head -c 4 <&3 | od -An -tu1 | { read -r _ _ _ size; echo "$size"; })" <&3'

serves() { # serves DIR N WANTED: does broker N serve, and know so many that do?
    local known
    known=$(serving "$1" "$2")
    grep -qx "$2" <<<"$known" && [[ $(wc -l <<<"$known") -ge $3 ]]
}

# Bounded, and ends at once when the broker ends.
wait_ready() { # wait_ready DIR N WANTED
    local until=$((SECONDS + ready_seconds))
    until serves "$@"; do
        alive "$1" "$2" && ((SECONDS < until)) || return 1
        sleep 0.1
    done
}

show_end() { # show_end DIR
    local n
    for n in $(brokers_in "$1"); do
        echo "--- the end of $1/$n/log" >&2
        tail -n 15 "$1/$n/log" >&2
    done
}

create() { # create DIR
    local dir=$1
    rm -rf "${dir:?}"/[1-9]* "$dir/secure"
    choose_ports
    [[ -z $tls_sasl ]] || quietly make_secrets "$dir" || fail "could not make certificates (keytool of this Java)"
    format "$dir"
    describe "$dir" >"$dir/env"
}

launch_all() { # launch_all DIR
    local n count
    count=$(brokers_in "$1" | wc -l)
    for n in $(brokers_in "$1"); do launch "$1" "$n"; done
    for n in $(brokers_in "$1"); do wait_ready "$1" "$n" "$count" || return 1; done
}

# Between choosing a port and listening on it another may take it: then once more, with others.
create_and_launch() { # create_and_launch DIR
    local dir=$1
    for _ in 1 2 3; do
        create "$dir"
        launch_all "$dir" && return 0
        stop "$dir"
        grep -q "Address already in use" "$dir"/*/log || break
    done
    return 1
}

start() { # start DIR
    fetch
    mkdir -p "$1"
    local dir
    dir=$(cd "$1" && pwd)
    [[ -z $owner ]] || guard "$dir" "$owner"
    if [[ -f $dir/env ]]; then launch_all "$dir"; else create_and_launch "$dir"; fi || {
        show_end "$dir"
        stop "$dir"
        fail "the brokers in $dir did not answer within $ready_seconds s"
    }
    cat "$dir/env"
}

signal() { # signal SIGNAL DIR N
    alive "$2" "$3" || fail "broker $3 in $2 does not run"
    kill "-$1" "$(<"$2/$3/pid")"
}

gone() { # gone DIR TENTHS [N]: wait for all brokers of DIR, or for N, to end
    local n left
    for ((left = $2; left > 0; left--)); do
        for n in ${3-$(brokers_in "$1")}; do alive "$1" "$n" && sleep 0.1 && continue 2; done
        return 0
    done
    return 1
}

# First asked, then, after a while, ended.
end() { # end DIR NUMBERS...
    local dir=$1 n
    for n in "${@:2}"; do ! alive "$dir" "$n" || kill -TERM "$(<"$dir/$n/pid")" || true; done
    for n in "${@:2}"; do ! alive "$dir" "$n" || kill -CONT "$(<"$dir/$n/pid")" || true; done # a paused one hears nothing
    gone "$dir" $((stop_seconds * 10)) "${*:2}" && return 0
    for n in "${@:2}"; do ! alive "$dir" "$n" || kill -KILL "$(<"$dir/$n/pid")" || true; done
    gone "$dir" 100 "${*:2}" || fail "a broker in $dir does not end"
}

stop() { # stop DIR
    [[ ! -f $1/env ]] || end "$1" $(brokers_in "$1") 2>/dev/null
}

# When a process began: its number alone may come back as another process.
began() {
    sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20
}

guard() { # guard DIR PID
    local birth
    birth=$(began "$2") || true
    [[ -n $birth ]] || fail "--owner $2: there is no such process"
    (
        # What ends the owner's whole group, as timeout does, must not end this before the brokers.
        trap '' HUP INT TERM
        while [[ $(began "$2") == "$birth" ]]; do sleep 1; done
        stop "$1"
        [[ -z $temporary ]] || rm -rf "$1"
    ) >/dev/null 2>&1 </dev/null &
    disown
}

kill_one() { # kill_one DIR N
    signal KILL "$1" "$2"
    gone "$1" 100 "$2" || fail "broker $2 in $1 does not end"
}

restart_one() { # restart_one DIR N
    fetch
    end "$1" "$2"
    launch "$1" "$2"
    wait_ready "$1" "$2" 1 || fail "broker $2 in $1 did not answer within $ready_seconds s"
}

# COMMAND in the background, because bash would hear of a signal only when it ends.
run() {
    local line command=""
    dir=$(mktemp -d)
    trap 'stop "$dir"; rm -rf "$dir"' EXIT
    trap '[[ -z $command ]] || kill "$command"; exit 130' INT TERM
    temporary=yes owner=$$ start "$dir" >/dev/null
    while IFS= read -r line; do export "QUELL_KAFKA_$line"; done <"$dir/env"
    QUELL_KAFKA=$(found "$dir" BOOTSTRAP) QUELL_KAFKA_DIR=$dir "$@" <&0 &
    command=$!
    wait "$command"
}

# --- the command line --------------------------------------------------------------------------------------------

usage() {
    sed -n '2,/^set -/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
    exit "$1"
}

brokers=1 tls_sasl="" owner="" temporary="" dir="" advertise=() control=() direct=() listen=() secure=() advertised=()
options() {
    rest=()
    while (($#)); do
        case $1 in
            --brokers) brokers=${2-} && shift ;;
            --tls-sasl) tls_sasl=yes ;;
            --advertise) IFS=, read -ra advertise <<<"${2-}" && shift ;;
            --owner) owner=${2-} && shift ;;
            --) shift && rest+=("$@") && break ;;
            --*) fail "unknown option $1 (--help lists them)" ;;
            *) rest+=("$1") ;;
        esac
        shift
    done
    [[ $brokers == 1 || $brokers == 3 ]] || fail "--brokers takes 1 or 3, not \"$brokers\""
    ((${#advertise[@]} == 0 || ${#advertise[@]} == brokers)) || fail "--advertise takes one port per broker"
}

of_cluster() { # of_cluster DIR [N]: is there such a thing?
    [[ -n ${1-} ]] || usage 2 >&2
    dir=$(cd "$1" 2>/dev/null && pwd) || fail "no folder $1"
    [[ $# -eq 1 ]] || brokers_in "$dir" | grep -qxF "${2:-}" || fail "$1 holds no broker \"${2:-}\""
}

main() {
    local verb=${1-}
    shift || usage 2 >&2
    case $verb in
        fetch) fetch ;;
        start) options "$@" && [[ ${#rest[@]} -eq 1 ]] || usage 2 >&2; start "${rest[0]}" ;;
        run) options "$@" && [[ ${#rest[@]} -ge 1 ]] || usage 2 >&2; run "${rest[@]}" ;;
        stop) of_cluster "${1-}" && stop "$dir" ;;
        kill) of_cluster "${1-}" "${2-}" && kill_one "$dir" "$2" ;;
        pause) of_cluster "${1-}" "${2-}" && signal STOP "$dir" "$2" ;;
        resume) of_cluster "${1-}" "${2-}" && signal CONT "$dir" "$2" ;;
        restart) of_cluster "${1-}" "${2-}" && restart_one "$dir" "$2" ;;
        format) of_cluster "${1-}" && fetch && format_given "$dir" "${2:?the id of the cluster}" ;;
        tool) of_cluster "${1-}" && fetch && tool "org.apache.kafka.tools.${2-}" \
            --bootstrap-server "$(found "$dir" DIRECT)" "${@:3}" ;;
        -h | --help) usage 0 ;;
        *) fail "unknown command \"$verb\" (--help lists them)" ;;
    esac
}

# Ends before it is read on: the file may change while a command runs.
{
    main "$@"
    exit
}
