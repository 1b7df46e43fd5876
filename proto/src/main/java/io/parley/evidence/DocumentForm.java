package io.parley.evidence;

import com.google.protobuf.ByteString;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.List;
import java.util.Map;

/** Sizes of a document's parts. Immutable. */
record DocumentForm(String what) {
  void size(String field, ByteString value, int least, int most) {
    if (value.size() < least || value.size() > most) {
      throw wrong(
          field,
          least == most
              ? "%d bytes long; expected %d".formatted(value.size(), least)
              : "%d bytes long; expected %d to %d".formatted(value.size(), least, most));
    }
  }

  void parts(String field, List<ByteString> parts, int most, int bytesMost) {
    count(field, parts.size(), most);
    parts.forEach(part -> size(field, part, 1, bytesMost));
  }

  void count(String field, int count, int most) {
    if (count > most) {
      throw wrong(field, "%d of them; at most %d are allowed".formatted(count, most));
    }
  }

  ByteString whole(ByteString document) {
    size("length", document, 1, Evidence.MAX_DOCUMENT_BYTES);
    return document;
  }

  RefusedException wrong(String field, String problem) {
    return new RefusedException(
        Reason.INVALID_EVIDENCE,
        "%s: %s: %s".formatted(what, field, problem),
        Map.of("field", field));
  }
}
