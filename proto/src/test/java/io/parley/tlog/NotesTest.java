package io.parley.tlog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.identity.SigningKey;
import io.parley.identity.VerifyingKey;
import io.parley.wire.Digest;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The text formats of C2SP: their own examples, and every damage. */
class NotesTest {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final SigningKey BROKER = SigningKey.generate(RANDOM);
  private static final SigningKey WITNESS = SigningKey.generate(RANDOM);
  private static final Instant NOW = Instant.ofEpochSecond(1_790_000_000);
  private static final ByteString ENTRY = ByteString.copyFromUtf8("entry 3");
  private static final List<Digest> LEAVES = MerkleTreeTest.leaves(7);
  private static final TreeHead HEAD =
      new TreeHead(7, TreeProofs.root(MerkleTreeTest.nodes(LEAVES), 7));

  @Test
  void theExampleOfSignedNoteVerifiesWithItsKey() {
    // Name, key and note are those of the specification's own example.
    NoteKey key =
        new NoteKey(
            "example.com/foo",
            NoteKey.Algorithm.NOTE,
            new VerifyingKey(
                ByteString.copyFrom(
                        Base64.getDecoder().decode("AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"))
                    .substring(1)));
    assertThat(key)
        .hasToString("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k");
    SignedNote note =
        SignedNote.parse(
            ByteString.copyFromUtf8(
                "This is an example message.\n\n\u2014 example.com/foo"
                    + " Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"));
    assertThat(note.signatures())
        .singleElement()
        .satisfies(signature -> {
          assertThat(key.named(signature)).isTrue();
          assertThat(key.key().verifyExact(ByteString.copyFromUtf8(note.text()), signature.value()))
              .isTrue();
        });
  }

  @Test
  void aCheckpointIsOfItsBrokersLogAndNoOther() {
    SignedCheckpoint signed = SignedCheckpoint.sign(HEAD, BROKER);
    SignedCheckpoint read = SignedCheckpoint.verify(signed.encode(), BROKER.verifyingKey());
    assertThat(read.head()).isEqualTo(HEAD);
    assertThat(read.toString())
        .startsWith("parley.log/" + BROKER.verifyingKey().digest().hex() + "\n7\n");
    refused(
        Reason.INVALID_SIGNATURE,
        () -> SignedCheckpoint.verify(signed.encode(), WITNESS.verifyingKey()));
  }

  @Test
  void aForgedSignatureUnderTheRightNameIsRefused() {
    SignedCheckpoint signed = SignedCheckpoint.sign(HEAD, BROKER);
    NoteKey key = SignedCheckpoint.key(BROKER.verifyingKey());
    NoteSignature forged =
        new NoteSignature(key.name(), key.id(), ByteString.copyFrom(new byte[64]));
    refused(
        Reason.INVALID_SIGNATURE,
        () ->
            SignedCheckpoint.verify(
                new SignedNote(signed.note().text(), List.of(forged)).encode(),
                BROKER.verifyingKey()));
    refused(
        Reason.INVALID_SIGNATURE,
        () -> SignedCheckpoint.verify(signed.with(forged).encode(), BROKER.verifyingKey()));
  }

