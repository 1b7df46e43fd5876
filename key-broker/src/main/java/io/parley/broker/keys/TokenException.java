package io.parley.broker.keys;

import java.io.Serial;

/** A token, or the way to it, cannot be used as it is. The message never holds a secret. */
class TokenException extends Exception {
  @Serial private static final long serialVersionUID = 1L;

  TokenException(String message) {
    super(message);
  }

  TokenException(String message, Throwable cause) {
    super(message, cause);
  }
}
