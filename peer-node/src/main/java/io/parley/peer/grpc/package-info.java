/** The node's gRPC edge: services, roles, and the translation between messages and records. */
@NullMarked
package io.parley.peer.grpc;

import org.jspecify.annotations.NullMarked;
