/** A fake enclave, a fake broker and whole nodes in one JVM, for tests. */
@NullMarked
package io.parley.peer.testing;

import org.jspecify.annotations.NullMarked;
