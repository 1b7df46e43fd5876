package io.parley.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.google.protobuf.ByteString;
import io.parley.agreement.AgreementCodec;
import io.parley.agreement.DsseEnvelope;
import io.parley.agreement.JobSpec;
import io.parley.agreement.SignedAgreement;
import io.parley.evidence.Claims;
import io.parley.evidence.Evidence;
import io.parley.evidence.ReportData;
import io.parley.evidence.SimulatedEvidence;
import io.parley.identity.Invitation;
import io.parley.identity.MembershipCodec;
import io.parley.identity.SigningKey;
import io.parley.identity.VerifyingKey;
import io.parley.seal.HpkeKeyPair;
import io.parley.seal.HpkeSuite;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * What is signed or hashed: it has one form, so what is taken must be written in the same bytes.
 */
final class MessageTargets {
  private MessageTargets() {}

  static Map<String, Function<Path, FuzzTarget>> all() {
    Map<String, Function<Path, FuzzTarget>> all = new HashMap<>();
    all.put("claims", scratch -> oneForm(claims().encode(), bytes -> Claims.parse(bytes).encode()));
    all.put(
        "evidence",
        scratch ->
            oneForm(
                new Evidence("sev-snp", claims().encode(), ByteString.copyFromUtf8("x")).encode(),
                bytes -> Evidence.parse(bytes).encode()));
    all.put(
        "agreement",
        scratch ->
            oneForm(
                AgreementCodec.encode(new FuzzSamples().agreement()),
                bytes -> AgreementCodec.encode(AgreementCodec.decode(bytes))));
    all.put(
        "job-spec",
        scratch ->
            oneForm(new FuzzSamples().job().encode(), bytes -> JobSpec.decode(bytes).encode()));
    all.put(
        "membership",
        scratch ->
            oneForm(
                MembershipCodec.encode(new FuzzSamples().membership),
                bytes -> MembershipCodec.encode(MembershipCodec.decode(bytes))));
    all.put("dsse-envelope", scratch -> envelope());
    all.put("simulated-document", scratch -> simulated());
    all.put("signed-agreement", scratch -> signedAgreement());
    all.put("invitation", scratch -> invitation());
    return all;
  }

  static FuzzTarget oneForm(ByteString seed, UnaryOperator<ByteString> parseAndEncode) {
    return new FuzzTarget(
        List.of(seed.toByteArray()),
        bytes -> {
          ByteString came = ByteString.copyFrom(bytes);
          ByteString written = parseAndEncode.apply(came);
          if (!written.equals(came)) {
            throw new AssertionError("two forms of one message: " + written);
          }
          return true;
        });
  }

  /** Nobody signs or hashes an envelope, so it has many forms; but each says one thing. */
  private static FuzzTarget envelope() {
    return new FuzzTarget(
        List.of(new FuzzSamples().signed().toEnvelope().toByteArray()),
        bytes -> {
          DsseEnvelope envelope = DsseEnvelope.decode(ByteString.copyFrom(bytes));
          if (!DsseEnvelope.decode(envelope.encode()).equals(envelope)) {
            throw new AssertionError("written and read again, it is another envelope");
          }
          return true;
        });
  }

  private static Claims claims() {
    FuzzSamples samples = new FuzzSamples();
    try (HpkeKeyPair receive = HpkeKeyPair.generate(HpkeSuite.X25519, FuzzSamples.RANDOM);
        SigningKey signing = SigningKey.generate(FuzzSamples.RANDOM)) {
      return new Claims(
          ByteString.copyFrom(new byte[32]),
          receive.publicKey(),
          signing.verifyingKey().value(),
          AgreementCodec.digest(samples.agreement()),
          "payments",
          samples.job().jobId(),
          FuzzSamples.SHIM,
          FuzzSamples.APP,
          new TreeMap<>(Map.of("network", "denied", "crypto", "passed")));
    }
  }

  /** Nothing but the platform's own document is signed by the platform. */
  private static FuzzTarget simulated() {
    SigningKey platform = SigningKey.generate(FuzzSamples.RANDOM);
    VerifyingKey key = platform.verifyingKey();
    ByteString document =
        SimulatedEvidence.sign(
            platform::sign, ReportData.of(claims().encode()), FuzzSamples.SHIM, "bwrap");
    SimulatedEvidence signed = SimulatedEvidence.parse(document);
    return new FuzzTarget(
        List.of(document.toByteArray()),
        bytes -> {
          SimulatedEvidence parsed = SimulatedEvidence.parse(ByteString.copyFrom(bytes));
          if (parsed.isSignedBy(key::verify) && !parsed.equals(signed)) {
            throw new AssertionError("the platform signed nothing but its document");
          }
          return true;
        });
  }

  /** Nothing but what all parties signed is complete. */
  private static FuzzTarget signedAgreement() {
    SignedAgreement good = new FuzzSamples().signed();
    return new FuzzTarget(
        List.of(good.toEnvelope().toByteArray()),
        bytes -> {
          SignedAgreement seen =
              SignedAgreement.fromEnvelope(ByteString.copyFrom(bytes)).requireComplete();
          if (!seen.payload().equals(good.payload())) {
            throw new AssertionError("nobody signed this agreement: " + seen.agreement());
          }
          return true;
        });
  }

  private static FuzzTarget invitation() {
    FuzzSamples samples = new FuzzSamples();
    Invitation good =
        Invitation.create(
            "orders",
            samples.membership.member("shop"),
            FuzzSamples.NOW,
            Duration.ofDays(1),
            FuzzSamples.RANDOM);
    return new FuzzTarget(
        List.of(good.encode().getBytes(ISO_8859_1)),
        bytes -> {
          String text = new String(bytes, ISO_8859_1);
          if (!Invitation.parse(text).encode().equals(text.strip())) {
            throw new AssertionError("two forms of one invitation");
          }
          return true;
        });
  }
}
