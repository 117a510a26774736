#!/usr/bin/env bash
# ./start_services.sh   starts what several processes need: Redis, a worker, the API. What is up already is left as it
# is, so a second call changes nothing. Settings come from the environment and .env; ./stop_services.sh ends it.
set -euo pipefail
case ${1-} in
  '') ;;
  -h | --help) sed -n '2,3s/^# //p' "$0"; exit 0 ;;
  *) echo "error: ./start_services.sh takes no arguments" >&2; exit 2 ;;
esac
cd "$(dirname "$(realpath "$0")")"
. scripts/install.sh
. scripts/services.sh
mkdir -p "$services"
# Two calls at once would start everything twice.
exec 9>"$services/services.lock"
flock 9

export CELERY_BROKER_URL CELERY_RESULT_BACKEND
CELERY_BROKER_URL=$(setting CELERY_BROKER_URL redis://127.0.0.1:6379/0)
CELERY_RESULT_BACKEND=$(setting CELERY_RESULT_BACKEND "$CELERY_BROKER_URL")

reader=${CODE_READER:-}
if [ -z "$reader" ]; then
  need_rust
  need git cc
  build_pages
  say "building code-reader (minutes the first time, then seconds)"
  cargo build --release --locked -p code-reader
  reader=$(realpath "${CARGO_TARGET_DIR:-target}")/release/code-reader
fi

start_redis() {
  local address host port
  address=$(redis_address "$CELERY_BROKER_URL")
  [ -n "$address" ] || { say "the broker is ${CELERY_BROKER_URL%%:*}: nothing to start for it"; return; }
  read -r host port <<<"$address"
  if redis_answers "$host" "$port"; then
    say "Redis answers at $host:$port"
    return
  fi
  local loopback=$host
  case $host in
    localhost) loopback=127.0.0.1 ;;
    127.* | ::1) ;;
    *) die "no Redis answers at $host:$port, and this machine cannot start one there: check CELERY_BROKER_URL" ;;
  esac
  case $CELERY_BROKER_URL in
    redis://*@* | rediss://*)
      die "no Redis answers at $host:$port: start the one that CELERY_BROKER_URL means (one with a password or TLS is not started from here)" ;;
  esac
  if command -v redis-server >/dev/null 2>&1; then
    mkdir -p "$services/redis"
    launch redis redis-server --bind "$loopback" --port "$port" --dir "$services/redis" --appendonly yes --save ''
    wait_for redis 30 redis_answers "$host" "$port"
    say "Redis started at $host:$port (process $(pid_of redis))"
  elif ! command -v docker >/dev/null 2>&1; then
    die "no Redis answers at $host:$port: install one (apt-get install redis-server) or Docker, or remove CELERY_BROKER_URL and use ./start, which needs none"
  elif ! docker info >/dev/null 2>&1; then
    die "no Redis answers at $host:$port, and Docker, which could run one, cannot be asked: 'docker info' says why; or install Redis (apt-get install redis-server)"
  else
    start_container "$host" "$loopback" "$port"
  fi
}

# start_container HOST LOOPBACK PORT   runs Redis in a container that is made once and then started again.
start_container() {
  local host=$1 loopback=$2 port=$3 name=code-reader-redis published until=$((SECONDS + 60))
  if [ -n "$(docker ps --all --quiet --filter "name=^$name$")" ]; then
    published=$(docker inspect --format '{{(index (index .HostConfig.PortBindings "6379/tcp") 0).HostPort}}' "$name")
    [ "$published" = "$port" ] ||
      die "the container $name was made for port $published, and CELERY_BROKER_URL says $port: use that port, or remove the container and what it holds (docker rm --volumes $name)"
    docker start "$name" >/dev/null || die "Docker could not start the container $name: see above"
  else
    case $loopback in *:*) loopback="[$loopback]" ;; esac
    docker run --detach --name "$name" --publish "$loopback:$port:6379" redis:7-alpine \
      redis-server --appendonly yes >/dev/null || die "Docker could not run redis:7-alpine: see above"
  fi
  echo "$name" >"$services/redis.container"
  until redis_answers "$host" "$port"; do
    [ $SECONDS -lt $until ] || die "the container $name does not answer: docker logs $name"
    sleep 0.2
  done
  say "Redis started in the container $name"
}

start_worker() {
  if is_up celery_worker; then
    say "the worker is up (process $(pid_of celery_worker))"
    return
  fi
  # The node has a name of its own, so that this very worker is asked whether it is there.
  local node
  node=code-reader@$(hostname)
  launch celery_worker "$reader" worker --loglevel info --hostname "$node"
  wait_for celery_worker 60 "$reader" inspect ping --destination "$node" --timeout 1
  say "worker started (process $(pid_of celery_worker)), log $services/celery_worker.log"
}

start_api() {
  if is_up backend; then
    say "the API is up (process $(pid_of backend))"
  else
    local before
    before=$(stat -c %s "$services/backend.log" 2>/dev/null || echo 0)
    launch backend "$reader" api
    wait_for backend 60 bash -c 'tail -c "+$(($1 + 1))" "$2" | grep -q "Code Reader is at http"' _ "$before" "$services/backend.log"
    say "API started (process $(pid_of backend)), log $services/backend.log"
  fi
  say "read at $(sed -n 's/.*Code Reader is at \(http[^ ]*\).*/\1/p' "$services/backend.log" | tail -n 1)"
}

start_redis
start_worker
start_api

# A shell of the operator's own needs the same two settings; a password is not printed.
if [ -z "$(unset CELERY_BROKER_URL && setting CELERY_BROKER_URL '')" ]; then
  case $CELERY_BROKER_URL$CELERY_RESULT_BACKEND in
    *@*) say "commands in a shell of your own need CELERY_BROKER_URL and CELERY_RESULT_BACKEND too: write them to .env" ;;
    *) say "for commands in a shell of your own: export CELERY_BROKER_URL=$CELERY_BROKER_URL CELERY_RESULT_BACKEND=$CELERY_RESULT_BACKEND" ;;
  esac
fi
