package io.parley.peer.datasets;

import io.parley.agreement.Column;
import java.nio.file.Path;
import java.util.List;

/** Lets a fuzz target into this room. */
public final class CsvFiles {
  private CsvFiles() {}

  /** Imports a file with the columns that fit; answers with those. */
  public static List<Column> infer(Path csv, Path arrow, Path folder) {
    return new DatasetImport(DatasetImport.Format.CSV, csv, "file.csv", folder)
        .into(arrow, List.of(), new byte[32])
        .columns();
  }
}
