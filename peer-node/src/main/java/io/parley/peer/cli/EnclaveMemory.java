package io.parley.peer.cli;

import io.parley.peer.config.NodeConfig.EnclaveLimits;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** What an enclave may use, as parley.yaml writes it; in bytes. */
final class EnclaveMemory implements ITypeConverter<Long> {
  @Override
  public Long convert(String text) {
    try {
      return EnclaveLimits.memory(text);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }
}
