/**
 * Bytes from strangers for every parser: what each is fuzzed with, and what must hold whatever
 * comes.
 */
@org.jspecify.annotations.NullMarked
package io.parley.fuzz;
