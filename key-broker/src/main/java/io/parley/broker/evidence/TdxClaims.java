package io.parley.broker.evidence;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.trust.Hex;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What an Intel TDX machine vouches for.
 *
 * @param debug whether the host may read and write the guest's memory
 * @param migratable whether another TD may be given its memory, on another machine too
 * @param fmspc which kind of platform it is
 * @param tcb how new it is, as Intel's collateral has it
 * @param body what the quote says of the guest
 */
public record TdxClaims(
    int quoteVersion,
    boolean debug,
    boolean migratable,
    ByteString fmspc,
    Tcb tcb,
    Body body,
    Revocation revocation)
    implements PlatformClaims {
  /** Kind of evidence, as an agreement names it. */
  public static final String KIND = "tdx";

  /**
   * How new a platform is.
   *
   * @param date of the level that it has reached; empty where not checked
   * @param evaluation number of Intel's evaluation data; 0 where not checked
   * @param advisories Intel's, that still concern it
   */
  public record Tcb(TcbStatus status, String date, int evaluation, SortedSet<String> advisories) {
    public Tcb {
      advisories = Collections.unmodifiableSortedSet(new TreeSet<>(advisories));
    }

    Map<String, Object> fields() {
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("tcb_status", status.text());
      fields.put("tcb_date", date);
      fields.put("tcb_evaluation", evaluation);
      fields.put("advisories", List.copyOf(advisories));
      return fields;
    }
  }

  /**
   * The TD report: names are those of Intel's TDX module specification.
   *
   * @param mrServiceTd the service TDs that it is bound to; empty in a TD report 1.0, which cannot
   *     tell
   */
  public record Body(
      ByteString teeTcbSvn,
      ByteString mrSeam,
      ByteString mrSignerSeam,
      ByteString seamAttributes,
      ByteString tdAttributes,
      ByteString xfam,
      ByteString mrTd,
      ByteString mrConfigId,
      ByteString mrOwner,
      ByteString mrOwnerConfig,
      List<ByteString> rtmrs,
      ByteString reportData,
      ByteString mrServiceTd) {
    public Body {
      rtmrs = List.copyOf(rtmrs);
    }
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("quote_version", quoteVersion);
    fields.put("debug", debug);
    fields.put("migratable", migratable);
    fields.put("fmspc", Hex.of(fmspc));
    fields.putAll(tcb.fields());
    fields.put("tee_tcb_svn", Hex.of(body.teeTcbSvn()));
    fields.put("mr_seam", Hex.of(body.mrSeam()));
    fields.put("mr_signer_seam", Hex.of(body.mrSignerSeam()));
    fields.put("seam_attributes", Hex.of(body.seamAttributes()));
    fields.put("td_attributes", Hex.of(body.tdAttributes()));
    fields.put("xfam", Hex.of(body.xfam()));
    fields.put("mr_td", Hex.of(body.mrTd()));
    fields.put("mr_config_id", Hex.of(body.mrConfigId()));
    fields.put("mr_owner", Hex.of(body.mrOwner()));
    fields.put("mr_owner_config", Hex.of(body.mrOwnerConfig()));
    List<Object> registers = new ArrayList<>();
    body.rtmrs().forEach(register -> registers.add(Hex.of(register)));
    fields.put("rtmrs", registers);
    fields.put("report_data", Hex.of(body.reportData()));
    if (!body.mrServiceTd().isEmpty()) {
      fields.put("mr_service_td", Hex.of(body.mrServiceTd()));
    }
    fields.put("revocation", revocation.name());
    return fields;
  }
}
