/** The verification gate: what is registered, ordered and claimed; as records and exact bytes. */
@NullMarked
package io.parley.gate;

import org.jspecify.annotations.NullMarked;
