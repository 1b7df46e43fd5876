/** What the verifiers of hardware evidence share: bytes, certificates, roots, signatures. */
@NullMarked
package io.parley.broker.evidence.trust;

import org.jspecify.annotations.NullMarked;
