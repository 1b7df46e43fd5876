/** What parties signed, and whether it is in force. */
@NullMarked
package io.parley.broker.agreements;

import org.jspecify.annotations.NullMarked;
