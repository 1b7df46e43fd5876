/** The party's own rows: read from CSV or Parquet, checked, kept as Arrow files. */
@NullMarked
package io.parley.peer.datasets;

import org.jspecify.annotations.NullMarked;
