/** The master secret, key-encryption keys and data keys at rest. */
@NullMarked
package io.parley.broker.keys;

import org.jspecify.annotations.NullMarked;
