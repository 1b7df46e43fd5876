/** Jobs, counted against their agreement, and the receipts of those that finished. */
@NullMarked
package io.parley.broker.jobs;

import org.jspecify.annotations.NullMarked;
