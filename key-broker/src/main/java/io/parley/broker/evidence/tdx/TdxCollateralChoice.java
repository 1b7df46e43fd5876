package io.parley.broker.evidence.tdx;

import io.parley.broker.evidence.trust.Hex;
import io.parley.broker.evidence.trust.RevocationLists;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Which of several of Intel's answers are about a quote's machine: the newest of each, so that
 * whoever sends an older one hides nothing that a newer one says. Stateless.
 */
public final class TdxCollateralChoice {
  private TdxCollateralChoice() {}

  /**
   * Chooses; what is chosen is still to be checked.
   *
   * @param chain of the machine's PCK
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE when an answer, or the machine's
   *     certificate, lacks what Intel puts in
   */
  public static TdxCollateral of(
      List<X509Certificate> chain,
      List<TdxCollateral> answers,
      List<X509Certificate> certificates,
      RevocationLists lists) {
    if (chain.isEmpty()) {
      return TdxCollateral.NONE;
    }
    String fmspc = Hex.of(PckCertificate.of(chain.getFirst()).fmspc());
    RevocationLists all = lists;
    List<X509Certificate> signers = new ArrayList<>(certificates);
    for (TdxCollateral answer : answers) {
      all = all.and(answer.lists());
      signers.addAll(answer.certificates());
    }
    return new TdxCollateral(
        newest(answers, TdxCollateral::tcbInfo, json -> isFor(json, fmspc)),
        newest(answers, TdxCollateral::qeIdentity, json -> is(json, "id", "TD_QE")),
        signers,
        all);
  }

  private static boolean isFor(SignedJson tcbInfo, String fmspc) {
    return is(tcbInfo, "id", "TDX") && is(tcbInfo, "fmspc", fmspc);
  }

  private static boolean is(SignedJson json, String key, String value) {
    return json.content().path(key).asText("").equalsIgnoreCase(value);
  }

  private static @Nullable SignedJson newest(
      List<TdxCollateral> answers,
      Function<TdxCollateral, @Nullable SignedJson> part,
      Predicate<SignedJson> wanted) {
    Optional<SignedJson> newest =
        answers.stream()
            .map(part)
            .filter(Objects::nonNull)
            .filter(wanted)
            .max(
                Comparator.comparing(
                    json -> SignedJson.time(json.what(), json.content(), "issueDate")));
    return newest.orElse(null);
  }
}
