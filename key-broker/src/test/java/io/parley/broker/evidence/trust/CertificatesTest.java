package io.parley.broker.evidence.trust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.FakeAuthority;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.cert.X509Certificate;
import java.util.List;
import org.junit.jupiter.api.Test;

final class CertificatesTest {
  private static final int SIGNATURE_BYTES = 256;

  private final FakeAuthority authority = FakeAuthority.root("CN=A vendor", FakeAuthority.rsa());

  /** Such a signature would be the same signature, whenever its last bit happens to be 0. */
  @Test
  void aSignatureOfWhichABitDoesNotCountIsRefused() throws Exception {
    X509Certificate certificate = authority.certificate();
    assertThat(certificate.getSignature()).hasSize(SIGNATURE_BYTES);
    ByteString good = ByteString.copyFrom(certificate.getEncoded());
    assertThat(Certificates.parse("root", good)).isEqualTo(certificate);
    refused(() -> Certificates.parse("root", oneBitLess(good)));

    ByteString list =
        FakeAuthority.der(authority.revoking(FakeAuthority.FROM, FakeAuthority.TO)).getFirst();
    assertThat(Certificates.parseCrl("root", list).getSignature()).hasSize(SIGNATURE_BYTES);
    refused(() -> Certificates.parseCrl("root", oneBitLess(list)));
  }

  @Test
  void nothingMayFollow() {
    ByteString good = FakeAuthority.der(List.of(authority.certificate())).getFirst();
    refused(() -> Certificates.parse("root", good.concat(ByteString.copyFrom(new byte[1]))));
    refused(() -> Certificates.parse("root", good.concat(good)));
    refused(() -> Certificates.parse("root", good.substring(0, good.size() - 1)));
  }

  private static ByteString oneBitLess(ByteString der) {
    byte[] changed = der.toByteArray();
    changed[changed.length - SIGNATURE_BYTES - 1] = 1;
    changed[changed.length - 1] &= (byte) ~1;
    return ByteString.copyFrom(changed);
  }

  private static void refused(org.assertj.core.api.ThrowableAssert.ThrowingCallable parsing) {
    assertThatThrownBy(parsing)
        .isInstanceOfSatisfying(
            RefusedException.class,
            refusal -> assertThat(refusal.reason()).isEqualTo(Reason.INVALID_EVIDENCE));
  }
}
