/** The walk from evidence to sealed keys, and from a job's report to its receipt. */
@NullMarked
package io.parley.broker.release;

import org.jspecify.annotations.NullMarked;
