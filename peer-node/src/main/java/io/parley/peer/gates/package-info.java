/** Verification sets as their owners keep them: a folder of tables, and what must come out. */
@NullMarked
package io.parley.peer.gates;

import org.jspecify.annotations.NullMarked;
