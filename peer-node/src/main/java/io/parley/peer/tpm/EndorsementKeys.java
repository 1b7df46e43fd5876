package io.parley.peer.tpm;

import com.google.protobuf.ByteString;
import io.parley.peer.tpm.TpmClient.Loaded;
import java.io.IOException;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The key that a TPM's maker certified, and its certificate (TCG EK Credential Profile, version
 * 2.5, sections 2.2.1.4 and 2.2.1.5; handles: TCG Registry of Reserved TPM 2.0 Handles).
 */
final class EndorsementKeys {
  private static final int DER_SEQUENCE = 0x30;
  private static final int DER_TWO_BYTES = 0x82;
  private static final int DER_HEADER_BYTES = 4;

  /**
   * @param head of the key's area: everything before the key itself
   */
  private record Kind(
      String name, int certificate, int handle, ByteString template, ByteString head) {
    Kind(String name, int certificate, int handle, ByteString template, int uniqueBytes) {
      this(
          name,
          certificate,
          handle,
          template,
          template.substring(0, template.size() - uniqueBytes));
    }

    String index() {
      return "0x%08x".formatted(certificate);
    }
  }

  private static final List<Kind> KINDS =
      List.of(
          new Kind("RSA 2048", 0x01c00002, 0x81010001, Templates.EK_RSA, 258),
          new Kind("P-256", 0x01c0000a, 0x8101000a, Templates.EK_P256, 68),
          new Kind("P-384", 0x01c00016, 0x81010016, Templates.EK_P384, 4),
          new Kind("RSA 3072", 0x01c0001c, 0x8101001c, Templates.EK_RSA_3072, 2));

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
        "the TPM has no certificate for an endorsement key of %s (NV index %s)"
            .formatted(each(Kind::name), each(Kind::index)));
  }

  private static String each(Function<Kind, String> part) {
    return KINDS.stream().map(part).collect(Collectors.joining(" or "));
  }

  /** Makers or installers may have made it permanent; deriving it anew can take seconds. */
  private static Loaded load(TpmClient tpm, Kind kind) throws IOException {
    try {
      Loaded permanent = tpm.readPublic(kind.handle());
      if (permanent.area().startsWith(kind.head())) {
        return permanent;
      }
    } catch (TpmException e) {
      if (e.error() != ResponseCode.HANDLE && e.error() != ResponseCode.VALUE) {
        throw e;
      }
    }
    return tpm.createPrimary(Tpm2.RH_ENDORSEMENT, kind.template());
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
