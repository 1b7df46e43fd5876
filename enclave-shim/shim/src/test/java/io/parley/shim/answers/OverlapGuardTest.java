package io.parley.shim.answers;

import static io.parley.shim.answers.IdentitiesFile.range;
import static io.parley.shim.answers.IdentitiesFile.section;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.google.protobuf.ByteString;
import io.parley.agreement.Dataset;
import io.parley.agreement.ResultRule;
import io.parley.agreement.SignedAgreement;
import io.parley.identity.SigningKey;
import io.parley.proto.broker.v1.AnswerRecord;
import io.parley.proto.broker.v1.ReadAnswersResponse;
import io.parley.seal.AnswerChain;
import io.parley.seal.AnswerSeal;
import io.parley.seal.Secret;
import io.parley.shim.FakeAnswers;
import io.parley.shim.TestWorld;
import io.parley.shim.answers.IdentitiesFile.Entry;
import io.parley.shim.answers.IdentitiesFile.Section;
import io.parley.shim.attest.Enclave;
import io.parley.shim.attest.EnclaveKeys;
import io.parley.shim.keys.JobKeys;
import io.parley.shim.keys.Retries;
import io.parley.wire.Digest;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Answers beside those that were given before, with a broker that keeps records, or lies. */
class OverlapGuardTest {
  private static final String ADMISSIONS = "admissions";
  private static final String CLAIMS = "claims";
  private static final SortedMap<String, Integer> ONE = new TreeMap<>(Map.of(ADMISSIONS, 10));

  @TempDir Path out;
  private final TestWorld world = new TestWorld("hospital", "insurer");
  private final Map<String, Secret> dataKeys =
      Map.of(ADMISSIONS, Secret.random(32, world.random), CLAIMS, Secret.random(32, world.random));
  private SignedAgreement signed;
  private FakeAnswers desk;

  @BeforeEach
  void sign() {
    signed =
        world.agreement(
            Digest.of(new byte[] {7}),
            List.of(
                new Dataset(ADMISSIONS, "hospital", TestWorld.ADMISSIONS, List.of("insurer")),
                new Dataset(CLAIMS, "insurer", TestWorld.CLAIMS, List.of("hospital"))),
            List.of("hospital", "insurer"),
            List.of(new ResultRule("summary", List.of("hospital"), 10)));
    desk = new FakeAnswers(world.broker);
  }

  @Test
  void theFirstAnswerIsGivenAndRecorded() {
    give(range(0, 0, 100));
    assertThat(recorded()).hasSize(1);
    assertThat(out).isEmptyDirectory();
  }

  @Test
  void allAndAllButOneAreNotBothGiven() {
    give(range(0, 0, 100));
    ParleyException refusal = refused(Reason.RULE_OVERLAP, () -> give(range(0, 0, 99)));
    assertThat(refusal.metadata()).containsEntry("dataset", ADMISSIONS);
    assertThat(refusal).hasMessageContaining("fewer than 10").hasMessageNotContaining("99");
    refused(Reason.RULE_OVERLAP, () -> give(range(0, 0, 101)));
    refused(Reason.RULE_OVERLAP, () -> give(range(0, 9, 100)));
    refused(Reason.RULE_OVERLAP, () -> give(range(0, 4, 105)));
    assertThat(recorded()).as("what was refused is not on record").hasSize(1);
    give(range(0, 10, 100));
    give(range(0, 500, 600));
  }

  @Test
  void theSameQueryIsAnsweredAgain() {
    // Groups of one answer may be close to each other.
    List<Entry> months = both(range(0, 0, 100), range(1, 0, 101));
    give(months);
    give(months);
    give(months);
    refused(Reason.RULE_OVERLAP, () -> give(both(range(0, 0, 100), range(1, 0, 99))));
  }

  @Test
  void aGroupThatWasDroppedIsNotToldByTheTotal() {
    give(range(0, 0, 103));
    // Three wards, of which that of three patients is left out.
    refused(Reason.RULE_OVERLAP, () -> give(both(range(0, 0, 50), range(1, 50, 100))));
    give(both(range(0, 0, 50), range(1, 50, 90)));
  }

