package io.parley.peer.tpm;

import com.google.protobuf.ByteString;
import io.parley.peer.tpm.TpmClient.Loaded;
import java.io.IOException;
import java.util.List;

/**
 * The key that a TPM's maker certified, and its certificate (TCG EK Credential Profile, version
 * 2.3, sections 2.2.1.4 and 2.2.1.5; handles: TCG Registry of Reserved TPM 2.0 Handles).
 */
final class EndorsementKeys {
  private static final int DER_SEQUENCE = 0x30;
  private static final int DER_TWO_BYTES = 0x82;
  private static final int DER_HEADER_BYTES = 4;

  private record Kind(String name, int certificate, int handle, ByteString template) {}

  private static final List<Kind> KINDS =
      List.of(
          new Kind("RSA 2048", 0x01c00002, 0x81010001, Templates.EK_RSA),
          new Kind("P-256", 0x01c0000a, 0x8101000a, Templates.EK_P256));

  /** A certified key, loaded; closing unloads it. */
  record Certified(Loaded key, ByteString certificate) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      key.close();
    }
  }

  private EndorsementKeys() {}

  /** The first that has a certificate. */
  static Certified load(TpmClient tpm) throws IOException {
    for (Kind kind : KINDS) {
      ByteString certificate;
      try {
        certificate = tpm.readNv(kind.certificate());
      } catch (TpmException e) {
        if (e.error() == ResponseCode.HANDLE || e.error() == ResponseCode.VALUE) {
          continue;
        }
        throw e;
      }
      return new Certified(load(tpm, kind), unpadded(kind, certificate));
    }
    throw new IOException(
        "the TPM has no certificate for an endorsement key of RSA 2048 or P-256"
            + " (NV index 0x01c00002 or 0x01c0000a)");
  }

  /** Makers or installers may have made it permanent; deriving it anew can take seconds. */
  private static Loaded load(TpmClient tpm, Kind kind) throws IOException {
    try {
      Loaded permanent = tpm.readPublic(kind.handle());
      if (sameKind(permanent.area(), kind.template())) {
        return permanent;
      }
    } catch (TpmException e) {
      if (e.error() != ResponseCode.HANDLE && e.error() != ResponseCode.VALUE) {
        throw e;
      }
    }
    return tpm.createPrimary(Tpm2.RH_ENDORSEMENT, kind.template());
  }

  /** Everything before the key itself. */
  private static boolean sameKind(ByteString area, ByteString template) {
    int head = template.size() - (template.byteAt(1) == Tpm2.ALG_RSA ? 258 : 68);
    return area.size() == template.size()
        && area.substring(0, head).equals(template.substring(0, head));
  }

  /** An area may be larger than what is in it. */
  private static ByteString unpadded(Kind kind, ByteString area) throws IOException {
    if (area.size() > DER_HEADER_BYTES
        && Byte.toUnsignedInt(area.byteAt(0)) == DER_SEQUENCE
        && Byte.toUnsignedInt(area.byteAt(1)) == DER_TWO_BYTES) {
      int size =
          DER_HEADER_BYTES
              + (Byte.toUnsignedInt(area.byteAt(2)) << Byte.SIZE)
              + Byte.toUnsignedInt(area.byteAt(3));
      if (size <= area.size()) {
        return area.substring(0, size);
      }
    }
    throw new IOException(
        "NV index 0x%08x holds no certificate for the endorsement key of %s"
            .formatted(kind.certificate(), kind.name()));
  }
}
