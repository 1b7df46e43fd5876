package io.parley.peer.datasets;

/**
 * What is wrong with a file, and where: inside this room only; {@link DatasetImport} turns it into
 * the error that travels. Values of the party's own rows may be in the message: it goes to the
 * party's own operator, who sent the file.
 */
final class DatasetProblem extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final long line;
  private final String column;

  /**
   * @param line from 1; 0 where lines mean nothing
   * @param column empty where the problem is not in one column
   */
  DatasetProblem(long line, String column, String message) {
    super(message);
    this.line = line;
    this.column = column;
  }

  long line() {
    return line;
  }

  String column() {
    return column;
  }
}
