package io.parley.evidence.tsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SnpCertificateTableTest {
  private static final String VCEK = "63da758de6644564adc5f4b93be8accd";
  private static final String ASK = "4ab7b379bbac4fe4a02f05aef327c782";
  private static final String ARK = "c0b406a4a803495297433fb6014cd0ae";
  private static final String LIST = "92f81bc358114d3d97ffd19f88dc67ea";
  private static final String OTHER = "00000000000000000000000000000001";
  private static final String END = "00000000000000000000000000000000";

  private record Entry(String guid, long offset, long length) {}

  private static ByteString table(int size, Entry... entries) {
    ByteBuffer table = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 0; at < size; at++) {
      table.put(at, (byte) at);
    }
    for (Entry entry : entries) {
      table.put(HexFormat.of().parseHex(entry.guid()));
      table.putInt((int) entry.offset()).putInt((int) entry.length());
    }
    return ByteString.copyFrom(table.array());
  }

  @Test
  void certificatesAndListsByTheirKind() {
    ByteString table =
        table(
            200,
            new Entry(ARK, 150, 2),
            new Entry(OTHER, 9_999, 9_999),
            new Entry(LIST, 160, 3),
            new Entry(VCEK, 170, 1),
            new Entry(ASK, 198, 2),
            new Entry(END, 0, 0));
    assertThat(SnpCertificateTable.parse(table))
        .isEqualTo(
            new SnpCertificateTable(
                List.of(bytes(150, 151), bytes(170), bytes(198, 199)),
                List.of(bytes(160, 161, 162))));
  }

  private static ByteString bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return ByteString.copyFrom(bytes);
  }

  @Test
  void aHostThatGivesNoneHasAnEmptyTable() {
    SnpCertificateTable nothing = new SnpCertificateTable(List.of(), List.of());
    assertThat(SnpCertificateTable.parse(ByteString.EMPTY)).isEqualTo(nothing);
    assertThat(SnpCertificateTable.parse(ByteString.copyFrom(new byte[4096]))).isEqualTo(nothing);
  }

  @Test
  void whatIsOutOfBoundsIsRefused() {
    Entry end = new Entry(END, 0, 0);
    refused(table(100, new Entry(VCEK, 99, 2), end));
    refused(table(100, new Entry(VCEK, 0, 0), end));
    refused(table(100, new Entry(VCEK, 0xffff_fff0L, 0x20), end));
    refused(table(100, new Entry(VCEK, 0, 0xffff_ffffL), end));
    refused(table(40_000, new Entry(VCEK, 100, 20_000), end));
    refused(table(24, new Entry(OTHER, 0, 0)));
    refused(table(30, new Entry(OTHER, 0, 0)));
    refused(ByteString.copyFrom(new byte[] {1, 2, 3}));
  }

  @Test
  void whatIsWithinAnotherOrTheHeadIsRefused() {
    Entry end = new Entry(END, 0, 0);
    refused(table(200, new Entry(VCEK, 0, 20), end));
    refused(table(200, new Entry(VCEK, 47, 20), end));
    refused(table(200, new Entry(VCEK, 100, 20), new Entry(ASK, 100, 20), end));
    refused(table(200, new Entry(VCEK, 100, 20), new Entry(ASK, 119, 20), end));
    refused(table(200, new Entry(VCEK, 100, 50), new Entry(LIST, 110, 5), end));
    ByteString close = table(200, new Entry(VCEK, 120, 20), new Entry(ASK, 72, 48), end);
    assertThat(SnpCertificateTable.parse(close).certificates()).hasSize(2);
  }

  @Test
  void moreEntriesThanAnyHostMakesAreRefused() {
    Entry[] entries = new Entry[17];
    java.util.Arrays.fill(entries, new Entry(OTHER, 0, 0));
    entries[16] = new Entry(END, 0, 0);
    assertThat(SnpCertificateTable.parse(table(4096, entries)).certificates()).isEmpty();
    entries[16] = new Entry(OTHER, 0, 0);
    refused(table(4096, entries));
    Entry[] many = new Entry[100_000];
    java.util.Arrays.fill(many, new Entry(VCEK, 2_400_000, 1));
    refused(table(2_400_001, many));
  }

  @Test
  void knowsATableByTheKindsInIt() {
    Entry end = new Entry(END, 0, 0);
    assertThat(SnpCertificateTable.isOne(table(99, new Entry(ARK, 90, 1), end))).isTrue();
    assertThat(
            SnpCertificateTable.isOne(
                table(99, new Entry(OTHER, 0, 0), new Entry(LIST, 90, 1), end)))
        .isTrue();
    assertThat(SnpCertificateTable.isOne(table(99, new Entry(OTHER, 0, 0), end))).isFalse();
    assertThat(SnpCertificateTable.isOne(table(99, end, new Entry(ARK, 90, 1)))).isFalse();
    assertThat(SnpCertificateTable.isOne(ByteString.EMPTY)).isFalse();
    ByteString cut = table(24, new Entry(VCEK, 90, 1));
    for (int size = 0; size < cut.size(); size++) {
      assertThat(SnpCertificateTable.isOne(cut.substring(0, size))).isEqualTo(size >= 16);
    }
  }

  @Test
  void noNoiseGivesAnythingButATableOrARefusal() {
    Random random = new Random(7);
    ByteString good = table(200, new Entry(VCEK, 150, 20), new Entry(END, 0, 0));
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = good.substring(0, random.nextInt(good.size() + 1)).toByteArray();
      if (bytes.length > 0) {
        bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
      }
      try {
        SnpCertificateTable read = SnpCertificateTable.parse(ByteString.copyFrom(bytes));
        assertThat(read.certificates().size()).isLessThanOrEqualTo(1);
      } catch (RefusedException e) {
        assertThat(e.reason()).isEqualTo(Reason.INVALID_EVIDENCE);
      }
    }
  }

  private static void refused(ByteString table) {
    assertThatThrownBy(() -> SnpCertificateTable.parse(table))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_EVIDENCE));
  }
}
