# What the programs here share: steps that say what they do and how long it took, the Debian
# packages, configuring and building. Sourced by them, from the project's root.

packages=(
  cmake ninja-build g++ pkg-config     # to build
  librocksdb-dev                       # the store
  libboost1.81-dev                     # Asio and Beast: sockets and HTTP
  libsimdjson-dev                      # JSON in
  libxxhash-dev                        # hashes of ids, bodies and records
  libcli11-dev libtomlplusplus-dev     # flags; configuration and token files
  libssl-dev                           # SHA-256 of tokens
  zlib1g-dev libzstd-dev               # compressed bodies
  libjemalloc-dev                      # the daemon's allocator: gives freed memory back
  libgtest-dev libbenchmark-dev        # tests and benchmarks
)

# For the fuzz targets: tests/fuzz.
fuzz_packages=(clang libclang-rt-dev)

# Clients that the contract is tried with: tests/clients. And npm, for tests/openapi, where nodejs did not
# bring its own.
client_packages=(
  curl wget python3 python3-requests ruby ruby-rest-client php-cli php-guzzlehttp-guzzle
  default-jdk-headless golang-go nodejs node-typescript
)

step_name=''
step() {  # step TEXT: begins a step, and ends the one before
  step_done
  step_name=$1
  step_began=$(date +%s%N)
  echo "== $step_name" >&2
}
step_done() {
  [ -n "$step_name" ] || return 0
  local ms=$((($(date +%s%N) - step_began) / 1000000))
  printf '   %s: %d.%d s\n' "$step_name" $((ms / 1000)) $((ms % 1000 / 100)) >&2
  step_name=''
}

# Installs what is missing of the packages named.
install_packages() {
  step "packages"
  local missing=() name
  for name in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
  done
  if [ ${#missing[@]} -eq 0 ]; then
    echo "   all there" >&2
    return 0
  fi
  echo "   installing: ${missing[*]}" >&2
  local root=()
  [ "$(id -u)" = 0 ] || root=(sudo)
  "${root[@]}" apt-get update -qq >&2
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
    "${missing[@]}" >&2
}

# configure PRESET: makes build/PRESET if it is not there; the build itself reconfigures when needed.
configure() {
  step "configure $1"
  if [ -f "build/$1/build.ninja" ]; then
    echo "   done before" >&2
  else
    cmake --preset "$1" >&2
  fi
}

# build PRESET TARGET…
build() {
  local preset=$1
  shift
  step "build $preset: $*"
  # Where output is not a terminal only what matters is printed: the last line, or the errors.
  if [ -t 2 ]; then
    cmake --build --preset "$preset" --target "$@" >&2
  else
    local log="build/$preset/build.log"
    if cmake --build --preset "$preset" --target "$@" >"$log" 2>&1; then
      tail -n 1 "$log" >&2
    else
      tail -n 100 "$log" >&2
      return 1
    fi
  fi
}
