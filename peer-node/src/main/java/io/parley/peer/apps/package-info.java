/** Apps as files: packed for the way between peers, kept under their digest. */
@NullMarked
package io.parley.peer.apps;

import org.jspecify.annotations.NullMarked;
