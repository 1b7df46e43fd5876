/**
 * The one link out: frames to and from the host, and what the host relays. Generated message types
 * end here.
 */
@NullMarked
package io.parley.shim.host;

import org.jspecify.annotations.NullMarked;
