/** Joint SQL: one SELECT over the datasets of a job, by DuckDB, shut off from everything else. */
@NullMarked
package io.parley.apps.sql;

import org.jspecify.annotations.NullMarked;
