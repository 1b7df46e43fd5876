package io.parley.apps.modelling;

import io.parley.sdk.Fields;
import io.parley.sdk.testing.TestJob;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/**
 * LaLonde's treated men with controls from PSID, as the R package MatchIt has them, split between a
 * training agency and a tax office. The file is not part of the project: where it is absent, tests
 * that need it are skipped.
 */
public final class Lalonde {
  /** All covariates, in the order of the published model. */
  public static final String COVARIATES = "age,educ,race,married,nodegree,re74,re75";

  private Lalonde() {}

  /** Adds the datasets agency and office to a job, to be joined on {@code id}. */
  public static TestJob addTo(TestJob job) throws IOException {
    Path file =
        Path.of(System.getProperty("parley.shared", "../../../../shared"))
            .resolve("data/lalonde.tab");
    Assumptions.assumeTrue(Files.exists(file), "skipped: there is no " + file);
    List<@Nullable Object[]> agency = new ArrayList<>();
    List<@Nullable Object[]> office = new ArrayList<>();
    for (String line : Files.readAllLines(file).stream().skip(1).toList()) {
      String[] f = line.replace("\"", "").strip().split("\\s+");
      agency.add(
          new Object[] {
            f[0],
            Integer.valueOf(f[1]),
            Integer.valueOf(f[2]),
            Integer.valueOf(f[3]),
            f[4],
            Integer.valueOf(f[5]),
            Integer.valueOf(f[6])
          });
      office.addFirst(
          new Object[] {f[0], Double.valueOf(f[7]), Double.valueOf(f[8]), Double.valueOf(f[9])});
    }
    return job.dataset("agency", AGENCY, agency).dataset("office", OFFICE, office);
  }

  private static final Schema AGENCY =
      Fields.schema(
          Fields.varchar("id"),
          Fields.integer("treat"),
          Fields.integer("age"),
          Fields.integer("educ"),
          Fields.varchar("race"),
          Fields.integer("married"),
          Fields.integer("nodegree"));

  private static final Schema OFFICE =
      Fields.schema(
          Fields.varchar("id"),
          Fields.float8("re74"),
          Fields.float8("re75"),
          Fields.float8("re78"));
}
