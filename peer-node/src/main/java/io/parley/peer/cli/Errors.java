package io.parley.peer.cli;

import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.parley.transport.Channels;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/** Turns any failure into one line, a hint and an exit code. */
final class Errors {
  private final Terminal terminal;
  private final GlobalOptions options;

  Errors(Terminal terminal, GlobalOptions options) {
    this.terminal = terminal;
    this.options = options;
  }

  int report(Throwable failure, String command) {
    if (failure instanceof CommandLine.ParameterException usage) {
      throw usage;
    }
    ParleyException known = known(failure);
    PrintStream err = terminal.err();
    if (known == null) {
      err.println("parley: INTERNAL: " + failure);
      err.println("hint: this is a bug, or Parley is not installed whole; --debug shows where");
    } else {
      err.println("parley: " + known.reason() + ": " + known.getMessage());
      String hint = Hints.of(known, command);
      if (!hint.isEmpty()) {
        err.println("hint: " + hint);
      }
    }
    if (options.debug) {
      failure.printStackTrace(err);
    }
    return exitCode(failure);
  }

  int exitCode(Throwable failure) {
    ParleyException known = known(failure);
    return known == null ? ExitCode.FAILED : ExitCode.of(known);
  }

  static @Nullable ParleyException known(Throwable failure) {
    return switch (failure) {
      case ParleyException ours -> ours;
      case StatusRuntimeException e -> Channels.failure(e, Reason.PEER_UNAVAILABLE);
      case StatusException e -> Channels.failure(e, Reason.PEER_UNAVAILABLE);
      case UncheckedIOException e -> io(e.getCause() == null ? new IOException(e) : e.getCause());
      case IOException e -> io(e);
      case CancellationException e ->
          new RefusedException(Reason.CANCELLED, String.valueOf(e.getMessage()));
      case InterruptedException _ -> new RefusedException(Reason.CANCELLED, "interrupted");
      default -> null;
    };
  }

  private static ParleyException io(IOException failure) {
    return switch (failure) {
      case NoSuchFileException e ->
          new RefusedException(Reason.INVALID_REQUEST, "no such file: " + e.getFile());
      case FileAlreadyExistsException e ->
          new RefusedException(Reason.ALREADY_EXISTS, "there already: " + e.getFile());
      case AccessDeniedException e ->
          new EnvironmentException(Reason.IO_FAILED, "no permission: " + e.getFile());
      default -> new EnvironmentException(Reason.IO_FAILED, failure.toString());
    };
  }
}
