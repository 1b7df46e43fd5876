package io.parley.broker.evidence.trust;

import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A stretch of time, both ends included; of none when the second is before the first.
 *
 * @param from the first instant
 * @param to the last one
 */
public record Validity(Instant from, Instant to) {
  /** All of it. */
  public static final Validity ALWAYS = new Validity(Instant.MIN, Instant.MAX);

  private static final Validity NEVER = new Validity(Instant.MAX, Instant.MIN);

  /** The time in which this certificate is valid. */
  static Validity of(X509Certificate certificate) {
    return new Validity(
        certificate.getNotBefore().toInstant(), certificate.getNotAfter().toInstant());
  }

  /** The time in which this list is current; one that names no end never is. */
  static Validity of(X509CRL list) {
    @Nullable Date next = list.getNextUpdate();
    return next == null ? NEVER : new Validity(list.getThisUpdate().toInstant(), next.toInstant());
  }

  /** The time in which all of these certificates are valid. */
  public static Validity ofAll(List<X509Certificate> certificates) {
    Validity all = ALWAYS;
    for (X509Certificate each : certificates) {
      all = all.and(of(each));
    }
    return all;
  }

  /** The time in which all of these lists are current. */
  static Validity ofLists(List<X509CRL> lists) {
    Validity all = ALWAYS;
    for (X509CRL each : lists) {
      all = all.and(of(each));
    }
    return all;
  }

  /** The time that both have. */
  public Validity and(Validity other) {
    return new Validity(
        from.isAfter(other.from) ? from : other.from, to.isBefore(other.to) ? to : other.to);
  }

  /** Whether this instant is in it. */
  public boolean contains(Instant at) {
    return !at.isBefore(from) && !at.isAfter(to);
  }
}
