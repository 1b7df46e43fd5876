/** Propensity score matching over columns that different parties hold. */
@NullMarked
package io.parley.apps.matching;

import org.jspecify.annotations.NullMarked;
