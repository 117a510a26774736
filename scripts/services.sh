# What start_services.sh and stop_services.sh share. Sourced from the project's root.
#
# Each service has a pid file and a log in logs/ (SERVICES_DIR names another folder). A pid file counts only while the
# process behind it is the one that was started: its start time is kept beside the pid.

services=${SERVICES_DIR:-logs}

# The value of a setting: the environment first, then .env, then the default given.
setting() {
  local name=$1 default=$2 line
  if [ -n "${!name-}" ]; then printf '%s' "${!name}"; return; fi
  if [ -f .env ]; then
    line=$(grep -E "^[[:space:]]*(export[[:space:]]+)?$name=" .env | tail -n 1 || true)
    if [ -n "$line" ]; then
      line=${line#*=}
      line=${line%$'\r'}
      case $line in
        \"*\") line=${line#\"}; line=${line%\"} ;;
        \'*\') line=${line#\'}; line=${line%\'} ;;
      esac
      printf '%s' "$line"
      return
    fi
  fi
  printf '%s' "$default"
}

# When the process was started, in ticks since the machine was: with the pid it names a process for good.
started_at() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# Is the process of this pid file alive?
is_up() {
  local pid at
  [ -f "$services/$1.pid" ] || return 1
  { read -r pid && read -r at; } <"$services/$1.pid" || return 1
  [ -n "$at" ] && [ "$(started_at "$pid")" = "$at" ]
}

pid_of() { head -n 1 "$services/$1.pid"; }

# launch NAME COMMAND...   starts it in a session of its own; what it says is added to its log. It must not inherit the
# lock of the script that starts it.
launch() {
  local name=$1
  shift
  setsid nohup "$@" >>"$services/$name.log" 2>&1 </dev/null 9>&- &
  local pid=$!
  disown
  printf '%s\n%s\n' "$pid" "$(started_at "$pid")" >"$services/$name.pid"
}

# wait_for NAME SECONDS COMMAND...   until the command succeeds; ends the script when the service dies or time is up.
wait_for() {
  local name=$1 until=$((SECONDS + $2))
  shift 2
  until "$@" >/dev/null 2>&1; do
    if ! is_up "$name"; then
      rm -f "$services/$name.pid"
      say "$name did not start. The end of $services/$name.log:"
      tail -n 15 "$services/$name.log" >&2
      exit 1
    fi
    [ $SECONDS -lt $until ] || die "$name does not answer: see $services/$name.log"
    sleep 0.1
  done
}

# Host and port of a Redis URL; empty when it names no single TCP server (a socket, Sentinel, SQLite).
redis_address() {
  local url=$1 rest
  case $url in
    redis://* | rediss://* | valkey://*) rest=${url#*://} ;;
    *) return 0 ;;
  esac
  rest=${rest%%[/?]*}
  rest=${rest##*@}
  case $rest in
    '') printf '127.0.0.1 6379' ;;
    \[*\]:*) printf '%s %s' "${rest%]:*}" "${rest##*:}" | tr -d '[' ;;
    *:*) printf '%s %s' "${rest%:*}" "${rest##*:}" ;;
    *) printf '%s 6379' "$rest" ;;
  esac
}

# Does a Redis answer there? One that asks for a password is one.
redis_answers() {
  local reply
  reply=$(timeout 3 bash -c 'exec 3<>"/dev/tcp/$0/$1" && printf "PING\r\n" >&3 && head -n 1 <&3' "$1" "$2" 2>/dev/null) || return 1
  case $reply in
    +PONG* | -NOAUTH* | -LOADING*) return 0 ;;
    *) return 1 ;;
  esac
}
