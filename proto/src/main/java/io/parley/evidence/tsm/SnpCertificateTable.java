package io.parley.evidence.tsm;

import com.google.protobuf.ByteString;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * The certificates that a host gives an SEV-SNP guest: entries of a GUID (16 bytes, in the order in
 * which it is written), offset and length (4 bytes each, little-endian), ended by zeros (AMD 56421,
 * "SEV-ES Guest-Hypervisor Communication Block Standardization", 4.1.8.1). Nobody has verified
 * them. Immutable.
 *
 * @param certificates DER: VCEK or VLEK, ASK, ARK
 * @param lists DER: AMD's revocation lists
 */
public record SnpCertificateTable(List<ByteString> certificates, List<ByteString> lists) {
  private static final int ENTRY_BYTES = 24;
  private static final int GUID_BYTES = 16;
  private static final int ENTRIES_MAX = 16;
  private static final int CERTIFICATE_BYTES_MAX = 16 << 10;
  private static final int LIST_BYTES_MAX = 128 << 10;

  private static final List<ByteString> CERTIFICATES =
      List.of(
          guid("63da758de6644564adc5f4b93be8accd"), // VCEK
          guid("a8074bc2a25a483eaae639c045a0b8a1"), // VLEK
          guid("4ab7b379bbac4fe4a02f05aef327c782"), // ASK
          guid("c0b406a4a803495297433fb6014cd0ae")); // ARK
  private static final ByteString LIST = guid("92f81bc358114d3d97ffd19f88dc67ea");
  private static final ByteString END = ByteString.copyFrom(new byte[GUID_BYTES]);

  public SnpCertificateTable {
    certificates = List.copyOf(certificates);
    lists = List.copyOf(lists);
  }

  /**
   * Reads a table; an empty one has nothing in it. Entries of other kinds are passed over.
   *
   * @throws RefusedException INVALID_EVIDENCE when an entry is out of bounds or too large, or there
   *     are too many
   */
  public static SnpCertificateTable parse(ByteString table) {
    ByteBuffer bytes = table.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    List<ByteString> certificates = new ArrayList<>();
    List<ByteString> lists = new ArrayList<>();
    for (int entry = 0; !table.isEmpty(); entry++) {
      int at = entry * ENTRY_BYTES;
      if (entry > ENTRIES_MAX || at + ENTRY_BYTES > table.size()) {
        throw wrong("has no end within %d entries".formatted(ENTRIES_MAX));
      }
      ByteString guid = table.substring(at, at + GUID_BYTES);
      if (guid.equals(END)) {
        break;
      }
      long offset = Integer.toUnsignedLong(bytes.getInt(at + GUID_BYTES));
      long length = Integer.toUnsignedLong(bytes.getInt(at + GUID_BYTES + Integer.BYTES));
      if (CERTIFICATES.contains(guid)) {
        certificates.add(part(table, offset, length, CERTIFICATE_BYTES_MAX));
      } else if (guid.equals(LIST)) {
        lists.add(part(table, offset, length, LIST_BYTES_MAX));
      }
    }
    return new SnpCertificateTable(certificates, lists);
  }

  private static ByteString part(ByteString table, long offset, long length, int most) {
    if (length < 1 || length > most || offset + length > table.size()) {
      throw wrong("has an entry of %d bytes at %d".formatted(length, offset));
    }
    return table.substring((int) offset, (int) (offset + length));
  }

  private static ByteString guid(String hex) {
    return ByteString.copyFrom(HexFormat.of().parseHex(hex));
  }

  private static RefusedException wrong(String problem) {
    return new RefusedException(
        Reason.INVALID_EVIDENCE, "the host's table of certificates " + problem);
  }
}
