package io.parley.agreement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.identity.SigningKey;
import io.parley.proto.agreement.v1.Envelope;
import io.parley.wire.RefusedException;
import java.security.SecureRandom;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class DsseTest {
  private static final ByteString HELLO = ByteString.copyFromUtf8("hello world");
  private final SigningKey key = SigningKey.generate(new SecureRandom());

  @Test
  void encodesAsTheSpecificationsExampleDoes() {
    assertThat(Dsse.pae("http://example.com/HelloWorld", HELLO).toStringUtf8())
        .isEqualTo("DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  }

  @Test
  void countsBytesNotCharacters() {
    assertThat(Dsse.pae("é", ByteString.copyFromUtf8("日本")).toStringUtf8())
        .isEqualTo("DSSEv1 2 é 6 日本");
  }

  @Test
  void movingBytesFromTypeToPayloadGivesOtherBytes() {
    assertThat(Dsse.pae("a b", HELLO))
        .isNotEqualTo(Dsse.pae("a", ByteString.copyFromUtf8("b 11 hello world")));
  }

  @Test
  void verifiesOnlyTheSamePayloadTypeAndKey() {
    DsseSignature signature = Dsse.sign(Dsse.AGREEMENT_TYPE, HELLO, "hospital", key);
    assertThat(Dsse.verify(Dsse.AGREEMENT_TYPE, HELLO, signature, key.verifyingKey())).isTrue();
    assertThat(Dsse.verify(Dsse.RECEIPT_TYPE, HELLO, signature, key.verifyingKey())).isFalse();
    assertThat(
            Dsse.verify(
                Dsse.AGREEMENT_TYPE,
                HELLO.concat(ByteString.copyFromUtf8("!")),
                signature,
                key.verifyingKey()))
        .isFalse();
    assertThat(
            Dsse.verify(
                Dsse.AGREEMENT_TYPE,
                HELLO,
                signature,
                SigningKey.generate(new SecureRandom()).verifyingKey()))
        .isFalse();
  }

  @Test
  void aSignatureUnderALabelIsNoDsseSignature() {
    ByteString labelled = key.sign("parley/v1/grant", HELLO);
    assertThat(
            Dsse.verify(
                Dsse.AGREEMENT_TYPE, HELLO, new DsseSignature("x", labelled), key.verifyingKey()))
        .isFalse();
  }

  @Test
  void envelopeSurvivesAFile() {
    DsseEnvelope envelope =
        new DsseEnvelope(Dsse.AGREEMENT_TYPE, HELLO, List.of())
            .with(Dsse.sign(Dsse.AGREEMENT_TYPE, HELLO, "hospital", key));
    assertThat(DsseEnvelope.decode(envelope.encode())).isEqualTo(envelope);
  }

  @Test
  void theSameSignatureTwiceIsOnce() {
    DsseSignature signature = Dsse.sign(Dsse.AGREEMENT_TYPE, HELLO, "hospital", key);
    DsseEnvelope once = new DsseEnvelope(Dsse.AGREEMENT_TYPE, HELLO, List.of(signature));
    assertThat(once.with(signature)).isEqualTo(once);
  }

  @Test
  void refusesUnknownFieldsAndNonsense() {
    Envelope unknown =
        Envelope.newBuilder()
            .setUnknownFields(
                com.google.protobuf.UnknownFieldSet.newBuilder()
                    .addField(
                        77,
                        com.google.protobuf.UnknownFieldSet.Field.newBuilder().addVarint(1).build())
                    .build())
            .build();
    assertThatThrownBy(() -> DsseEnvelope.decode(unknown.toByteString()))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("does not know");
    assertThatThrownBy(() -> DsseEnvelope.decode(ByteString.copyFromUtf8("\u00ff\u00ff")))
        .isInstanceOf(RefusedException.class);
  }

  @Test
  void limitsSignaturesAndSizes() {
    DsseSignature signature = new DsseSignature("x", ByteString.EMPTY);
    assertThatThrownBy(() ->
            new DsseEnvelope(
                Dsse.AGREEMENT_TYPE,
                HELLO,
                Collections.nCopies(DsseEnvelope.MAX_SIGNATURES + 1, signature)))
        .hasMessageContaining("at most 128");
    assertThatThrownBy(() -> new DsseSignature("x".repeat(257), ByteString.EMPTY))
        .isInstanceOf(RefusedException.class);
    assertThatThrownBy(() ->
            new DsseEnvelope(
                "x", ByteString.copyFrom(new byte[Limits.MAX_DOCUMENT_BYTES + 1]), List.of()))
        .hasMessageContaining("at most 1048576");
  }
}
