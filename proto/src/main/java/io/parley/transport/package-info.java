/** Channels between hosts: mutual TLS pinned to the membership list, callers, errors. */
@NullMarked
package io.parley.transport;

import org.jspecify.annotations.NullMarked;
