/** The broker's database: one writer, durable before it answers. */
@NullMarked
package io.parley.broker.store;

import org.jspecify.annotations.NullMarked;
