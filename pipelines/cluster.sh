#!/usr/bin/env bash
# An Apache Spark standalone cluster on this machine, from the installed pyspark: one master, two workers of one core.
# Usage: cluster.sh start|stop FOLDER. FOLDER gets logs, process ids and, once started, the file `address`.
# It listens on the loopback only; PORT=0 takes any free port, MEMORY is what each worker may give to executors.
set -euo pipefail

WHAT=${1:?start or stop}
FOLDER=${2:?folder for logs and process ids}
PORT=${PORT:-7077}
MEMORY=${MEMORY:-1536m}
PATIENCE=60

say() { printf '%s\n' "$*" >&2; }

launch() {  # launch NAME CLASS ARGUMENT...: start one of Spark's processes, apart from this terminal
    nohup "$SPARK_HOME/bin/spark-class" "org.apache.spark.deploy.$2" "${@:3}" >"$FOLDER/$1.log" 2>&1 </dev/null &
    echo $! >"$FOLDER/$1.pid"
}

await() {  # await NAME PATTERN: print what its log says once it says so
    for _ in $(seq $((PATIENCE * 4))); do
        if grep -oE -m1 "$2" "$FOLDER/$1.log"; then return; fi
        kill -0 "$(cat "$FOLDER/$1.pid")" 2>/dev/null || break
        sleep 0.25
    done
    say "the $1 did not start; $FOLDER/$1.log says why"
    return 1
}

start() {
    if [ -e "$FOLDER/master.pid" ]; then say "a cluster stands already: cluster.sh stop $FOLDER"; return 1; fi
    mkdir -p "$FOLDER"
    SPARK_HOME=$(python -c 'import pathlib, pyspark; print(pathlib.Path(pyspark.__file__).parent)')
    export SPARK_HOME SPARK_LOCAL_IP=127.0.0.1 SPARK_DAEMON_MEMORY=256m SPARK_NO_DAEMONIZE=1
    trap stop EXIT
    launch master master.Master --host 127.0.0.1 --port "$PORT" --webui-port 0
    address=$(await master 'spark://127\.0\.0\.1:[0-9]+')
    for worker in one two; do
        launch "worker-$worker" worker.Worker --host 127.0.0.1 --webui-port 0 --cores 1 --memory "$MEMORY" \
            --work-dir "$FOLDER/work-$worker" "$address"
    done
    for worker in one two; do await "worker-$worker" 'Successfully registered' >/dev/null; done
    echo "$address" >"$FOLDER/address"
    trap - EXIT
    echo "$address"
}

stop() {  # workers first: they end their executors
    for name in worker-one worker-two master; do
        [ -e "$FOLDER/$name.pid" ] || continue
        id=$(cat "$FOLDER/$name.pid")
        kill "$id" 2>/dev/null || true
        for _ in $(seq 80); do kill -0 "$id" 2>/dev/null || break; sleep 0.25; done
        kill -9 "$id" 2>/dev/null || true
        rm -f "$FOLDER/$name.pid"
    done
    rm -rf "$FOLDER/address" "$FOLDER"/work-*
}

case $WHAT in
    start) start ;;
    stop) stop ;;
    *) say "start or stop, not $WHAT"; exit 2 ;;
esac
