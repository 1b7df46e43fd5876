package io.parley.apps.modelling;

/**
 * Where a column of a model comes from.
 *
 * @param term what it is called in the result: as the parameter wrote it
 */
public record Source(String term, String dataset, String column) {}
