package io.parley.peer.cli;

import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A verification set of a rehearsal: {@code PARTY=FOLDER}, or {@code PARTY:STEP=FOLDER}.
 *
 * @param step of the agreement's chain; empty: its one app
 */
record GateData(String party, String step, Path folder) {
  private static final Pattern FORM = Pattern.compile("([^:=]+)(?::([^:=]+))?=(.+)");

  static final class Converter implements ITypeConverter<GateData> {
    @Override
    public GateData convert(String text) {
      Matcher parts = FORM.matcher(text);
      if (!parts.matches()) {
        throw new TypeConversionException(
            "'%s' is not PARTY=FOLDER or PARTY:STEP=FOLDER, for example hospital=gates/small"
                .formatted(text));
      }
      return new GateData(
          parts.group(1), parts.group(2) == null ? "" : parts.group(2), Path.of(parts.group(3)));
    }
  }
}
