package io.parley.evidence;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Documents in form; nothing in them is signed by anybody. */
final class DocumentSamples {
  static final LaunchStatement LAUNCH =
      new LaunchStatement(
          ReportData.of(ClaimsTest.CLAIMS.encode()), Digest.of(new byte[] {4}), "bwrap");

  private DocumentSamples() {}

  static HardwareDocument hardware() {
    return new HardwareDocument(
        LAUNCH, bytes(1184, 1), List.of(bytes(900, 2), bytes(1100, 3)), List.of(bytes(600, 4)));
  }

  static TpmDocument tpm(TpmDocument.Credential credential) {
    List<MeasuredEvent> events =
        List.of(MeasuredEvent.ofShim(LAUNCH.shim(), "bwrap"), MeasuredEvent.ofApp(null));
    TreeMap<Integer, ByteString> pcrs = new TreeMap<>(Map.of(0, bytes(32, 9)));
    pcrs.putAll(MeasuredEvent.replay(events));
    return new TpmDocument(
        LAUNCH, bytes(90, 5), bytes(129, 6), bytes(72, 7), pcrs, events, credential);
  }

  static TpmDocument.Credential answer() {
    return new TpmDocument.Credential.Answer(bytes(32, 8), bytes(32, 9));
  }

  static ByteString bytes(int size, int value) {
    byte[] bytes = new byte[size];
    java.util.Arrays.fill(bytes, (byte) value);
    return ByteString.copyFrom(bytes);
  }
}
