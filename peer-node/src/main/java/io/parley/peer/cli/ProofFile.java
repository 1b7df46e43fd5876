package io.parley.peer.cli;

import com.google.protobuf.ByteString;
import io.parley.tlog.InclusionProof;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.ArrayList;
import java.util.List;

/** A file of C2SP tlog-proofs, one after the other. */
final class ProofFile {
  private ProofFile() {}

  /**
   * The proofs in it, at least one; none is checked yet.
   *
   * @throws RefusedException INVALID_PROOF
   */
  static List<InclusionProof> split(ByteString file) {
    String text = file.toStringUtf8();
    String first = InclusionProof.FIRST_LINE + "\n";
    if (!text.startsWith(first)) {
      throw new RefusedException(
          Reason.INVALID_PROOF,
          "this is no file of proofs: it does not begin with '%s'"
              .formatted(InclusionProof.FIRST_LINE));
    }
    List<InclusionProof> proofs = new ArrayList<>();
    int start = 0;
    while (start < text.length()) {
      // Base64 and signature lines never are that line.
      int next = text.indexOf("\n" + first, start);
      int end = next < 0 ? text.length() : next + 1;
      proofs.add(InclusionProof.parse(ByteString.copyFromUtf8(text.substring(start, end))));
      start = end;
    }
    return proofs;
  }
}
