/** The life of a job at this party, whoever submitted it. */
@NullMarked
package io.parley.peer.jobs;

import org.jspecify.annotations.NullMarked;
