/** Who somebody is: keys, certificates, and the signed list of members that they are pinned to. */
@NullMarked
package io.parley.identity;

import org.jspecify.annotations.NullMarked;
