/** Joint least squares: one linear model over columns that different parties hold. */
@NullMarked
package io.parley.apps.regression;

import org.jspecify.annotations.NullMarked;
