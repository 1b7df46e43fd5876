package io.parley.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.parley.agreement.Column;
import io.parley.agreement.Dataset;
import io.parley.agreement.Gate;
import io.parley.agreement.GateRule;
import io.parley.agreement.Samples;
import io.parley.agreement.SignedAgreement;
import io.parley.evidence.Claims;
import io.parley.seal.GateBindings;
import io.parley.seal.HpkeKeyPair;
import io.parley.seal.HpkePublicKey;
import io.parley.seal.HpkeSuite;
import io.parley.seal.SealedBytes;
import io.parley.wire.Digest;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class VerificationSetTest {
  private static final Samples SAMPLES = new Samples();
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final SignedAgreement SIGNED = signed("hospital");

  private static SignedAgreement signed(String owner) {
    Dataset admissions = Samples.admissions();
    Dataset claims = Samples.claims();
    return SignedAgreement.unsigned(
        SAMPLES.agreement(
            owner.equals("hospital") ? gated(admissions) : admissions,
            owner.equals("insurer") ? gated(claims) : claims));
  }

  private static Dataset gated(Dataset dataset) {
    return new Dataset(
        dataset.name(),
        dataset.owner(),
        dataset.columns(),
        dataset.releasedTo(),
        GateRule.REQUIRED);
  }

  private static VerificationSet set() {
    return new VerificationSet(
        SIGNED.digest(),
        "hospital",
        "small",
        Samples.APP,
        new TreeMap<>(Map.of("since", "2026-01-01")),
        List.of(
            new VerificationTable("admissions", 2, ByteString.copyFromUtf8("arrow")),
            new VerificationTable("claims", 0, ByteString.copyFromUtf8("arrow"))),
        List.of(
            new ExpectedResult(
                "summary",
                false,
                true,
                List.of(
                    new ExpectedColumn("ward", Tolerance.EXACT, Arrays.asList("a", null, "")),
                    new ExpectedColumn("days", new Tolerance(0.5, 1e-9), List.of("1.5", "2", "3"))),
                3)),
        new GateAllowance(true, 1 << 28, Duration.ofSeconds(5)),
        ByteString.copyFrom(new byte[32]));
  }

  @Test
  void readsBackWhatItWrites() {
    VerificationSet set = set();
    assertThat(VerificationSet.parse(set.encode())).isEqualTo(set);
    assertThat(set.check(SIGNED, "hospital")).isSameAs(set);
    VerificationSet plain = withAllowance(set, GateAllowance.DEFAULT);
    assertThat(VerificationSet.parse(plain.encode())).isEqualTo(plain);
  }

  private static VerificationSet withAllowance(VerificationSet set, GateAllowance allowance) {
    return new VerificationSet(
        set.agreement(),
        set.owner(),
        set.name(),
        set.app(),
        set.parameters(),
        set.inputs(),
        set.results(),
        allowance,
        set.salt());
  }

  private static GateAllowance bearing(Map<String, List<String>> columns) {
    TreeMap<String, SortedSet<String>> byTable = new TreeMap<>();
    columns.forEach((table, names) -> byTable.put(table, new TreeSet<>(names)));
    return new GateAllowance(false, 0, Duration.ofSeconds(5), new BearingColumns(byTable));
  }

  @Test
  void columnsThatMayBearOnResultsArePartOfTheBytes() {
    List<String> names = Samples.admissions().releasedColumns().stream().map(Column::name).toList();
    VerificationSet any = withAllowance(set(), bearing(Map.of()));
    assertThat(any)
        .isEqualTo(withAllowance(set(), new GateAllowance(false, 0, Duration.ofSeconds(5))));
    VerificationSet none =
        withAllowance(set(), bearing(Map.of("claims", List.of(), "admissions", names)));
    assertThat(VerificationSet.parse(none.encode())).isEqualTo(none);
    assertThat(none.digest()).isNotEqualTo(any.digest());
    assertThat(none.check(SIGNED, "hospital")).isSameAs(none);
    GateScope scope = GateScope.of(SIGNED.agreement(), Gate.ofApp("hospital"));
    assertThat(none.allowance().columns().others(scope.inputs()).keySet())
        .containsExactly("claims");
    assertThat(any.allowance().columns().others(scope.inputs())).isEmpty();
    assertThatThrownBy(() ->
            withAllowance(set(), bearing(Map.of("admission", List.of(), "claims", List.of("x"))))
                .check(SIGNED, "hospital"))
        .hasMessageContaining("columns.admission: is nothing that the app reads")
        .hasMessageContaining("columns.claims: 'x' is no column that the app gets");
  }

  @Test
  void columnsInAnotherOrderOrTwiceAreNoSet() throws InvalidProtocolBufferException {
    var message =
        io.parley.proto.enclave.v1.VerificationSet.parseFrom(
            withAllowance(set(), bearing(Map.of("a", List.of("x", "y"), "b", List.of()))).encode());
    var allowance = message.getAllowance();
    var a = allowance.getColumns(0);
    for (var bent :
        List.of(
            allowance.toBuilder().setColumns(0, a.toBuilder().setColumns(1, "x")),
            allowance.toBuilder().setColumns(0, a.toBuilder().setColumns(1, "w")),
            allowance.toBuilder().addColumns(a),
            allowance.toBuilder().setColumns(1, a))) {
      ByteString bytes = message.toBuilder().setAllowance(bent).build().toByteString();
      refused(Reason.INVALID_VERIFICATION_SET, () -> VerificationSet.parse(bytes));
    }
  }

  @Test
  void everyCutAndEveryFlippedBitIsAnotherSetOrNone() {
    ByteString bytes = set().encode();
    for (int i = 0; i < bytes.size(); i++) {
      ByteString cut = bytes.substring(0, i);
      assertOtherOrNone(cut);
      byte[] flipped = bytes.toByteArray();
      flipped[i] ^= 1;
      assertOtherOrNone(ByteString.copyFrom(flipped));
    }
    assertOtherOrNone(bytes.concat(ByteString.copyFrom(new byte[] {0})));
  }

  private static void assertOtherOrNone(ByteString bytes) {
    try {
      assertThat(VerificationSet.parse(bytes).digest()).isEqualTo(Digest.of(bytes));
    } catch (ParleyException e) {
      assertThat(e.reason()).isEqualTo(Reason.INVALID_VERIFICATION_SET);
    }
  }

  @Test
  void tellsAllThatDoesNotFitTheAgreement() {
    VerificationSet set = set();
    VerificationSet wrong =
        new VerificationSet(
            Samples.APP,
            "insurer",
            "Small One",
            Digest.of(new byte[1]),
            new TreeMap<>(Map.of("since", "yesterday")),
            set.inputs().subList(0, 1),
            List.of(),
            set.allowance(),
            ByteString.EMPTY);
    assertThatThrownBy(() -> wrong.check(SIGNED, "hospital"))
        .hasMessageContaining("agreement: is")
        .hasMessageContaining("owner: is not hospital, who brings it")
        .hasMessageContaining("owner: has no dataset with 'gate: required'")
        .hasMessageContaining("name: must be")
        .hasMessageContaining("salt: has 0 bytes");
    VerificationSet unfit =
        new VerificationSet(
            SIGNED.digest(),
            "hospital",
            "small",
            "",
            Digest.of(new byte[1]),
            new TreeMap<>(Map.of("since", "yesterday")),
            set.inputs().subList(0, 1),
            List.of(),
            set.allowance(),
            3,
            set.salt());
    assertThat(VerificationSet.parse(unfit.encode())).isEqualTo(unfit);
    assertThatThrownBy(() -> unfit.check(SIGNED, "hospital"))
        .hasMessageContaining("app: is")
        .hasMessageContaining("since")
        .hasMessageContaining("certify_days: is for a step of a chain")
        .hasMessageContaining("inputs: must be everything that the app reads")
        .hasMessageContaining("[admissions, claims]")
        .hasMessageContaining("expected: must be everything that the app writes");
  }

  @Test
  void onlyTheOwnersSignatureCounts() {
    SignedVerificationSet good = SignedVerificationSet.sign(set(), SAMPLES.hospital.signingKey());
    assertThat(good.open(SIGNED, "hospital")).isEqualTo(set());
    SignedVerificationSet foreign = SignedVerificationSet.sign(set(), SAMPLES.insurer.signingKey());
    refused(Reason.INVALID_SIGNATURE, () -> foreign.open(SIGNED, "hospital"));
    refused(Reason.INVALID_VERIFICATION_SET, () -> foreign.open(signed("insurer"), "insurer"));
    SignedVerificationSet other =
        new SignedVerificationSet(
            withAllowance(set(), GateAllowance.DEFAULT).encode(), good.signature());
    refused(Reason.INVALID_SIGNATURE, () -> other.open(SIGNED, "hospital"));
  }

  @ParameterizedTest
  @EnumSource
  void isSealedToOneBrokerAgreementAndOwner(HpkeSuite suite) {
    HpkeKeyPair broker = HpkeKeyPair.generate(suite, RANDOM);
    HpkeKeyPair other = HpkeKeyPair.generate(suite, RANDOM);
    SignedVerificationSet set = SignedVerificationSet.sign(set(), SAMPLES.hospital.signingKey());
    SealedBytes sealed = set.seal(broker.publicKey(), SIGNED.digest(), "hospital");
    assertThat(SealedBytes.fromMessage(sealed.toMessage())).isEqualTo(sealed);
    assertThat(SignedVerificationSet.open(broker, SIGNED.digest(), "hospital", sealed))
        .isEqualTo(set);
    Reason reason = Reason.INVALID_VERIFICATION_SET;
    refused(reason, () -> SignedVerificationSet.open(other, SIGNED.digest(), "hospital", sealed));
    refused(reason, () -> SignedVerificationSet.open(broker, SIGNED.digest(), "insurer", sealed));
    refused(reason, () -> SignedVerificationSet.open(broker, Samples.APP, "hospital", sealed));
    for (int i = 0; i < sealed.ciphertext().size(); i += 7) {
      byte[] flipped = sealed.ciphertext().toByteArray();
      flipped[i] ^= 4;
      SealedBytes bent = new SealedBytes(suite, sealed.enc(), ByteString.copyFrom(flipped));
      refused(reason, () -> SignedVerificationSet.open(broker, SIGNED.digest(), "hospital", bent));
    }
  }

  @Test
  void whatIsSealedForOneStepOpensAtNoOther() {
    HpkeKeyPair pair = HpkeKeyPair.generate(HpkeSuite.X25519, RANDOM);
    HpkePublicKey key = pair.publicKey();
    Digest a = SIGNED.digest();
    Digest b = Samples.APP;
    SealedBytes task =
        SealedBytes.seal(
            key, GateBindings.task(a, a, a, "insurer", "hospital", "", key), ByteString.EMPTY);
    assertThat(task.open(pair, GateBindings.task(a, a, a, "insurer", "hospital", "", key)))
        .isEmpty();
    List.of(
            GateBindings.task(b, a, a, "insurer", "hospital", "", key),
            GateBindings.task(a, b, a, "insurer", "hospital", "", key),
            GateBindings.task(a, a, b, "insurer", "hospital", "", key),
            GateBindings.task(a, a, a, "hospital", "hospital", "", key),
            GateBindings.task(a, a, a, "insurer", "insurer", "", key),
            GateBindings.task(a, a, a, "insurer", "hospital", "match", key))
        .forEach(other -> refused(Reason.GATE_ORDER_WRONG, () -> task.open(pair, other)));
    refused(Reason.EVIDENCE_GATE_WRONG, () -> task.open(pair, GateBindings.findings(a, a, a, key)));
  }

  @Test
  void outcomesArePartOfClaims() {
    HpkeKeyPair pair = HpkeKeyPair.generate(HpkeSuite.X25519, RANDOM);
    Function<Gate, GateOutcome> outcome =
        gate ->
            new GateOutcome(
                gate,
                Samples.APP,
                Samples.SHIM,
                Samples.APP,
                null,
                GateVerdict.PASSED,
                SealedBytes.seal(
                    pair.publicKey(),
                    GateBindings.findings(Samples.APP, Samples.APP, Samples.APP, pair.publicKey()),
                    new GateFindings(List.of(), Duration.ofMillis(1), 2, 3).encode()));
    GateOutcome a = outcome.apply(Gate.ofApp("a"));
    GateOutcome b = outcome.apply(Gate.ofApp("b"));
    GateOutcome step = outcome.apply(new Gate("a", "match"));
    Claims claims = claims(pair.publicKey(), List.of(a, b));
    assertThat(Claims.parse(claims.encode())).isEqualTo(claims);
    assertThat(claims(pair.publicKey(), List.of(a)).encode()).isNotEqualTo(claims.encode());
    refused(Reason.INVALID_EVIDENCE, () -> claims(pair.publicKey(), List.of(b, a)));
    refused(Reason.INVALID_EVIDENCE, () -> claims(pair.publicKey(), List.of(a, a)));
    Claims steps = claims(pair.publicKey(), List.of(a, step, b));
    assertThat(Claims.parse(steps.encode())).isEqualTo(steps);
    refused(Reason.INVALID_EVIDENCE, () -> claims(pair.publicKey(), List.of(step, a)));
    refused(Reason.INVALID_EVIDENCE, () -> outcome.apply(new Gate("a", "Match")));
  }

  private static Claims claims(HpkePublicKey key, List<GateOutcome> gates) {
    return new Claims(
        ByteString.copyFrom(new byte[32]),
        key,
        ByteString.copyFrom(new byte[32]),
        Samples.APP,
        "insurer",
        "0".repeat(32),
        Samples.APP,
        Samples.APP,
        new TreeMap<>(),
        gates);
  }

  @Test
  void findingsAreCutAndHarmless() {
    GateFindings.Finding long1 =
        new GateFindings.Finding("x\u0007\n", "y".repeat(5000), "\ud83d\ude00".repeat(4000));
    assertThat(long1.what()).isEqualTo("x??");
    GateFindings many =
        new GateFindings(java.util.Collections.nCopies(1000, long1), Duration.ZERO, 0, 0);
    ByteString bytes = many.encode();
    assertThat(bytes.size()).isLessThanOrEqualTo(GateLimits.FINDINGS_BYTES_MAX);
    assertThat(GateFindings.parse(bytes).findings()).isNotEmpty().allMatch(long1::equals);
    refused(
        Reason.EVIDENCE_GATE_WRONG, () -> GateFindings.parse(bytes.substring(0, bytes.size() - 1)));
  }

  @Test
  void theGateKeyIsTheAgreementsBrokers() {
    HpkeKeyPair pair = HpkeKeyPair.generate(HpkeSuite.XWING, RANDOM);
    SignedGateKey key = SignedGateKey.sign(pair.publicKey(), SAMPLES.broker.signingKey());
    Digest broker = SIGNED.agreement().broker();
    assertThat(key.open(broker)).isEqualTo(pair.publicKey());
    SignedGateKey another = SignedGateKey.sign(pair.publicKey(), SAMPLES.hospital.signingKey());
    refused(Reason.BROKER_KEY_WRONG, () -> another.open(broker));
    SignedGateKey swapped =
        new SignedGateKey(
            SignedGateKey.sign(
                    HpkeKeyPair.generate(HpkeSuite.XWING, RANDOM).publicKey(),
                    SAMPLES.hospital.signingKey())
                .key(),
            key.signature(),
            key.brokerKey());
    refused(Reason.BROKER_KEY_WRONG, () -> swapped.open(broker));
  }

  @Test
  void tolerances() {
    Tolerance both = new Tolerance(0.5, 0.01);
    assertThat(both.accepts(10, 10.5)).isTrue();
    assertThat(both.accepts(10, 10.6)).isFalse();
    assertThat(both.accepts(1000, 1010)).isTrue();
    assertThat(both.accepts(-1000, -1010.1)).isFalse();
    assertThat(both.accepts(Double.NaN, Double.NaN)).isTrue();
    assertThat(both.accepts(1, Double.NaN)).isFalse();
    assertThat(both.accepts(Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY)).isTrue();
    assertThat(both.accepts(Double.POSITIVE_INFINITY, 5)).isFalse();
    assertThat(new Tolerance(0, 1e300).accepts(1e300, Double.NEGATIVE_INFINITY)).isFalse();
    assertThatThrownBy(() -> new Tolerance(-1, 0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Tolerance(-0.0, 0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Tolerance(0, Double.NaN))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static void refused(Reason reason, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            ParleyException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }
}
