/** AWS Nitro attestation documents: read, and checked with AWS's certificates. */
@NullMarked
package io.parley.broker.evidence.nitro;

import org.jspecify.annotations.NullMarked;