  @Test
  void aTotalIsNotGivenAfterItsGroups() {
    give(both(range(0, 0, 50), range(1, 50, 100)));
    refused(Reason.RULE_OVERLAP, () -> give(range(0, 0, 103)));
    give(range(0, 0, 100));
  }

  @Test
  void whoIsInTwoGroupsCountsOnceInTheirUnion() {
    give(both(range(0, 0, 60), range(1, 40, 100)));
    give(range(0, 0, 100).stream().map(e -> rows(e, e.person() >= 40 && e.person() < 60 ? 2 : 1)));
    refused(Reason.RULE_OVERLAP, () -> give(range(0, 0, 101)));
  }

  @Test
  void oneRowOfOnePatientIsNotToldEither() {
    give(range(0, 0, 100).stream().map(e -> rows(e, 3)));
    refused(
        Reason.RULE_OVERLAP,
        () -> give(range(0, 0, 100).stream().map(e -> rows(e, e.person() == 5 ? 2 : 3))));
    // Of ten it is.
    give(range(0, 0, 100).stream().map(e -> rows(e, e.person() < 10 ? 2 : 3)));
  }

  @Test
  void otherMeasuresOfTheSameGroupAreFine() {
    give(range(0, 0, 100));
    give(
        new Section(
            ADMISSIONS,
            List.of("*", "days"),
            range(0, 0, 100).stream().map(e -> new Entry(0, e.person(), 1, e.person())).toList()));
    refused(
        Reason.RULE_OVERLAP,
        () ->
            give(
                new Section(
                    ADMISSIONS,
                    List.of("days"),
                    range(0, 0, 100).stream()
                        .map(e -> new Entry(0, e.person(), Math.max(e.person(), 1)))
                        .toList())));
  }

  @Test
  void ofTwoThatRaceTheSecondIsHeldAgainstTheFirst() {
    desk.before = given -> give(range(0, 0, 99));
    refused(Reason.RULE_OVERLAP, () -> give(range(0, 0, 100)));
    assertThat(recorded()).hasSize(1);
    desk.before = given -> give(range(0, 200, 300));
    give(range(0, 400, 500));
    assertThat(recorded()).hasSize(3);
  }

  @Test
  void enclavesOfOneJobGiveOneAnswer() {
    String jobId = world.spec(signed).jobId();
    give("insurer", jobId, section(ADMISSIONS, range(0, 0, 100)));
    give("hospital", jobId, section(ADMISSIONS, range(0, 0, 100)));
    assertThat(recorded()).hasSize(1);
    refused(
        Reason.OUTPUT_RULE, () -> give("hospital", jobId, section(ADMISSIONS, range(0, 0, 99))));
    String next = world.spec(signed).jobId();
    desk.before = given -> give("hospital", next, section(ADMISSIONS, range(0, 200, 300)));
    give("insurer", next, section(ADMISSIONS, range(0, 200, 300)));
    assertThat(recorded()).hasSize(2);
  }

  @Test
  void anAnswerOverTwoDatasetsIsRecordedOverBothOrNone() {
    SortedMap<String, Integer> two = new TreeMap<>(Map.of(ADMISSIONS, 10, CLAIMS, 5));
    give(two, section(ADMISSIONS, range(0, 0, 100)), section(CLAIMS, range(0, 0, 50)));
    refused(
        Reason.RULE_OVERLAP,
        () -> give(two, section(ADMISSIONS, range(0, 0, 50)), section(CLAIMS, range(0, 0, 49))));
    assertThat(recorded()).hasSize(1);
    // One that does not touch a dataset shows nothing of it.
    give(two, section(ADMISSIONS, range(0, 0, 50)), section(CLAIMS, List.of()));
    assertThat(recorded()).hasSize(2);
    assertThat(desk.records.get(CLAIMS)).hasSize(1);
  }

  @Test
  void anEmptyAnswerTellsNothingAndIsNotRecorded() {
    give(List.of());
    assertThat(desk.records).isEmpty();
  }

