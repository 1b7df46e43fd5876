/** What parties want of hardware: one policy per kind, as text, as signed bytes, as values. */
@NullMarked
package io.parley.agreement.platform;

import org.jspecify.annotations.NullMarked;
