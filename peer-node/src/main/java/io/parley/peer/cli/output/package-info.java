/** How answers are written: tables for people, JSON and CSV for programs; every value exact. */
@NullMarked
package io.parley.peer.cli.output;

import org.jspecify.annotations.NullMarked;
