/**
 * Descriptors, sockets and the framed link between a host and its enclave, by plain system calls.
 */
@NullMarked
package io.parley.link;

import org.jspecify.annotations.NullMarked;
