/** Byte streams between enclaves of two parties: handed sockets, or relayed by the hosts. */
@NullMarked
package io.parley.peer.relay;

import org.jspecify.annotations.NullMarked;
