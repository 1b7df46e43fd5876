package io.parley.peer.tpm;

import com.google.protobuf.ByteString;
import io.parley.evidence.MeasuredEvent;
import io.parley.peer.tpm.TpmClient.Loaded;
import io.parley.peer.tpm.TpmClient.Quote;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A quote, the values that it is over, and how those of shims and apps came about: three things
 * that fit together.
 */
record Quoted(Quote quote, SortedMap<Integer, Digest> pcrs, List<MeasuredEvent> events) {
  /** Somebody may extend a register between reading and quoting; not for ever. */
  private static final int TRIES_MAX = 4;

  /**
   * Asks for it.
   *
   * @param wanted registers, beside those of shims and apps
   * @throws EnvironmentException PLATFORM_UNAVAILABLE when the registers do not hold what the log
   *     says
   */
  static Quoted of(
      TpmClient tpm, Loaded key, EventLog log, ByteString extraData, SortedSet<Integer> wanted)
      throws IOException {
    SortedSet<Integer> all = new TreeSet<>(wanted);
    all.addAll(MeasuredEvent.PCRS);
    return log.exclusively(() -> {
      for (int i = 0; i < TRIES_MAX; i++) {
        SortedMap<Integer, Digest> pcrs = tpm.pcrs(all);
        Quote quote = tpm.quote(key, extraData, all);
        if (QuoteCheck.isOver(quote.attest(), extraData, pcrs)) {
          requireReplay(log.events(), pcrs);
          return new Quoted(quote, pcrs, log.events());
        }
      }
      throw new EnvironmentException(
          Reason.PLATFORM_UNAVAILABLE,
          "somebody else keeps extending the TPM's registers %s; quoted %d times in vain"
              .formatted(all, TRIES_MAX));
    });
  }

  /** The values of the registers, by index. */
  SortedMap<Integer, ByteString> values() {
    SortedMap<Integer, ByteString> values = new TreeMap<>();
    pcrs.forEach((index, value) -> values.put(index, value.value()));
    return values;
  }

  /** That these events explain what the registers of shims and apps hold. */
  static void requireReplay(List<MeasuredEvent> events, SortedMap<Integer, Digest> pcrs) {
    SortedMap<Integer, ByteString> replayed = MeasuredEvent.replay(events);
    for (Map.Entry<Integer, ByteString> expected : replayed.entrySet()) {
      Digest seen = pcrs.get(expected.getKey());
      if (seen == null || !seen.value().equals(expected.getValue())) {
        throw new EnvironmentException(
            Reason.PLATFORM_UNAVAILABLE,
            "PCR %d holds something else than this node measured into it; somebody else uses it. The registers %s are for this node alone; they are zero again after a reboot"
                .formatted(expected.getKey(), MeasuredEvent.PCRS),
            Map.of("pcr", Integer.toString(expected.getKey())));
      }
    }
  }
}
