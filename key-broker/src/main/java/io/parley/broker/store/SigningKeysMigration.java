package io.parley.broker.store;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.agreement.AgreementCodec;
import io.parley.agreement.Party;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.flywaydb.core.api.MigrationVersion;
import org.flywaydb.core.api.migration.Context;
import org.flywaydb.core.api.migration.JavaMigration;

/** Fills in, for agreements of earlier versions, what V2 has made room for. */
final class SigningKeysMigration implements JavaMigration {
  @Override
  public MigrationVersion getVersion() {
    return MigrationVersion.fromVersion("3");
  }

  @Override
  public String getDescription() {
    return "signing keys of parties";
  }

  @Override
  public Integer getChecksum() {
    return 1;
  }

  @Override
  public boolean canExecuteInTransaction() {
    return true;
  }

  @Override
  public void migrate(Context context) throws SQLException {
    try (PreparedStatement select =
            context.getConnection().prepareStatement("SELECT sha256, payload FROM agreement");
        PreparedStatement key =
            context
                .getConnection()
                .prepareStatement(
                    "UPDATE agreement_party SET signing_key = ? WHERE agreement = ? AND party = ?");
        PreparedStatement end =
            context
                .getConnection()
                .prepareStatement("UPDATE agreement SET expires_at = ? WHERE sha256 = ?");
        ResultSet rows = select.executeQuery()) {
      while (rows.next()) {
        byte[] digest = rows.getBytes("sha256");
        Agreement agreement = AgreementCodec.decode(ByteString.copyFrom(rows.getBytes("payload")));
        end.setLong(1, agreement.expires().toEpochMilli());
        end.setBytes(2, digest);
        end.executeUpdate();
        for (Party party : agreement.parties()) {
          key.setBytes(1, Columns.of(party.signingKey().digest()));
          key.setBytes(2, digest);
          key.setString(3, party.name());
          key.executeUpdate();
        }
      }
    }
  }
}
