/** The membership list that callers are checked against. */
@NullMarked
package io.parley.broker.members;

import org.jspecify.annotations.NullMarked;
