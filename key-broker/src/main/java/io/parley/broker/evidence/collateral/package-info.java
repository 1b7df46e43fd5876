/** What vendors publish about their machines, from a folder or with evidence. */
@NullMarked
package io.parley.broker.evidence.collateral;

import org.jspecify.annotations.NullMarked;
