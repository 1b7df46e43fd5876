/** The walls of the house, held up by tests. */
@NullMarked
package io.parley.house;

import org.jspecify.annotations.NullMarked;
