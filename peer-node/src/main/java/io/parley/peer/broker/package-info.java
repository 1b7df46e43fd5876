/** Whether the broker runs where an agreement demands it: asked, judged, remembered for a while. */
@NullMarked
package io.parley.peer.broker;

import org.jspecify.annotations.NullMarked;
