package io.parley.peer.cli;

import io.parley.agreement.Agreement;
import io.parley.agreement.Party;
import io.parley.agreement.SignedAgreement;
import io.parley.wire.Digest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a revision changes, field by field: what somebody who signs it has to look at. */
final class AgreementChanges {
  private static final String NONE = "(nothing)";

  private AgreementChanges() {}

  /** One line for each field that differs, as {@code field: before -> after}. */
  static List<String> between(SignedAgreement before, SignedAgreement after) {
    Map<String, @Nullable Object> was = fields(before);
    Map<String, @Nullable Object> is = fields(after);
    Set<String> names = new LinkedHashSet<>(is.keySet());
    names.addAll(was.keySet());
    List<String> changes = new ArrayList<>();
    for (String name : names) {
      if (!Objects.equals(was.get(name), is.get(name))) {
        changes.add("%s: %s -> %s".formatted(name, text(was.get(name)), text(is.get(name))));
      }
    }
    return changes;
  }

  private static String text(@Nullable Object value) {
    return value == null ? NONE : value.toString();
  }

  private static Map<String, @Nullable Object> fields(SignedAgreement signed) {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>(AgreementViews.terms(signed));
    // Of the agreement as a whole, not of what it says.
    List.of("digest", "parent", "signed_by", "missing").forEach(fields::remove);
    Agreement agreement = signed.agreement();
    fields.put("receive keys", agreement.environment().hpke().toString());
    for (Party party : agreement.parties()) {
      fields.put(party.name() + " signs with", party.signingKey().digest().toString());
      fields.put(
          party.name() + " opens results with",
          party.resultKey().suite() + " " + Digest.of(party.resultKey().key()));
      fields.put(party.name() + " simulates with", party.simulatedPlatformKey().toString());
      fields.put(party.name() + " witnesses with", party.witnessKey().toString());
    }
    return fields;
  }
}
