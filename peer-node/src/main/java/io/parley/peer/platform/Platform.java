package io.parley.peer.platform;

/**
 * What vouches for the enclaves of one machine. Thread-safe. {@link #close} ends every launch that
 * is left, and leaves no process and no file behind.
 */
public interface Platform extends AutoCloseable {
  /** The kind of evidence, as agreements name it. */
  String kind();

  /** Whether it signs the digest of an enclave's app, so that the app must be measured first. */
  boolean measuresApps();

  /**
   * Measures what is about to be started. Must be called before any of it runs: a platform that
   * only ever adds to its measurements could otherwise be told so by what it should measure.
   *
   * @throws io.parley.wire.EnvironmentException PLATFORM_UNAVAILABLE with what to do
   */
  Launch measure(Measurement what);

  @Override
  void close();
}
