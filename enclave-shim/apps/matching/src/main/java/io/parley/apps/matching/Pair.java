package io.parley.apps.matching;

/** A treated unit and the control that was found for it, by their rows. */
record Pair(int treated, int control) {}
