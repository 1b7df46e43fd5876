/**
 * What owners allow, held against a query: DuckDB's own parse tree in, a verdict and the query to
 * run out. Nothing here knows rows, files or the network.
 *
 * <p>What runs is never the text that came. The tree is read into {@link io.parley.rules.Plan},
 * which can only say what is understood here, and SQL is written from that with every name
 * qualified and every constant typed. What has no place in a plan is refused.
 */
@NullMarked
package io.parley.rules;

import org.jspecify.annotations.NullMarked;
