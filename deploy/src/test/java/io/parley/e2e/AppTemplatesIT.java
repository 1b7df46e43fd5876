package io.parley.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The templates of apps are built, and do what they say. */
class AppTemplatesIT {
  private static final Path EXAMPLES = Path.of(System.getProperty("parley.deploy"), "examples");

  @TempDir Path folder;
  private Path agreement;

  @BeforeEach
  void write() throws IOException {
    agreement =
        Files.writeString(
            folder.resolve("agreement.yaml"),
            """
            agreement: count
            parties: [ada, bob]
            app: count-by-group
            datasets:
              t: {owner: ada, columns: {k: BIGINT, ward: VARCHAR}, released_to: [bob]}
              u: {owner: bob, columns: {ward: VARCHAR, v: DOUBLE}}
            compute: [bob]
            results:
              counts: {recipients: [ada], max_rows: 100}
            params:
              group: {value: ward}
            environment: {evidence: [simulated], tests: strict}
            changes: never
            expires: 2030-01-01
            max_jobs: 3
            """);
    Files.writeString(folder.resolve("t.csv"), "k,ward\n1,a\n2,b\n3,\n4,a\n");
    Files.writeString(folder.resolve("u.csv"), "ward,v\nb,1\nc,2\n");
  }

  private String run(Path app) throws Exception {
    return Command.parley(
            "try",
            agreement.toString(),
            "--data",
            "ada:t=" + folder.resolve("t.csv"),
            "--data",
            "bob:u=" + folder.resolve("u.csv"),
            "--app",
            app.toString(),
            "--format",
            "csv")
        .ok()
        .out()
        .replace("\"", "");
  }

  @Test
  void inJava() throws Exception {
    Path app = folder.resolve("app");
    ProcessBuilder build =
        new ProcessBuilder(EXAMPLES.resolve("app-java/build.sh").toString(), app.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("build.log").toFile());
    build.environment().put("PARLEY_DIST", System.getProperty("parley.dist"));
    build.environment().put("JAVA_HOME", System.getProperty("java.home"));
    assertThat(build.start().waitFor()).as(folder.resolve("build.log").toString()).isZero();

    assertThat(run(app).lines()).containsExactly("value,rows", "a,2", "b,2", "c,1");
  }

  @Test
  void inPerlWithItsInterpreter() throws Exception {
    Path packed = folder.resolve("app.tar");
    Command.parley(
            "app",
            "pack",
            EXAMPLES.resolve("app-perl").toString(),
            "--interpreter",
            "/usr/bin/perl",
            "-o",
            packed.toString())
        .ok();

    assertThat(run(packed).lines()).containsExactly("value,rows", "a,2", "b,2", "c,1");
  }
}
