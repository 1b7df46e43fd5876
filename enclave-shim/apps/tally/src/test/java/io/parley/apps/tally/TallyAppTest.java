package io.parley.apps.tally;

import static io.parley.apps.tally.TestBallots.SCHEMA;
import static io.parley.apps.tally.TestBallots.add;
import static org.assertj.core.api.Assertions.assertThat;

import io.parley.sdk.testing.TestJob;
import io.parley.sdk.testing.TestJob.Outcome;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TallyAppTest {
  private static final LocalDateTime START = LocalDateTime.parse("2027-05-01T08:00:00");
  private static final int VOTERS = 50;

  @TempDir Path folder;

  /** Against a count that is written down once more, over three providers and random ballots. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void theLastValidBallotCounts(long seed) throws IOException {
    Random random = new Random(seed);
    Map<String, LocalDateTime> latest = new HashMap<>();
    Map<String, String> votes = new HashMap<>();
    long valid = 0;
    TestJob job = job();
    int minute = 0;
    List<List<@Nullable Object[]>> providers =
        List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    for (int i = 0; i < 600; i++) {
      String voter = "v" + random.nextInt(VOTERS + 10);
      String choice = List.of("yes", "no", "maybe").get(random.nextInt(3));
      LocalDateTime at = START.plusMinutes(minute += random.nextInt(2) + 1);
      add(providers.get(random.nextInt(3)), voter, at, choice);
      boolean onRoll = Integer.parseInt(voter.substring(1)) < VOTERS;
      if (onRoll && !choice.equals("maybe") && at.isBefore(START.plusMinutes(700))) {
        valid++;
        latest.put(voter, at);
        votes.put(voter, choice);
      }
    }
    for (int p = 0; p < 3; p++) {
      job.dataset("ballots" + p, SCHEMA, providers.get(p));
    }
    Outcome outcome = job.parameter("closes", "2027-05-01T19:40:00").run(new TallyApp());

    Map<String, @Nullable Object[]> rows = rows(outcome);
    assertThat(votes(rows, "choice/yes"))
        .isEqualTo(votes.values().stream().filter("yes"::equals).count());
    assertThat(votes(rows, "choice/no"))
        .isEqualTo(votes.values().stream().filter("no"::equals).count());
    assertThat(votes(rows, "ballots/replaced")).isEqualTo(valid - latest.size());
    assertThat(votes(rows, "ballots/invalid")).isEqualTo(600 - valid);
    for (int p = 0; p < 3; p++) {
      assertThat(row(rows, "chain/ballots" + p)[3]).isEqualTo(providers.get(p).getLast()[4]);
    }
  }

  /** From what deploy/docs/apps.md says, by nothing but the JDK. */
  @Test
  void linksAndDigestAreThoseThatAreDocumented() throws Exception {
    List<@Nullable Object[]> b = new ArrayList<>();
    add(b, "v2", START, "no");
    List<@Nullable Object[]> a = new ArrayList<>();
    add(a, "v1", START, "yes");
    add(a, "Zo\u00eb", START.plusNanos(1_500_000_000), "no");
    Map<String, @Nullable Object[]> rows =
        rows(job().dataset("b", SCHEMA, b).dataset("a", SCHEMA, a).run(new TallyApp()));

    byte[] first = link(new byte[32], 1, "v1", 1_809_158_400_000_000L, "yes");
    byte[] headOfA = link(first, 2, "Zo\u00eb", 1_809_158_401_500_000L, "no");
    byte[] headOfB = link(new byte[32], 1, "v2", 1_809_158_400_000_000L, "no");
    assertThat(a.getFirst()[4]).isEqualTo(hex(first));
    assertThat(row(rows, "chain/a")[3]).isEqualTo(hex(headOfA));
    assertThat(row(rows, "chain/b")[3]).isEqualTo(hex(headOfB));
    String lines = "a " + hex(headOfA) + "\nb " + hex(headOfB) + "\n";
    assertThat(row(rows, "digest/all")[3])
        .isEqualTo(hex(sha256(lines.getBytes(StandardCharsets.UTF_8))))
        .isEqualTo("f7dd4c70b12177739fbcd988da95b04d7313519461d0b34aca547c58ce00a056");
    assertThat(hex(headOfA))
        .isEqualTo("d91d3798c7db190cdc4905a5e457c9f399a599f17c02fb3f8d050e15d81b4523");
  }

  private static byte[] link(byte[] before, long sequence, String voter, long micros, String choice)
      throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeBytes("parley/v1/ballot");
    out.writeByte(0);
    out.write(before);
    out.writeLong(sequence);
    out.writeInt(voter.getBytes(StandardCharsets.UTF_8).length);
    out.write(voter.getBytes(StandardCharsets.UTF_8));
    out.writeLong(micros);
    out.writeInt(choice.length());
    out.writeBytes(choice);
    return sha256(bytes.toByteArray());
  }

  private static byte[] sha256(byte[] bytes) throws NoSuchAlgorithmException {
    return MessageDigest.getInstance("SHA-256").digest(bytes);
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  @Test
  void ofEqualTimesTheLaterProviderAndTheLaterBallotCount() throws IOException {
    List<@Nullable Object[]> a = new ArrayList<>();
    add(a, "v1", START, "yes");
    add(a, "v2", START, "yes");
    add(a, "v2", START, "no");
    List<@Nullable Object[]> b = new ArrayList<>();
    add(b, "v1", START, "no");
    Map<String, @Nullable Object[]> rows =
        rows(job().dataset("b", SCHEMA, b).dataset("a", SCHEMA, a).run(new TallyApp()));

    assertThat(votes(rows, "choice/no")).isEqualTo(2);
    assertThat(votes(rows, "ballots/replaced")).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"changed", "left out", "moved", "cut", "forged", "null"})
  void aBrokenChainIsRefused(String how) throws IOException {
    List<@Nullable Object[]> ballots = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      add(ballots, "v" + i, START.plusMinutes(i), "yes");
    }
    switch (how) {
      case "changed" -> ballots.get(2)[3] = "no";
      case "left out" -> ballots.remove(2);
      case "moved" -> ballots.add(ballots.remove(1));
      case "cut" -> ballots.removeFirst();
      case "forged" -> ballots.get(4)[4] = "00".repeat(32);
      default -> ballots.get(1)[1] = null;
    }
    Outcome outcome = job().dataset("b", SCHEMA, ballots).run(new TallyApp());

    assertThat(outcome.exitCode()).isNotZero();
    assertThat(outcome.error().path("reason").asText()).isEqualTo("CHAIN_BROKEN");
    assertThat(outcome.error().path("message").asText()).doesNotContain("v1", "v2");
  }

  private TestJob job() throws IOException {
    List<@Nullable Object[]> roll = new ArrayList<>();
    for (int i = 0; i < VOTERS; i++) {
      roll.add(new Object[] {"v" + i});
    }
    return TestBallots.job(folder, roll);
  }

  private static Map<String, @Nullable Object[]> rows(Outcome outcome) throws IOException {
    assertThat(outcome.exitCode()).isZero();
    Map<String, @Nullable Object[]> rows = new HashMap<>();
    outcome.rows("result").forEach(row -> rows.put(row[0] + "/" + row[1], row));
    return rows;
  }

  private static @Nullable Object[] row(Map<String, @Nullable Object[]> rows, String key) {
    @Nullable Object @Nullable [] row = rows.get(key);
    if (row == null) {
      throw new AssertionError("no row " + key);
    }
    return row;
  }

  private static long votes(Map<String, @Nullable Object[]> rows, String key) {
    return row(rows, key)[2] instanceof Number number ? number.longValue() : -1;
  }
}
