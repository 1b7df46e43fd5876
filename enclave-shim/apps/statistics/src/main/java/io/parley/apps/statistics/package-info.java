/** Descriptive statistics over columns of several parties, without a line of SQL. */
@NullMarked
package io.parley.apps.statistics;

import org.jspecify.annotations.NullMarked;
