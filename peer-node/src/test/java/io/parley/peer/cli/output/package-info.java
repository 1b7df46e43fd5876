/** Tests of the forms of answers. */
@NullMarked
package io.parley.peer.cli.output;

import org.jspecify.annotations.NullMarked;
