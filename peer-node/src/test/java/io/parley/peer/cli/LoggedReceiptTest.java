package io.parley.peer.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.proto.broker.v1.ReceiptFile;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.StrictMessages;
import org.junit.jupiter.api.Test;

/** A receipt as a file, with everything that can be wrong with it. */
class LoggedReceiptTest {
  private final ReceiptWorld world = new ReceiptWorld();

  @Test
  void aReceiptIsCheckedWithoutAnybody() {
    LoggedReceipt receipt = LoggedReceipt.read(encode(world.file()));
    assertThat(receipt.index()).isEqualTo(2);
    assertThat(receipt.cosigners()).isEmpty();
    assertThat(receipt.sentences()).last().asString().startsWith("Not checked: no party's witness");
  }

  @Test
  void cosignaturesAreNamedAndThoseThatAreMissingToo() {
    String party = world.agreement.agreement().partyNames().getFirst();
    LoggedReceipt receipt = LoggedReceipt.read(encode(world.cosignedBy(party)));
    assertThat(receipt.cosigners()).containsExactly(party);
    assertThat(receipt.sentences())
        .contains("Good: cosigned by the witness of %s.".formatted(party))
        .anyMatch(said -> said.startsWith("Not checked: whether "));
  }

  @Test
  void whatBelongsToAnotherReceiptJobOrLogIsRefused() {
    ReceiptFile file = world.file();
    ReceiptWorld other = new ReceiptWorld();
    refused(
        Reason.INVALID_PROOF,
        file.toBuilder().setProof(world.log.prove(0, world.log.signed()).encode()).build());
    refused(
        Reason.INVALID_PROOF,
        file.toBuilder().setProof(world.log.prove(1, world.log.signed()).encode()).build());
    refused(Reason.INVALID_SIGNATURE, file.toBuilder().setProof(other.file().getProof()).build());
    refused(
        Reason.BROKER_KEY_WRONG,
        file.toBuilder().setBrokerKey(other.file().getBrokerKey()).build());
    refused(
        Reason.BROKER_KEY_WRONG,
        file.toBuilder().setAgreement(other.file().getAgreement()).build());
    refused(
        Reason.INVALID_SIGNATURE, file.toBuilder().setReceipt(other.file().getReceipt()).build());
    refused(
        Reason.INVALID_SIGNATURE,
        file.toBuilder().setAgreement(file.getAgreement().toBuilder().removeSignatures(0)).build());
    refused(Reason.INVALID_PROOF, file.toBuilder().clearProof().build());
    refused(
        Reason.INVALID_PROOF, world.fileOf(world.receipt.toBuilder().setJobsStarted(7).build()));
  }

  @Test
  void noFlippedByteAndNoCutPasses() {
    ByteString bytes = encode(world.file());
    for (int at = 0; at < bytes.size(); at += 3) {
      byte[] flipped = bytes.toByteArray();
      flipped[at] ^= 1;
      ByteString damaged = ByteString.copyFrom(flipped);
      ByteString cut = bytes.substring(0, at);
      try {
        LoggedReceipt read = LoggedReceipt.read(damaged);
        // A signer's name in an envelope is a hint that nothing depends on.
        assertThat(read.receipt()).isEqualTo(world.receipt);
        assertThat(read.agreement().digest()).isEqualTo(world.agreement.digest());
        assertThat(read.checkpoint().head()).isEqualTo(world.log.head());
      } catch (RefusedException e) {
        assertThat(e).hasMessageNotContaining("Exception");
      }
      assertThatThrownBy(() -> LoggedReceipt.read(cut)).isInstanceOf(RefusedException.class);
    }
  }

  private static ByteString encode(ReceiptFile file) {
    return StrictMessages.encode(file);
  }

  private static void refused(Reason reason, ReceiptFile file) {
    assertThatThrownBy(() -> LoggedReceipt.read(encode(file)))
        .isInstanceOfSatisfying(
            ParleyException.class,
            failure -> assertThat(failure.reason()).as(failure.getMessage()).isEqualTo(reason));
  }
}
