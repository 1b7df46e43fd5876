/** Do we want what verified evidence says? Challenges, reference values, the decision. */
@NullMarked
package io.parley.broker.policy;

import org.jspecify.annotations.NullMarked;
