/** What the node remembers across restarts: jobs, results and datasets in SQLite. */
@NullMarked
package io.parley.peer.store;

import org.jspecify.annotations.NullMarked;
