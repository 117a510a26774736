#!/usr/bin/env bash
# ./stop_services.sh   stops what ./start_services.sh started, and nothing else: the API, then the worker, whose running
# tasks end first, then Redis.
set -euo pipefail
case ${1-} in
  '') ;;
  -h | --help) sed -n '2,3s/^# //p' "$0"; exit 0 ;;
  *) echo "error: ./stop_services.sh takes no arguments" >&2; exit 2 ;;
esac
cd "$(dirname "$(realpath "$0")")"
. scripts/install.sh
. scripts/services.sh
[ -d "$services" ] || { say "nothing was started"; exit 0; }
exec 9>"$services/services.lock"
flock 9

# ended NAME SECONDS   waits until the process has gone.
ended() {
  local until=$((SECONDS + $2))
  while is_up "$1"; do
    [ $SECONDS -lt $until ] || return 1
    sleep 0.1
  done
}

# stop NAME WHAT SECONDS   TERM, then for the worker QUIT (its tasks go back to the queue), then KILL.
stop() {
  local name=$1 what=$2 seconds=$3 pid
  if ! is_up "$name"; then
    rm -f "$services/$name.pid"
    return
  fi
  pid=$(pid_of "$name")
  say "stopping $what (process $pid)"
  kill -TERM "$pid"
  if ! ended "$name" "$seconds"; then
    if [ "$name" = celery_worker ]; then
      say "$what still runs after $seconds s: its tasks go back to the queue"
      kill -QUIT "$pid" || true
    fi
    ended "$name" 10 || { kill -KILL "$pid" || true; ended "$name" 10 || true; }
  fi
  rm -f "$services/$name.pid"
}

stop backend "the API" 20
stop celery_worker "the worker" "${WORKER_GRACE:-60}"
stop redis Redis 20
if [ -f "$services/redis.container" ]; then
  say "stopping the container code-reader-redis"
  docker stop code-reader-redis >/dev/null
  rm -f "$services/redis.container"
fi
say "stopped"
