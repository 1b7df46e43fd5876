/** What parties sign: the agreement, its text and byte forms, its signatures, and one run of it. */
@NullMarked
package io.parley.agreement;

import org.jspecify.annotations.NullMarked;
