package io.parley.broker.keys;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.agreement.Dataset;
import io.parley.broker.store.Columns;
import io.parley.seal.Secret;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import java.security.SecureRandom;
import org.jdbi.v3.core.Handle;

/**
 * Data keys at rest: 32 random bytes each, stored wrapped only. Methods run within their caller's
 * transaction. Thread-safe.
 */
public final class DataKeys {
  /** Length of a data key. */
  static final int SIZE_BYTES = 32;

  private final KeyVault vault;
  private final SecureRandom random;

  public DataKeys(KeyVault vault, SecureRandom random) {
    this.vault = vault;
    this.random = random;
  }

  /** Makes the agreement's KEK and the first key of each dataset; answers with the KEK to store. */
  public ByteString createForAgreement(Handle write, Digest digest, Agreement agreement) {
    ByteString kek = vault.createKek(digest);
    for (Dataset dataset : agreement.datasets()) {
      create(write, kek, KeyName.dataset(digest, dataset.name()));
    }
    return kek;
  }

  /** Makes the key of a job's channels. */
  public void createForJob(Handle write, ByteString kek, Digest agreement, String jobId) {
    create(write, kek, KeyName.job(agreement, jobId));
  }

  /** The key itself; the caller closes it. */
  public Secret open(Handle read, ByteString kek, KeyName name) {
    ByteString wrapped =
        read.createQuery(
                """
                SELECT wrapped FROM data_key WHERE agreement = :agreement AND purpose = :purpose
                  AND name = :name AND epoch = :epoch
                """)
            .bind("agreement", Columns.of(name.agreement()))
            .bind("purpose", name.purpose().text())
            .bind("name", name.name())
            .bind("epoch", name.epoch())
            .map((row, context) -> Columns.bytes(row, "wrapped"))
            .findOne()
            .orElseThrow(() -> new BugException("there is no key " + name));
    return vault.unwrap(kek, name, wrapped);
  }

  private void create(Handle write, ByteString kek, KeyName name) {
    try (Secret key = Secret.random(SIZE_BYTES, random)) {
      write
          .createUpdate(
              """
              INSERT INTO data_key (agreement, purpose, name, epoch, wrapped)
              VALUES (:agreement, :purpose, :name, :epoch, :wrapped)
              """)
          .bind("agreement", Columns.of(name.agreement()))
          .bind("purpose", name.purpose().text())
          .bind("name", name.name())
          .bind("epoch", name.epoch())
          .bind("wrapped", vault.wrap(kek, name, key).toByteArray())
          .execute();
    }
  }
}
