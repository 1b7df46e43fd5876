package io.parley.peer.tpm;

import io.parley.evidence.MeasuredEvent;
import io.parley.wire.Digest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The log of a TPM that lives no longer than one enclave. Thread-safe. */
final class MemoryLog implements EventLog {
  private final List<MeasuredEvent> events = new ArrayList<>();

  @Override
  public synchronized void extend(TpmClient tpm, MeasuredEvent event) throws IOException {
    tpm.extend(event.pcr(), new Digest(event.digest()));
    events.add(event);
  }

  @Override
  public synchronized void check(TpmClient tpm) throws IOException {
    Quoted.requireReplay(events, tpm.pcrs(MeasuredEvent.PCRS));
  }

  @Override
  public synchronized List<MeasuredEvent> events() {
    return List.copyOf(events);
  }

  @Override
  public synchronized <T> T exclusively(Work<T> work) throws IOException {
    return work.run();
  }
}
