# Shared by the scripts in deploy/: finds the JDK, names what is missing, builds.
# Sourced; expects `set -euo pipefail` and $deploy = the folder deploy/.

repo=$(cd "$deploy/.." && pwd)
dist=${PARLEY_DIST:-$deploy/target/parley}

die() { printf '%s\n' "$*" >&2; exit 1; }
note() { printf '%s\n' "$*" >&2; }

# A JDK of at least 25, wherever it is: JAVA_HOME, then PATH, then the usual folders.
find_jdk() {
  local home major
  for home in "${JAVA_HOME:-}" "$(dirname "$(dirname "$(readlink -f "$(command -v javac || echo /nonexistent/bin/javac)")")")" \
      /usr/lib/jvm/* /opt/java/* /opt/jdk* "$HOME"/.sdkman/candidates/java/* "$HOME"/.jdks/*; do
    [ -x "$home/bin/javac" ] && [ -f "$home/release" ] || continue
    major=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$home/release")
    if [ "${major:-0}" -ge 25 ]; then printf '%s\n' "$home"; return 0; fi
  done
  die "No JDK 25 or newer was found. Install one (for example Temurin 25), or set JAVA_HOME to it."
}

# Debian packages that the sandbox is made of, and those named: installed when run as root, named when not.
need_packages() {
  local missing=() package
  command -v bwrap >/dev/null || missing+=(bubblewrap)
  command -v setpriv >/dev/null && command -v prlimit >/dev/null || missing+=(util-linux)
  command -v mvn >/dev/null || missing+=(maven)
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null \
    || die "Missing: ${missing[*]}. Install with: sudo apt-get install ${missing[*]}"
  note "Installing: ${missing[*]}"
  apt-get install -y -qq "${missing[@]}" >/dev/null 2>&1 \
    || { apt-get update -qq >/dev/null && apt-get install -y -qq "${missing[@]}" >/dev/null; } \
    || die "Could not install ${missing[*]}; install them by hand."
}

# Builds the distribution when it is missing or older than a source; one that PARLEY_DIST names, or
# that came without sources, is taken as it is.
need_build() {
  if [ -n "${PARLEY_DIST:-}" ] || [ ! -d "$repo/proto/src" ]; then
    [ -f "$dist/BUILT" ] || die "No distribution in $dist."
    return 0
  fi
  if [ -f "$dist/BUILT" ] && [ -z "$(find "$repo/pom.xml" "$repo"/*/pom.xml "$repo"/{proto,key-broker,peer-node,deploy}/src/main \
      "$repo"/enclave-shim/*/{src/main,pom.xml} "$repo"/enclave-shim/apps/*/{src/main,pom.xml} "$deploy/build" \
      -newer "$dist/BUILT" -type f -print -quit 2>/dev/null)" ]; then
    return 0
  fi
  need_packages
  note "Building (a few minutes the first time) ..."
  local log; log=$(mktemp)
  if ! (cd "$repo" && mvn -q -B -ntp package -DskipTests) >"$log" 2>&1; then
    cat "$log" >&2; rm -f "$log"; die "The build failed."
  fi
  rm -f "$log"
}
