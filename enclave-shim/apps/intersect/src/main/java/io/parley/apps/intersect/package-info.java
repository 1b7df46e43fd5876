/** Private set intersection over the key columns of several parties. */
@NullMarked
package io.parley.apps.intersect;

import org.jspecify.annotations.NullMarked;
