package io.parley.evidence.tsm;

import com.google.protobuf.ByteString;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
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

  /** Whether bytes are one, and not an empty one: before its end it names a kind known here. */
  public static boolean isOne(ByteString bytes) {
    for (int at = 0; at <= ENTRIES_MAX * ENTRY_BYTES && at + GUID_BYTES <= bytes.size(); ) {
      ByteString guid = bytes.substring(at, at + GUID_BYTES);
      if (CERTIFICATES.contains(guid) || guid.equals(LIST)) {
        return true;
      }
      at = guid.equals(END) ? bytes.size() : at + ENTRY_BYTES;
    }
    return false;
  }

  /**
   * Reads a table; an empty one has nothing in it. Entries of other kinds are passed over.
   *
   * @throws RefusedException INVALID_EVIDENCE when an entry is out of bounds, too large, or within
   *     another or the table's head, or there are too many
   */
  public static SnpCertificateTable parse(ByteString table) {
    ByteBuffer bytes = table.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    List<Part> certificates = new ArrayList<>();
    List<Part> lists = new ArrayList<>();
    int at = 0;
    for (; !table.isEmpty(); at += ENTRY_BYTES) {
      if (at > ENTRIES_MAX * ENTRY_BYTES || at + ENTRY_BYTES > table.size()) {
        throw wrong("has no end within %d entries".formatted(ENTRIES_MAX));
      }
      ByteString guid = table.substring(at, at + GUID_BYTES);
      if (guid.equals(END)) {
        break;
      }
      Part part =
          new Part(
              Integer.toUnsignedLong(bytes.getInt(at + GUID_BYTES)),
              Integer.toUnsignedLong(bytes.getInt(at + GUID_BYTES + Integer.BYTES)));
      if (CERTIFICATES.contains(guid)) {
        certificates.add(part.within(table, CERTIFICATE_BYTES_MAX));
      } else if (guid.equals(LIST)) {
        lists.add(part.within(table, LIST_BYTES_MAX));
      }
    }
    requireApart(new Part(0, at + ENTRY_BYTES), certificates, lists);
    return new SnpCertificateTable(
        certificates.stream().map(part -> part.of(table)).toList(),
        lists.stream().map(part -> part.of(table)).toList());
  }

  /** Where one is. */
  private record Part(long offset, long length) {
    Part within(ByteString table, int most) {
      if (length < 1 || length > most || end() > table.size()) {
        throw wrong("has an entry of %d bytes at %d".formatted(length, offset));
      }
      return this;
    }

    long end() {
      return offset + length;
    }

    ByteString of(ByteString table) {
      return table.substring((int) offset, (int) end());
    }
  }

  /** One within another, or within the head, is nothing that a host makes. */
  private static void requireApart(Part head, List<Part> certificates, List<Part> lists) {
    List<Part> parts = new ArrayList<>(certificates);
    parts.addAll(lists);
    parts.sort(Comparator.comparingLong(Part::offset));
    long end = head.end();
    for (Part part : parts) {
      if (part.offset() < end) {
        throw wrong("has an entry at %d, within another or the head".formatted(part.offset()));
      }
      end = part.end();
    }
  }

  private static ByteString guid(String hex) {
    return ByteString.copyFrom(HexFormat.of().parseHex(hex));
  }

  private static RefusedException wrong(String problem) {
    return new RefusedException(
        Reason.INVALID_EVIDENCE, "the host's table of certificates " + problem);
  }
}
