package io.parley.broker.evidence.tdx;

import static io.parley.broker.evidence.NotGenuineException.requireEqual;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import io.parley.broker.evidence.NotGenuineException;
import io.parley.broker.evidence.TcbStatus;
import io.parley.broker.evidence.TdxClaims.Body;
import io.parley.broker.evidence.TdxClaims.Tcb;
import io.parley.broker.evidence.tdx.TcbLevels.Level;
import io.parley.broker.evidence.trust.Hex;
import io.parley.broker.evidence.trust.Octets;
import io.parley.wire.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/** Intel's TCB info for one kind of platform, version 3; its signature is checked elsewhere. */
final class TcbInfo {
  private static final String WHAT = "TCB info";
  private static final int VERSION = 3;
  private static final int BYTE_MASK = 0xff;

  /** Of the TDX module's own two versions, which a module identity is about. */
  private static final int MODULE_SVNS = 2;

  private final JsonNode content;

  TcbInfo(SignedJson json) {
    this.content = json.content();
  }

  /** Which level the platform has reached, its TDX module included where a TD is quoted. */
  Tcb level(PckCertificate pck, IntelQuote quote) throws NotGenuineException {
    requireEqual(
        Reason.EVIDENCE_COLLATERAL_WRONG,
        "tcb_info.id",
        "the TCB info is not one of version %d for %s".formatted(VERSION, quote.tee()),
        quote.tee().tcbInfo() + " " + VERSION,
        SignedJson.text(WHAT, content, "id") + " " + SignedJson.number(WHAT, content, "version"));
    requireEqual(
        Reason.EVIDENCE_COLLATERAL_WRONG,
        "tcb_info.fmspc",
        "the TCB info is that of another kind of platform",
        Hex.of(pck.fmspc()) + " " + Hex.of(pck.pceId()),
        Hex.of(SignedJson.hex(WHAT, content, "fmspc"))
            + " "
            + Hex.of(SignedJson.hex(WHAT, content, "pceId")));
    Level platform =
        new TcbLevels(WHAT, content)
            .first(tcb ->
                reached(tcb, pck) && (!(quote instanceof TdxQuote td) || reached(tcb, td.body())))
            .orElseThrow(() ->
                new NotGenuineException(
                    Reason.EVIDENCE_TCB_WRONG,
                    "tcb_level",
                    "the platform has not reached any level that Intel names; update it",
                    "one of Intel's levels",
                    "sgx %s, pce %d%s"
                        .formatted(
                            pck.componentSvns(),
                            pck.pceSvn(),
                            quote instanceof TdxQuote td
                                ? ", tdx " + Hex.of(td.body().teeTcbSvn())
                                : "")));
    TreeSet<String> advisories = new TreeSet<>(platform.advisories());
    TcbStatus status = platform.status();
    Optional<Level> module = quote instanceof TdxQuote td ? module(td.body()) : Optional.empty();
    if (module.isPresent()) {
      status = status.with(module.get().status());
      advisories.addAll(module.get().advisories());
    }
    return new Tcb(
        status,
        platform.date(),
        SignedJson.number(WHAT, content, "tcbEvaluationDataNumber"),
        advisories);
  }

  private static boolean reached(JsonNode tcb, PckCertificate pck) {
    List<Integer> sgx = svns(tcb, "sgxtcbcomponents");
    boolean all = pck.pceSvn() >= SignedJson.number(WHAT, tcb, "pcesvn");
    for (int i = 0; i < PckCertificate.COMPONENTS; i++) {
      all &= pck.componentSvns().get(i) >= sgx.get(i);
    }
    return all;
  }

  private static boolean reached(JsonNode tcb, Body body) {
    List<Integer> tdx = svns(tcb, "tdxtcbcomponents");
    boolean all = true;
    // Modules with an identity of their own are judged by that.
    for (int i = moduleVersion(body) > 0 ? MODULE_SVNS : 0; i < PckCertificate.COMPONENTS; i++) {
      all &= svn(body, i) >= tdx.get(i);
    }
    return all;
  }

  private static List<Integer> svns(JsonNode tcb, String key) {
    JsonNode components = SignedJson.list(WHAT, tcb, key);
    if (components.size() != PckCertificate.COMPONENTS) {
      throw Octets.malformed(WHAT, key, "are not %d".formatted(PckCertificate.COMPONENTS));
    }
    List<Integer> svns = new ArrayList<>();
    components.forEach(component -> svns.add(SignedJson.number(WHAT, component, "svn")));
    return svns;
  }

  /** Empty for modules of version 0, which the platform's level covers. */
  private Optional<Level> module(Body body) throws NotGenuineException {
    int version = moduleVersion(body);
    if (version == 0) {
      checkSigner(content.path("tdxModule"), body);
      return Optional.empty();
    }
    String id = "TDX_%02X".formatted(version);
    for (JsonNode identity : content.path("tdxModuleIdentities")) {
      if (SignedJson.text(WHAT, identity, "id").equals(id)) {
        checkSigner(identity, body);
        return Optional.of(
            new TcbLevels(WHAT, identity).bySvn(svn(body, 0)).orElseThrow(() -> unknown(id, body)));
      }
    }
    throw unknown(id, body);
  }

  private static void checkSigner(JsonNode identity, Body body) throws NotGenuineException {
    ByteString mask = SignedJson.hex(WHAT, identity, "attributesMask");
    requireEqual(
        Reason.EVIDENCE_PLATFORM_WRONG,
        "mr_signer_seam",
        "the TDX module is not Intel's, or has other attributes",
        Hex.of(SignedJson.hex(WHAT, identity, "mrsigner"))
            + " "
            + Hex.of(SignedJson.hex(WHAT, identity, "attributes")),
        Hex.of(body.mrSignerSeam()) + " " + Hex.of(Masks.and(body.seamAttributes(), mask)));
  }

  private static NotGenuineException unknown(String id, Body body) {
    return new NotGenuineException(
        Reason.EVIDENCE_TCB_WRONG,
        "tdx_module",
        "Intel's collateral does not know this TDX module",
        "a module that is named there",
        id + ", svn " + svn(body, 0));
  }

  private static int moduleVersion(Body body) {
    return svn(body, 1);
  }

  private static int svn(Body body, int index) {
    return body.teeTcbSvn().byteAt(index) & BYTE_MASK;
  }
}
