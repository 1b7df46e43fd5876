package io.parley.demo;

import com.google.protobuf.ByteString;
import io.parley.agreement.DsseEnvelope;
import io.parley.identity.Membership;
import io.parley.identity.MembershipChain;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What stands in a party's home. */
final class Homes {
  private Homes() {}

  /** The newest membership list, checked from the first on. */
  static Membership membership(Path home) throws IOException {
    List<DsseEnvelope> chain = new ArrayList<>();
    try (var files = Files.list(home.resolve("consortium"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".dsse")).sorted().toList()) {
        chain.add(DsseEnvelope.decode(ByteString.copyFrom(Files.readAllBytes(file))));
      }
    }
    return MembershipChain.verify(chain).current();
  }
}
