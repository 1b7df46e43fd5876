/**
 * Enclaves inside a confidential VM: the server in there that starts them, and the launcher at the
 * peer node that reaches it over the network in place of a local socket.
 */
@NullMarked
package io.parley.peer.enclaves.remote;

import org.jspecify.annotations.NullMarked;
