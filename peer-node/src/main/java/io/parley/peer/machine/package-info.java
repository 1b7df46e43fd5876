/** What this machine lends to a node: programs, an unprivileged user, private folders. */
@NullMarked
package io.parley.peer.machine;

import org.jspecify.annotations.NullMarked;
