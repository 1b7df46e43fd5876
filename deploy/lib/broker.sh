# For deploy/bench grants and deploy/soak: programs among the broker's tests, which know the made-up
# hardware vendors and where a broker can crash. Sourced after common.sh and demo.sh; expects $jdk.

# Compiles them; $broker_classpath is where they lie.
build_broker_tools() {
  need_packages
  note "Building ..."
  mkdir -p "$repo/key-broker/target/tools"
  local log=$repo/key-broker/target/tools/build.log
  (cd "$repo" && JAVA_HOME=$jdk mvn -q -B -ntp -Ptools -pl key-broker -am process-test-classes) >"$log" 2>&1 \
    || { cat "$log" >&2; die "The build failed."; }
  broker_classpath="$repo/key-broker/target/test-classes:$repo/key-broker/target/classes:$(cat "$repo/key-broker/target/tools/classpath")"
}

# broker_tool [-DNAME=VALUE...] CLASS ARGUMENT...; warnings and above of its libraries are shown.
broker_tool() {
  "$jdk/bin/java" -Xmx1g -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED \
    --sun-misc-unsafe-memory-access=allow -Dlogback.configurationFile=logback-quiet.xml \
    -cp "$broker_classpath" "$@"
}