  @Test
  void noFlippedByteAndNoCutOfACheckpointPasses() {
    ByteString note = SignedCheckpoint.sign(HEAD, BROKER).encode();
    for (int at = 0; at < note.size(); at++) {
      byte[] flipped = note.toByteArray();
      flipped[at] ^= 1;
      refusedSomehow(ByteString.copyFrom(flipped));
      refusedSomehow(note.substring(0, at));
    }
    refusedSomehow(note.concat(ByteString.copyFromUtf8("\n")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "log\n1\n%s\nextension\n",
        "log\n01\n%s\n",
        "log\n-1\n%s\n",
        "log\n999999999999999999999\n%s\n",
        "log\n1\n%s=\n",
        "log\n1\nAAAA\n",
        "log\n1\n",
        "lo g\n1\n%s\n",
        "lo+g\n1\n%s\n",
        "\n1\n%s\n"
      })
  void otherFormsOfACheckpointAreRefused(String text) {
    refused(
        Reason.INVALID_CHECKPOINT,
        () ->
            Checkpoint.parse(
                text.replace(
                    "%s", Base64.getEncoder().encodeToString(HEAD.root().value().toByteArray()))));
  }

  @Test
  void aCosignatureIsOfOneWitnessOneCheckpointOneTime() {
    Witness witness = Witness.of("hospital", WITNESS.verifyingKey());
    SignedCheckpoint signed = SignedCheckpoint.sign(HEAD, BROKER);
    NoteSignature cosignature = witness.cosign(signed.checkpoint(), NOW, WITNESS);
    SignedCheckpoint cosigned =
        SignedCheckpoint.verify(signed.with(cosignature).encode(), BROKER.verifyingKey());
    assertThat(witness.cosignedAt(cosigned)).contains(NOW);
    assertThat(witness.cosignedAt(signed)).isEmpty();
    assertThat(Witness.of("insurer", WITNESS.verifyingKey()).cosignedAt(cosigned)).isEmpty();
    assertThat(Witness.of("hospital", BROKER.verifyingKey()).cosignedAt(cosigned)).isEmpty();
    Checkpoint other = new Checkpoint(signed.checkpoint().origin(), new TreeHead(8, HEAD.root()));
    assertThat(witness.cosignedAt(other, cosignature)).isEmpty();
    byte[] later = cosignature.value().toByteArray();
    later[7] ^= 1;
    assertThat(
            witness.cosignedAt(
                signed.checkpoint(),
                new NoteSignature(
                    cosignature.name(), cosignature.keyId(), ByteString.copyFrom(later))))
        .isEmpty();
  }

  @Test
  void aProofComesBackAndHolds() {
    InclusionProof proof = proof();
    InclusionProof read = InclusionProof.parse(proof.encode());
    assertThat(read).isEqualTo(proof);
    assertThat(read.verify(BROKER.verifyingKey()).head()).isEqualTo(HEAD);
  }

  @Test
  void noFlippedByteAndNoCutOfAProofPasses() {
    ByteString proof = proof().encode();
    for (int at = 0; at < proof.size(); at++) {
      byte[] flipped = proof.toByteArray();
      flipped[at] ^= 1;
      ByteString bytes = ByteString.copyFrom(flipped);
      ByteString cut = proof.substring(0, at);
      assertThatThrownBy(() -> InclusionProof.parse(bytes).verify(BROKER.verifyingKey()))
          .isInstanceOf(RefusedException.class);
      assertThatThrownBy(() -> InclusionProof.parse(cut).verify(BROKER.verifyingKey()))
          .isInstanceOf(RefusedException.class);
    }
  }

  @Test
  void aProofOfAnotherEntryOrPlaceIsRefused() {
    InclusionProof proof = proof();
    for (InclusionProof wrong :
        List.of(
            new InclusionProof(
                ByteString.copyFromUtf8("entry 4"), 3, proof.path(), proof.checkpoint()),
            new InclusionProof(ENTRY, 2, proof.path(), proof.checkpoint()),
            new InclusionProof(ENTRY, 7, proof.path(), proof.checkpoint()),
            new InclusionProof(ENTRY, 3, proof.path().reversed(), proof.checkpoint()))) {
      refused(Reason.INVALID_PROOF, () -> wrong.verify(BROKER.verifyingKey()));
    }
  }

  @Test
  void tilesAreWhereTheSpecificationPutsThem() {
    assertThat(Tiles.path(0, 1_234_067, 256)).isEqualTo("tile/0/x001/x234/067");
    assertThat(Tiles.path(1, 0, 17)).isEqualTo("tile/1/000.p/17");
    assertThat(Tiles.entriesPath(273, 112)).isEqualTo("tile/entries/273.p/112");
    // The specification's own example: 70,000 entries.
    assertThat(Tiles.width(0, 272, 70_000)).isEqualTo(256);
    assertThat(Tiles.width(0, 273, 70_000)).isEqualTo(112);
    assertThat(Tiles.width(1, 1, 70_000)).isEqualTo(17);
    assertThat(Tiles.width(2, 0, 70_000)).isEqualTo(1);
    assertThat(Tiles.width(3, 0, 70_000)).isZero();
    assertThat(Tiles.width(8, 0, 70_000)).isZero();
    assertThat(Tiles.encodeEntries(List.of(ByteString.EMPTY, ENTRY)).toStringUtf8())
        .isEqualTo("\0\0\0\7entry 3");
  }

  private static InclusionProof proof() {
    return new InclusionProof(
        ENTRY,
        3,
        TreeProofs.inclusion(MerkleTreeTest.nodes(LEAVES), 3, 7),
        SignedCheckpoint.sign(HEAD, BROKER).note());
  }

  private static void refusedSomehow(ByteString note) {
    assertThatThrownBy(() -> SignedCheckpoint.verify(note, BROKER.verifyingKey()))
        .isInstanceOf(RefusedException.class);
  }

  private static void refused(
      Reason reason, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            ParleyException.class, refusal -> assertThat(refusal.reason()).isEqualTo(reason));
  }
}
