package io.parley.broker.keys;

import java.nio.file.Path;

/**
 * Where an HSM's token is found.
 *
 * @param library the vendor's PKCS#11 library, absolute
 * @param label the token's, as it was initialised with
 * @param pinFile private file with the user PIN, absolute; read whenever the token is logged in to
 */
public record TokenSettings(Path library, String label, Path pinFile) {}
