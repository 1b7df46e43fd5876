package io.parley.agreement;

import com.google.protobuf.ByteString;
import io.parley.agreement.platform.PlatformCodec;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.StrictMessages;

/**
 * The exact bytes of an agreement: what is signed, kept, sent and hashed. One agreement has one
 * byte form ({@link StrictMessages}), so {@code encode(decode(b))} is {@code b} or {@code decode}
 * refuses.
 */
public final class AgreementCodec {
  private AgreementCodec() {}

  /** The exact bytes. */
  public static ByteString encode(Agreement agreement) {
    io.parley.proto.agreement.v1.Agreement.Builder message =
        io.parley.proto.agreement.v1.Agreement.newBuilder()
            .setName(agreement.name())
            .setBrokerKeySha256(agreement.broker().value())
            .addAllCompute(agreement.compute())
            .setEnvironment(AgreementWriter.environment(agreement.environment()))
            .setChanges(AgreementWriter.changes(agreement.changes()))
            .setExpires(StrictMessages.timestamp(agreement.expires()))
            .setMaxJobs(agreement.maxJobs())
            .setQueries(AgreementWriter.queries(agreement.queries()));
    Chain chain = agreement.chain();
    if (chain == null) {
      message.setAppSha256(agreement.app().value());
    } else {
      message.setChain(ChainCodec.toMessage(chain));
    }
    AgreementWriter.replacement(agreement.terms(), message);
    agreement.parties().forEach(p -> message.addParties(PartyCodec.toProto(p)));
    agreement.datasets().forEach(d -> message.addDatasets(AgreementWriter.dataset(d)));
    agreement.results().forEach(r -> message.addResults(AgreementWriter.result(r)));
    agreement.parameters().forEach(p -> message.addParameters(AgreementWriter.parameter(p)));
    agreement.brokerEvidence().forEach(p -> message.addBrokerEvidence(PlatformCodec.toMessage(p)));
    return StrictMessages.encode(message.build());
  }

  /**
   * From exact bytes.
   *
   * @throws RefusedException INVALID_AGREEMENT that lists every problem: unknown fields at any
   *     depth, bad names, duplicates, missing sections, broken references, limits; SIZE_LIMIT above
   *     {@value Limits#MAX_DOCUMENT_BYTES} bytes
   */
  public static Agreement decode(ByteString bytes) {
    io.parley.proto.agreement.v1.Agreement message =
        StrictMessages.parse(
            io.parley.proto.agreement.v1.Agreement.parser(),
            bytes,
            Limits.MAX_DOCUMENT_BYTES,
            Reason.INVALID_AGREEMENT,
            "agreement");
    Agreement agreement = new AgreementReader(message).read();
    StrictMessages.requireSame(encode(agreement), bytes, Reason.INVALID_AGREEMENT, "agreement");
    return agreement;
  }

  /** What the agreement is known by: SHA-256 of the exact bytes. */
  public static Digest digest(Agreement agreement) {
    return Digest.of(encode(agreement));
  }
}