  @Test
  void recordsComeInPages() {
    for (int i = 0; i < 7; i++) {
      give(range(0, 1000L * i, 1000L * i + 100));
    }
    desk.pageRecords = 2;
    desk.pages.clear();
    refused(Reason.RULE_OVERLAP, () -> give(range(0, 6001, 6100)));
    assertThat(desk.pages).containsExactly(2, 2, 2, 1);
  }

  @Test
  void recordsThatAreChangedMissingOrMovedAreFoundOut() {
    for (int i = 0; i < 3; i++) {
      give(range(0, 1000L * i, 1000L * i + 100));
    }
    List<AnswerRecord> good = List.copyOf(recorded());
    wrong(good, all -> all.removeFirst());
    wrong(good, all -> all.remove(1));
    wrong(good, all -> all.removeLast());
    wrong(good, all -> all.set(1, all.get(0)));
    wrong(good, all -> all.add(all.get(2)));
    wrong(good, all -> all.add(1, all.remove(0)));
    wrong(good, all -> all.set(2, all.get(2).toBuilder().setJobId("0".repeat(32)).build()));
    for (int cut : new int[] {0, 1, 27, 28, 200}) {
      wrong(good, all -> all.set(1, with(all.get(1), all.get(1).getRecord().substring(0, cut))));
    }
    ByteString record = good.get(1).getRecord();
    for (int i = 0; i < record.size(); i += 1 + i / 8) {
      byte[] flipped = record.toByteArray();
      flipped[i] ^= 1;
      wrong(good, all -> all.set(1, with(all.get(1), ByteString.copyFrom(flipped))));
    }
  }

  @Test
  void aBrokerThatChangesItsRecordsAndSignsThemIsFoundOutToo() {
    give(range(0, 0, 100));
    give(range(0, 1000, 1100));
    // Its own heads, over a chain that is consistent in itself.
    recorded().removeFirst();
    refused(Reason.ANSWERS_WRONG, () -> give(range(0, 0, 99)));
  }

  @Test
  void anotherDatasetsRecordDoesNotOpen() {
    SortedMap<String, Integer> two = new TreeMap<>(Map.of(ADMISSIONS, 10, CLAIMS, 10));
    give(two, section(ADMISSIONS, range(0, 0, 100)), section(CLAIMS, range(0, 0, 100)));
    desk.records.put(ADMISSIONS, new ArrayList<>(Objects.requireNonNull(desk.records.get(CLAIMS))));
    refused(Reason.ANSWERS_WRONG, () -> give(range(0, 0, 99)));
  }

  @Test
  void anOlderStateIsFoundOut() {
    give(range(0, 0, 100));
    List<ReadAnswersResponse.Builder> old = new ArrayList<>();
    desk.bendPage =
        page -> {
          old.add(page.clone());
          return page;
        };
    give(range(0, 1000, 1100));
    // The host answers with what the broker said and signed before that.
    desk.bendPage = page -> old.getFirst().clone();
    refused(Reason.ANSWERS_WRONG, () -> give(range(0, 1001, 1100)));
  }

  @Test
  void headsMustBeTheBrokersAndTrue() {
    give(range(0, 0, 100));
    desk.bendPage = page -> page.setSignature(ByteString.copyFrom(new byte[64]));
    refused(Reason.ANSWERS_WRONG, () -> give(range(0, 500, 600)));
    desk.bendPage = page -> page.clearHead();
    refused(Reason.ANSWERS_WRONG, () -> give(range(0, 500, 600)));
    desk.bendPage = page -> page;
    for (int count : new int[] {0, 2, -1}) {
      desk.bendHead = head -> head.setCount(count);
      refused(Reason.ANSWERS_WRONG, () -> give(range(0, 500, 600)));
    }
    desk.bendHead = head -> head.setHeadSha256(AnswerChain.START.value());
    refused(Reason.ANSWERS_WRONG, () -> give(range(0, 500, 600)));
    desk.bendHead = head -> head;
    desk.key = SigningKey.generate(world.random);
    refused(Reason.ANSWERS_WRONG, () -> give(range(0, 500, 600)));
  }

