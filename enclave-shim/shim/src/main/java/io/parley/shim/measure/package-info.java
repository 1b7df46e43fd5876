/** Measures the app: what is hashed is what runs. */
@NullMarked
package io.parley.shim.measure;

import org.jspecify.annotations.NullMarked;
