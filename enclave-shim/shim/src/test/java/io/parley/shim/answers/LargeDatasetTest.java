package io.parley.shim.answers;

import static org.assertj.core.api.Assertions.assertThat;

import io.parley.seal.AnswerSeal;
import io.parley.seal.Secret;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A million identities, in two groups and their union. */
class LargeDatasetTest {
  private static final int PEOPLE = 1_000_000;
  private static final int LIMIT = 10;

  @TempDir Path out;
  private final IdentityHash hash =
      new IdentityHash(Secret.random(AnswerSeal.HASH_KEY_SIZE_BYTES, new SecureRandom()));

  @Test
  void oneOfAMillionIsMissed() throws Exception {
    Sketches all = sketches(-1);
    Sketches butOne = sketches(654_321);

    assertThat(all.sets().getLast().size()).isEqualTo(PEOPLE);
    assertThat(all.sets().getLast().difference(butOne.sets().getLast())).isEqualTo(1);
    assertThat(all.sets().getFirst().difference(butOne.sets().getFirst())).isZero();
    assertThat(all.sets().get(1).difference(butOne.sets().get(1))).isEqualTo(1);
    assertThat(all.sets().get(0).difference(all.sets().get(1))).isEqualTo(LIMIT);
  }

  private Sketches sketches(int missing) throws IOException {
    try (DataOutputStream file =
        new DataOutputStream(
            new BufferedOutputStream(
                Files.newOutputStream(out.resolve(Identities.FILE)), 1 << 16))) {
      file.writeBytes("PARLEYI1");
      file.writeShort(1);
      file.writeUTF("admissions");
      file.writeShort(2);
      file.writeUTF("*");
      file.writeUTF("admissions.days");
      file.writeInt(2);
      file.writeShort(0);
      for (int person = 0; person < PEOPLE; person++) {
        if (person != missing) {
          file.writeByte(1);
          file.writeLong(person);
          file.writeLong(person * 0x9e3779b97f4a7c15L);
          file.writeInt(person % 2);
          file.writeLong(1);
          file.writeLong(person % 30);
        }
      }
      file.writeByte(0);
    }
    return Objects.requireNonNull(
        Identities.take(out, Map.of("admissions", new Identities.Guarded(LIMIT, hash)))
            .get("admissions"));
  }
}
