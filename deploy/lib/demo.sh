# Helpers of deploy/demo and deploy/bench: a folder that goes away, a consortium of real processes.
# Sourced after common.sh; expects $jdk. With evidence=tpm2 enclaves get emulated TPMs, with keys=pkcs11
# the broker keeps its KEKs in a token of SoftHSM2.
evidence=${evidence:-simulated}
keys=${keys:-file}

title() { printf '\n== %s\n' "$*"; }

work=
children=()
parties=()
open_work() {
  work=$(mktemp -d "${TMPDIR:-/tmp}/parley-demo.XXXXXX")
  trap close_work EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
}
close_work() {
  local code=$? pid
  for pid in "${children[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${children[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$work"
  exit "$code"
}

# parley, with the distribution in $dist; at PARTY COMMAND... speaks for one party.
parley() { PARLEY_DIST=$dist "$deploy/parley" "$@"; }
at() { local party=$1; shift; parley --home "$work/$party" "$@"; }
tool() {
  local class=$1; shift
  "$jdk/bin/java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 --enable-native-access=ALL-UNNAMED \
    --add-opens=java.base/java.nio=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow \
    -cp "$dist/lib/deploy/*" "io.parley.demo.$class" "$@"
}

# The first member NAME of a JSON text on stdin that is a string.
json() { sed -n 's/.*"'"$1"'": *"\([^"]*\)".*/\1/p' | head -n 1; }

# Runs a command whose output matters only when it fails.
silently() { "$@" >"$work/silent.log" 2>&1 || { cat "$work/silent.log" >&2; die "Failed: $*"; }; }

# A port nobody listens on now.
free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { printf '%s\n' "$port"; return; }
  done
}

# Starts PARTY's node and waits until it, and what listens on further PORTs, answers.
serve() {
  local party=$1 own=$2 port tries
  shift 2
  PARLEY_DIST=$own "$deploy/parley" --home "$work/$party" peer serve >"$work/$party.log" 2>&1 &
  children+=($!)
  for port in "$@"; do
    for tries in $(seq 300); do
      (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
      kill -0 "${children[-1]}" 2>/dev/null && [ "$tries" -lt 300 ] \
        || { tail -20 "$work/$party.log" >&2; die "The node of $party did not start."; }
      sleep 0.1
    done
  done
}

stop_last() {
  local pid=${children[-1]}
  unset 'children[-1]'
  kill "$pid"; wait "$pid" 2>/dev/null || true
}

# A new token of SoftHSM2 in the work folder. softhsm2-util takes PINs from a terminal, or from its command
# line, where others would see them.
soft_token() {
  local pin
  mkdir -p "$work/hsm/tokens"
  printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$work/hsm/tokens" \
    > "$work/hsm/softhsm2.conf"
  export SOFTHSM2_CONF=$work/hsm/softhsm2.conf
  pin=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  (umask 077; printf '%s\n' "$pin" > "$work/hsm/pin")
  printf '%s\n%s\n%s\n%s\n' "$pin" "$pin" "$pin" "$pin" \
    | script -qec 'softhsm2-util --init-token --free --label parley' /dev/null >/dev/null \
    || die "softhsm2-util could not make a token."
}

soft_library() {
  local library
  for library in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so; do
    if [ -r "$library" ]; then printf '%s\n' "$library"; return; fi
  done
  die "No library of SoftHSM2 was found."
}

# What vouches for a party's enclaves.
platform() {
  [ "$evidence" = simulated ] || printf 'enclave: {evidence: tpm2, tpm: swtpm}\n' >> "$work/$1/parley.yaml"
}

# accepting FILE: the agreement, with a policy for the parties' emulated TPMs where there are any.
accepting() {
  local party roots=
  if [ "$evidence" = simulated ]; then cat "$1"; return; fi
  for party in "${parties[@]}"; do
    roots+="$party: \"$(at "$party" --output json platform show --pcr 0 | json root)\", "
  done
  sed "s/^  evidence: .*/  evidence: [tpm2]\n  tpm2: {pcrs: {}, roots: {${roots%, }}, emulators: [swtpm]}/" "$1"
}

# Two parties found a consortium: the first also runs the broker, the second may have a distribution of its own.
consortium() {
  local first=$1 second=$2 other=${3:-$dist} broker_port first_port vault=()
  parties=("$first" "$second")
  broker_port=$(free_port); first_port=$(free_port); second_port=$(free_port)
  silently at "$first" identity create --party "$first" --listen "127.0.0.1:$first_port" --embedded-broker
  platform "$first"
  if [ "$keys" = pkcs11 ]; then
    soft_token
    vault=(--keys pkcs11 --library "$(soft_library)" --token-label parley --pin-file "$work/hsm/pin")
  fi
  silently at "$first" broker create --listen "127.0.0.1:$broker_port" "${vault[@]}"
  silently at "$first" consortium init --name demo --address "127.0.0.1:$first_port" --broker "$work/$first/broker"
  serve "$first" "$dist" "$first_port" "$broker_port"
  silently at "$second" identity create --party "$second" --listen "127.0.0.1:$second_port"
  platform "$second"
  at "$first" --quiet consortium invite > "$work/invitation"
  silently at "$second" consortium join "$work/invitation" --address "127.0.0.1:$second_port" --yes
  silently at "$first" consortium approve "$second" --yes
  serve "$second" "$other" "$second_port"
}

# Proposed by the first party, signed by the second; prints the digest.
agree() {
  local first=$1 second=$2 file=$3 digest
  digest=$(at "$first" --quiet --output json agreement propose "$file" --yes 2>"$work/agree.log" | json digest)
  [ -n "$digest" ] && at "$second" --quiet agreement sign "$digest" --yes >"$work/agree.log" 2>&1 \
    || { cat "$work/agree.log" >&2; die "No agreement on $file."; }
  printf '%s\n' "$digest"
}
