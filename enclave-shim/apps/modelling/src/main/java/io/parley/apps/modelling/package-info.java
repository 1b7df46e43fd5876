/**
 * What the apps that fit models share: tables in memory and their join, design matrices, QR of rows
 * as they come, and the logit.
 */
@NullMarked
package io.parley.apps.modelling;

import org.jspecify.annotations.NullMarked;
