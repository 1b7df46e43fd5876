package io.parley.broker.evidence.trust;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.sevsnp.FakeAmd;
import io.parley.broker.evidence.sevsnp.SnpProduct;
import io.parley.wire.Digest;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A signature that was found good says nothing about another text, another signature or key. */
final class KnownSignaturesTest {
  private static final List<X509Certificate> SIGNERS = FakeAmd.vcek(SnpProduct.MILAN).chain();

  @Test
  void everyPieceCounts() {
    ByteString one = ByteString.copyFromUtf8("one");
    ByteString two = ByteString.copyFromUtf8("two");
    ByteString onetwo = one.concat(two);
    X509Certificate signer = SIGNERS.getFirst();
    List<Digest> all =
        List.of(
            KnownSignatures.ofText(one, two, signer),
            KnownSignatures.ofText(two, one, signer),
            KnownSignatures.ofText(one, one, signer),
            KnownSignatures.ofText(onetwo, ByteString.EMPTY, signer),
            KnownSignatures.ofText(ByteString.EMPTY, onetwo, signer),
            KnownSignatures.ofText(one, two, SIGNERS.get(1)),
            KnownSignatures.ofList(one, signer),
            KnownSignatures.ofChain(SIGNERS));
    assertThat(all).doesNotHaveDuplicates();
    KnownSignatures known = new KnownSignatures(100);
    known.add(all.getFirst());
    assertThat(all.stream().filter(known::contains)).containsExactly(all.getFirst());
  }

  @Test
  void itIsBounded() {
    KnownSignatures known = new KnownSignatures(2);
    List<Digest> three =
        Stream.of("a", "b", "c").map(text -> Digest.of(ByteString.copyFromUtf8(text))).toList();
    three.forEach(known::add);
    assertThat(three.stream().filter(known::contains).toList()).isEqualTo(three.subList(1, 3));
  }
}
