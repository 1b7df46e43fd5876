/** Records of the answers that enclaves gave, kept for those that answer next. */
@NullMarked
package io.parley.broker.answers;

import org.jspecify.annotations.NullMarked;
