package io.parley.seal;

import static io.parley.seal.SealFixtures.AGREEMENT;
import static io.parley.seal.SealFixtures.JOB_ID;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResultHeadTest {
  private static final ResultHead HEAD =
      head("summary", List.of(sealedTo("hospital"), sealedTo("insurer")));

  @Test
  void head_comesBackFromItsBytes() {
    assertThat(ResultHead.parse(HEAD.encode())).isEqualTo(HEAD);
  }

  @Test
  void sixtyFourRecipients_fit() {
    List<SealedKey> many =
        IntStream.range(0, 64).mapToObj(i -> sealedToWithXwing("party-" + i)).toList();

    ResultHead head = head("summary", many);

    assertThat(head.encode().size()).isLessThan(ResultHead.MAX_SIZE_BYTES);
    assertThat(ResultHead.parse(head.encode()).recipientNames()).hasSize(64);
  }

  @Test
  void sixtyFiveRecipients_doNot() {
    List<SealedKey> tooMany = IntStream.range(0, 65).mapToObj(i -> sealedTo("party-" + i)).toList();

    assertInvalid(() -> head("summary", tooMany));
  }

  @Test
  void recipientTwice_isRefused() {
    assertInvalid(() -> head("summary", List.of(sealedTo("hospital"), sealedTo("hospital"))));
  }

  @Test
  void nobody_isRefused() {
    assertInvalid(() -> head("summary", List.of()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a/b", "..", "a b", "-a", "a\n", "näme", "a.b"})
  void strangeNames_areRefused(String name) {
    assertInvalid(() -> head(name, List.of(sealedTo("hospital"))));
  }

  @ParameterizedTest
  @ValueSource(strings = {"summary", "top_10", "A", "x-y", "_hidden"})
  void plainNames_areTaken(String name) {
    assertThat(head(name, List.of(sealedTo("hospital"))).result()).isEqualTo(name);
  }

  @Test
  void keyFor_findsTheOwn() {
    assertThat(HEAD.keyFor("insurer").party()).isEqualTo("insurer");
    assertThatThrownBy(() -> HEAD.keyFor("bank"))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.NOT_A_RECIPIENT));
  }

  @Test
  void recipients_cannotBeChangedAfterwards() {
    assertThatThrownBy(() -> HEAD.recipients().add(sealedTo("bank")))
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void everyCut_isRefusedOrMeansSomethingElse() {
    ByteString whole = HEAD.encode();
    for (int length = 0; length < whole.size(); length++) {
      ByteString part = whole.substring(0, length);
      try {
        assertThat(ResultHead.parse(part)).isNotEqualTo(HEAD);
      } catch (RefusedException e) {
        assertThat(e.reason()).isEqualTo(Reason.INVALID_RESULT);
      }
    }
  }

  @Test
  void mangledBytes_areRefusedOrMeanSomethingElse() {
    Random random = new Random(11);
    for (int i = 0; i < 4_000; i++) {
      ByteString mangled = Mangler.mangle(HEAD.encode(), random);
      try {
        ResultHead parsed = ResultHead.parse(mangled);
        // What is taken has one form only.
        assertThat(parsed.encode()).isEqualTo(mangled);
      } catch (RefusedException e) {
        assertThat(e.reason()).isEqualTo(Reason.INVALID_RESULT);
      }
    }
  }

  private static ResultHead head(String name, List<SealedKey> recipients) {
    return new ResultHead(name, JOB_ID, AGREEMENT, "csv", "simulated", recipients);
  }

  private static SealedKey sealedTo(String party) {
    return sealed(party, HpkeSuite.X25519);
  }

  private static SealedKey sealedToWithXwing(String party) {
    return sealed(party, HpkeSuite.XWING);
  }

  private static SealedKey sealed(String party, HpkeSuite suite) {
    return new SealedKey(
        party,
        suite,
        ByteString.copyFrom(new byte[suite.encSizeBytes()]),
        ByteString.copyFrom(new byte[48]));
  }

  private static void assertInvalid(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_RESULT));
  }
}
