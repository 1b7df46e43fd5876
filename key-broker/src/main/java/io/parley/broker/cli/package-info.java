/** Commands for people who hold evidence in their hands: files in, claims or a reason out. */
@NullMarked
package io.parley.broker.cli;

import org.jspecify.annotations.NullMarked;
