package io.parley.apps.modelling;

/**
 * A term of the model.
 *
 * @param name in the result; of a text column it holds a value, so it must be in no error
 * @param column as the parameter wrote it
 */
public record Term(String name, String column) {}
