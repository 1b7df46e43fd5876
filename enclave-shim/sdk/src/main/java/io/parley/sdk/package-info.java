/**
 * What an app compiles against: read the datasets and parameters of a job, write its results, say
 * how far it is, fail with a reason.
 *
 * <p>This is comfort on top of a contract that any executable can meet: see {@link JobContext} for
 * the files.
 */
@NullMarked
package io.parley.sdk;

import org.jspecify.annotations.NullMarked;
