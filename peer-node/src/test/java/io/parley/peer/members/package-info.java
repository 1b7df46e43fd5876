/** Tests of membership. */
@NullMarked
package io.parley.peer.members;

import org.jspecify.annotations.NullMarked;
