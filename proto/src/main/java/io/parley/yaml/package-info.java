/**
 * YAML that people write, read strictly: everything that is wrong is told at once, with file, line
 * and column, and what was probably meant.
 */
@NullMarked
package io.parley.yaml;

import org.jspecify.annotations.NullMarked;
