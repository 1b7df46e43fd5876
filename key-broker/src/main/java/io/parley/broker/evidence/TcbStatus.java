package io.parley.broker.evidence;

import java.util.Optional;

/** How new a platform of Intel's is, in Intel's words. */
public enum TcbStatus {
  UP_TO_DATE("UpToDate"),
  SW_HARDENING_NEEDED("SWHardeningNeeded"),
  CONFIGURATION_NEEDED("ConfigurationNeeded"),
  CONFIGURATION_AND_SW_HARDENING_NEEDED("ConfigurationAndSWHardeningNeeded"),
  OUT_OF_DATE("OutOfDate"),
  OUT_OF_DATE_CONFIGURATION_NEEDED("OutOfDateConfigurationNeeded"),
  REVOKED("Revoked"),
  /** There was no collateral to tell; no policy can name this one. */
  NOT_CHECKED("NotChecked");

  private final String text;

  TcbStatus(String text) {
    this.text = text;
  }

  /** Intel's word. */
  public String text() {
    return text;
  }

  /** From Intel's word. */
  public static Optional<TcbStatus> parse(String text) {
    for (TcbStatus status : values()) {
      if (status != NOT_CHECKED && status.text.equals(text)) {
        return Optional.of(status);
      }
    }
    return Optional.empty();
  }

  /** Of a whole, of which a part (its module, its quoting enclave) has this status. */
  public TcbStatus with(TcbStatus part) {
    return switch (part) {
      case REVOKED -> REVOKED;
      case OUT_OF_DATE ->
          switch (this) {
            case UP_TO_DATE, SW_HARDENING_NEEDED -> OUT_OF_DATE;
            case CONFIGURATION_NEEDED, CONFIGURATION_AND_SW_HARDENING_NEEDED ->
                OUT_OF_DATE_CONFIGURATION_NEEDED;
            case OUT_OF_DATE, OUT_OF_DATE_CONFIGURATION_NEEDED, REVOKED, NOT_CHECKED -> this;
          };
      case UP_TO_DATE -> this;
      // Intel gives parts no other; a word that is new counts as the worst of the old.
      case SW_HARDENING_NEEDED,
          CONFIGURATION_NEEDED,
          CONFIGURATION_AND_SW_HARDENING_NEEDED,
          OUT_OF_DATE_CONFIGURATION_NEEDED,
          NOT_CHECKED ->
          this == REVOKED ? REVOKED : OUT_OF_DATE_CONFIGURATION_NEEDED;
    };
  }
}
