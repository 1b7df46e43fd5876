/** Evidence of the broker's own: what it shows to parties that want to know where it runs. */
@NullMarked
package io.parley.broker.attest;

import org.jspecify.annotations.NullMarked;
