/**
 * Asking again: what an answer would tell beside the answers that were given before, and the record
 * of it at the broker. The app says whose rows are in its groups; here they become sketches, which
 * tell how many identities two groups differ by when they are few, and nothing else.
 */
@NullMarked
package io.parley.shim.answers;

import org.jspecify.annotations.NullMarked;
