/** Lets results out: output rules, sealing, the report and its receipt. */
@NullMarked
package io.parley.shim.release;

import org.jspecify.annotations.NullMarked;
