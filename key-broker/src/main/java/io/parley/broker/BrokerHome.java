package io.parley.broker;

import io.parley.broker.config.BrokerYaml;
import io.parley.broker.config.KeysConfig;
import io.parley.broker.keys.MasterKey;
import io.parley.identity.BrokerIdentity;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Map;

/** The folder that holds all of a broker: its identity, master secret, configuration, database. */
record BrokerHome(Path folder) {
  Path identity() {
    return folder.resolve("identity");
  }

  Path masterKey() {
    return folder.resolve("master.key");
  }

  Path config() {
    return folder.resolve(BrokerYaml.FILE_NAME);
  }

  Path nativeFolder() {
    return folder.resolve("native");
  }

  Path log() {
    return folder.resolve("log");
  }

  Path database() {
    return folder.resolve("broker.db");
  }

  /**
   * Makes a new broker in this folder; what is there already is never overwritten.
   *
   * @throws RefusedException ALREADY_EXISTS
   */
  BrokerIdentity create(
      String name,
      String listen,
      String membership,
      KeysConfig keys,
      InstantSource clock,
      SecureRandom random) {
    if (Files.exists(config()) || Files.exists(masterKey())) {
      throw new RefusedException(
          Reason.ALREADY_EXISTS,
          "%s holds a broker already; choose another folder".formatted(folder),
          Map.of("folder", folder.toString()));
    }
    try {
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      BrokerIdentity identity = BrokerIdentity.create(identity(), name, clock, random);
      MasterKey.create(masterKey(), random);
      Files.writeString(
          config(), BrokerYaml.template(listen, membership, keys), StandardOpenOption.CREATE_NEW);
      return identity;
    } catch (IOException e) {
      throw failed("cannot create a broker in %s: %s".formatted(folder, e), e);
    }
  }

  /**
   * Makes this process the only broker of this folder, until it ends: two would not know of each
   * other's challenges.
   */
  FileLock lock() {
    try {
      FileChannel channel =
          FileChannel.open(
              folder.resolve("broker.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = channel.tryLock();
      if (lock == null) {
        channel.close();
        throw failed("another broker runs in %s; stop it first".formatted(folder), null);
      }
      return lock;
    } catch (OverlappingFileLockException e) {
      throw failed("another broker runs in %s; stop it first".formatted(folder), e);
    } catch (IOException e) {
      throw failed("cannot lock %s: %s".formatted(folder, e), e);
    }
  }

  private EnvironmentException failed(
      String message, @org.jspecify.annotations.Nullable Throwable cause) {
    return new EnvironmentException(
        Reason.IO_FAILED, message, Map.of("folder", folder.toString()), cause);
  }
}
