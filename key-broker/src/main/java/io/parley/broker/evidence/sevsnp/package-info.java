/** AMD SEV-SNP attestation reports: read, and checked with AMD's certificates. */
@NullMarked
package io.parley.broker.evidence.sevsnp;

import org.jspecify.annotations.NullMarked;