  @Test
  void nothingIsGivenUntilTheBrokerSignedThatItIsRecorded() {
    desk.bendRecorded = recorded -> recorded.setSignature(ByteString.copyFrom(new byte[64]));
    refused(Reason.ANSWERS_WRONG, () -> give(range(0, 0, 100)));
    List<ByteString> old = new ArrayList<>();
    desk.bendRecorded =
        recorded -> {
          old.add(recorded.build().toByteString());
          return recorded;
        };
    give(range(0, 1000, 1100));
    desk.bendRecorded =
        recorded -> {
          try {
            return io.parley.proto.broker.v1.RecordAnswerResponse.parseFrom(old.getFirst())
                .toBuilder();
          } catch (com.google.protobuf.InvalidProtocolBufferException e) {
            throw new AssertionError(e);
          }
        };
    refused(Reason.ANSWERS_WRONG, () -> give(range(0, 2000, 2100)));
  }

  @Test
  void theAppMustTellAndOnlyAsItMust() throws Exception {
    Path file = out.resolve(Identities.FILE);
    refused(Reason.OUTPUT_RULE, () -> admit("insurer", world.spec(signed).jobId(), ONE));
    IdentitiesFile.write(out, section(ADMISSIONS, both(range(0, 0, 12), range(1, 6, 20))));
    byte[] good = Files.readAllBytes(file);
    for (int cut = 0; cut < good.length; cut++) {
      Files.write(file, java.util.Arrays.copyOf(good, cut));
      refused(Reason.OUTPUT_RULE, () -> admit("insurer", world.spec(signed).jobId(), ONE));
    }
    Files.write(file, java.util.Arrays.copyOf(good, good.length + 1));
    refused(Reason.OUTPUT_RULE, () -> admit("insurer", world.spec(signed).jobId(), ONE));
    IdentitiesFile.write(out, section(CLAIMS, range(0, 0, 12)));
    refused(Reason.OUTPUT_RULE, () -> admit("insurer", world.spec(signed).jobId(), ONE));
    IdentitiesFile.write(
        out, section(ADMISSIONS, range(0, 0, 12)), section(ADMISSIONS, range(0, 0, 12)));
    refused(Reason.OUTPUT_RULE, () -> admit("insurer", world.spec(signed).jobId(), ONE));
    // A group of nobody, and somebody twice in a group.
    IdentitiesFile.write(out, section(ADMISSIONS, both(range(0, 0, 12), range(2, 0, 12))));
    refused(Reason.OUTPUT_RULE, () -> admit("insurer", world.spec(signed).jobId(), ONE));
    IdentitiesFile.write(out, section(ADMISSIONS, both(range(0, 0, 12), range(0, 11, 12))));
    refused(Reason.OUTPUT_RULE, () -> admit("insurer", world.spec(signed).jobId(), ONE));
    Files.delete(file);
    Files.createSymbolicLink(file, out.resolveSibling("elsewhere"));
    refused(Reason.OUTPUT_RULE, () -> admit("insurer", world.spec(signed).jobId(), ONE));
    Files.delete(file);
    assertThat(desk.records).isEmpty();
  }

  @Test
  void moreGroupsThanCanBeComparedAreRefused() {
    List<Entry> entries = new ArrayList<>();
    for (int group = 0; group < 9000; group++) {
      entries.add(new Entry(group, group, 1));
    }
    assertThat(refused(Reason.SIZE_LIMIT, () -> give(entries)))
        .hasMessageContaining("fewer groups");
    refused(
        Reason.SIZE_LIMIT,
        () -> give(new TreeMap<>(Map.of(ADMISSIONS, 1001)), section(ADMISSIONS, range(0, 0, 9))));
    give(entries.subList(0, 7000));
  }

  @Test
  void withoutASmallestGroupNothingIsAsked() {
    give(new TreeMap<>());
    assertThat(desk.pages).isEmpty();
  }

