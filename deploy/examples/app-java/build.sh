#!/usr/bin/env bash
# Makes the app's folder: build.sh TARGET. Needs a JDK (JAVA_HOME) and Parley's distribution (PARLEY_DIST).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
target=$1
sdk=${PARLEY_DIST:-$here/../../target/parley}/apps/statistics/lib
mkdir -p "$target/lib" "$target/classes"
for jar in "$sdk"/*.jar; do
  case ${jar##*/} in parley-app-*) ;; *) cp "$jar" "$target/lib/" ;; esac
done
"$JAVA_HOME/bin/javac" --release 25 -cp "$target/lib/*" -d "$target/classes" "$here"/src/org/example/*.java
"$JAVA_HOME/bin/jar" --create --date 2026-01-01T00:00:00Z --file "$target/lib/count-by-group.jar" -C "$target/classes" .
rm -r "$target/classes"
cp "$here/app.yaml" "$target/"
