/** The broker's services; the edge where generated messages stop. */
@NullMarked
package io.parley.broker.grpc;

import org.jspecify.annotations.NullMarked;