  @Test
  void anotherKeyOpensNothing() {
    give(range(0, 0, 100));
    AnswerRecord record = recorded().getFirst();
    AnswerSeal.Place place = new AnswerSeal.Place(1, AnswerChain.START, record.getJobId());
    for (AnswerSeal seal :
        List.of(
            new AnswerSeal(key(CLAIMS), signed.digest(), ADMISSIONS),
            new AnswerSeal(key(ADMISSIONS), Digest.of(new byte[1]), ADMISSIONS),
            new AnswerSeal(key(ADMISSIONS), signed.digest(), CLAIMS))) {
      assertThat(seal.open(record.getRecord(), place)).isEmpty();
    }
    AnswerSeal right = new AnswerSeal(key(ADMISSIONS), signed.digest(), ADMISSIONS);
    assertThat(right.open(record.getRecord(), place)).isPresent();
    for (AnswerSeal.Place other :
        List.of(
            new AnswerSeal.Place(2, AnswerChain.START, record.getJobId()),
            new AnswerSeal.Place(1, Digest.of(new byte[1]), record.getJobId()),
            new AnswerSeal.Place(1, AnswerChain.START, "0".repeat(32)))) {
      assertThat(right.open(record.getRecord(), other)).isEmpty();
    }
  }

  private void wrong(List<AnswerRecord> good, Consumer<List<AnswerRecord>> change) {
    List<AnswerRecord> changed = new ArrayList<>(good);
    change.accept(changed);
    // The broker's head stays what it was: this is what a host can do.
    desk.bendPage = page -> page.clearRecords().addAllRecords(changed);
    refused(Reason.ANSWERS_WRONG, () -> give(range(0, 9000, 9100)));
    desk.bendPage = page -> page;
  }

  private static AnswerRecord with(AnswerRecord record, ByteString bytes) {
    return record.toBuilder().setRecord(bytes).build();
  }

  private static Entry rows(Entry entry, long rows) {
    return new Entry(entry.group(), entry.person(), rows);
  }

  private static List<Entry> both(List<Entry> one, List<Entry> two) {
    return Stream.concat(one.stream(), two.stream()).toList();
  }

  private List<AnswerRecord> recorded() {
    return Objects.requireNonNull(desk.records.get(ADMISSIONS));
  }

  private void give(Stream<Entry> entries) {
    give(entries.toList());
  }

  private void give(List<Entry> entries) {
    give(section(ADMISSIONS, entries));
  }

  private void give(Section section) {
    give(ONE, section);
  }

  private void give(SortedMap<String, Integer> smallest, Section... sections) {
    IdentitiesFile.write(out, sections);
    admit("insurer", world.spec(signed).jobId(), smallest);
  }

  private void give(String party, String jobId, Section section) {
    IdentitiesFile.write(out, section);
    admit(party, jobId, ONE);
  }

  private void admit(String party, String jobId, SortedMap<String, Integer> smallest) {
    var spec =
        new io.parley.agreement.JobSpec(
            jobId,
            signed.digest(),
            "hospital",
            java.time.Instant.parse("2026-11-21T00:00:00Z"),
            Map.of("since", "2026-01-01"));
    try (EnclaveKeys own = EnclaveKeys.generate(world.random);
        Secret job = Secret.random(32, world.random)) {
      Enclave enclave =
          new Enclave(signed, spec, Digest.of(spec.encode()), party, null, new TreeMap<>(), own);
      OverlapGuard guard =
          new OverlapGuard(
              desk,
              enclave,
              new JobKeys(world.broker.verifyingKey(), dataKeys, job),
              world.random,
              new Retries(2, Duration.ofMillis(1), Duration.ofMillis(1)));
      try (OverlapGuard.Answer answer = guard.take(out, smallest)) {
        answer.admit();
      }
    }
  }

  private Secret key(String dataset) {
    return Objects.requireNonNull(dataKeys.get(dataset));
  }

  private ParleyException refused(Reason reason, ThrowingCallable call) {
    Throwable thrown = catchThrowable(call);
    assertThat(thrown).isInstanceOf(RefusedException.class);
    ParleyException refusal = (ParleyException) thrown;
    assertThat(refusal.reason()).as("%s", refusal.getMessage()).isEqualTo(reason);
    return refusal;
  }
}
