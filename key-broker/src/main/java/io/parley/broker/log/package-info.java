/**
 * The append-only log of decisions: a tree, its checkpoints, and the witnesses that cosign them.
 */
@NullMarked
package io.parley.broker.log;

import org.jspecify.annotations.NullMarked;
