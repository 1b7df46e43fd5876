/** Starting our other processes: from the distribution, and never outliving us. */
@NullMarked
package io.parley.peer.cli.process;

import org.jspecify.annotations.NullMarked;
