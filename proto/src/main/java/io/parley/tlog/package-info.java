/**
 * What the broker's decision log and everybody who checks it have in common: the Merkle tree of RFC
 * 6962 and its proofs, and the text formats of C2SP (signed-note, tlog-checkpoint,
 * tlog-cosignature, tlog-tiles, tlog-proof). Knows no database and no network.
 */
@NullMarked
package io.parley.tlog;

import org.jspecify.annotations.NullMarked;
