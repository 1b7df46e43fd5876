package io.parley.peer.cli;

import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A dataset of a rehearsal: {@code PARTY:DATASET=FILE}. */
record DataFile(String party, String dataset, Path file) {
  private static final Pattern FORM = Pattern.compile("([^:=]+):([^:=]+)=(.+)");

  static final class Converter implements ITypeConverter<DataFile> {
    @Override
    public DataFile convert(String text) {
      Matcher parts = FORM.matcher(text);
      if (!parts.matches()) {
        throw new TypeConversionException(
            "'%s' is not PARTY:DATASET=FILE, for example hospital:admissions=admissions.csv"
                .formatted(text));
      }
      return new DataFile(parts.group(1), parts.group(2), Path.of(parts.group(3)));
    }
  }
}
