/** Is evidence well formed, and did its platform sign it? Each answer is a type of its own. */
@NullMarked
package io.parley.broker.evidence;

import org.jspecify.annotations.NullMarked;
