/** How secrets are held, handed over (HPKE), and used to seal records and results. */
@NullMarked
package io.parley.seal;

import org.jspecify.annotations.NullMarked;
