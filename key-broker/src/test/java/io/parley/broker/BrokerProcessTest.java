package io.parley.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.broker.log.TestLog;
import io.parley.broker.store.Store;
import io.parley.wire.EnvironmentException;
import io.parley.wire.RefusedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BrokerProcessTest {
  @TempDir Path folder;

  @Test
  void writesWhereItListensAndEndsWithItsParent() throws Exception {
    Path home = folder.resolve("broker");
    TestBroker.create(home, new MutableTime(Instant.now()), "127.0.0.1:0");
    try (BrokerProcess process = BrokerProcess.start(home, folder)) {
      assertThat(process.address()).matches("127\\.0\\.0\\.1:[1-9][0-9]{1,4}");
      process.closeStdin();
      assertThat(process.exitCode(Duration.ofSeconds(20))).isZero();
      assertThat(process.log()).contains("log of decisions: 0 entries, whole");
    }
  }

  @Test
  void aKilledBrokerLeavesNothingInTheSystemsTemporaryFolder() throws Exception {
    Path home = folder.resolve("broker");
    TestBroker.create(home, new MutableTime(Instant.now()), "127.0.0.1:0");
    try (BrokerProcess process = BrokerProcess.start(home, folder)) {
      assertThat(process.address()).isNotEmpty();
      process.kill();
    }
    assertThat(folder.resolve("tmp")).isEmptyDirectory();
    java.util.List<Path> left = files(home.resolve("native"));
    assertThat(left).isNotEmpty();
    try (BrokerProcess process = BrokerProcess.start(home, folder)) {
      assertThat(process.address()).isNotEmpty();
      assertThat(files(home.resolve("native"))).isNotEmpty().doesNotContainAnyElementsOf(left);
      process.closeStdin();
      assertThat(process.exitCode(Duration.ofSeconds(20))).isZero();
    }
    assertThat(folder.resolve("tmp")).isEmptyDirectory();
  }

  private static java.util.List<Path> files(Path folder) throws java.io.IOException {
    try (var files = Files.list(folder)) {
      return files.toList();
    }
  }

  @Test
  void aStartThatFailsSaysWhyAndExitsWithOne() throws Exception {
    Path home = folder.resolve("broker");
    TestBroker.create(home, new MutableTime(Instant.now()), "127.0.0.1:0");
    Files.setPosixFilePermissions(
        home.resolve("master.key"), PosixFilePermissions.fromString("rw-r--r--"));
    try (BrokerProcess process = BrokerProcess.start(home, folder)) {
      assertThat(process.exitCode(Duration.ofSeconds(60))).isEqualTo(1);
      assertThat(process.log()).contains("chmod 600");
    }
  }

  @Test
  void twoBrokersOfOneHomeAreRefused() throws Exception {
    try (TestBroker broker = TestBroker.start(folder.resolve("broker"))) {
      assertThatThrownBy(() ->
              new BrokerWiring(
                      broker.time(), broker.time()::nanoTime, new java.security.SecureRandom())
                  .start(broker.home().folder()))
          .isInstanceOf(EnvironmentException.class)
          .hasMessageContaining("another broker runs");
    }
  }

  @Test
  void aBrokenLogIsNotServed() throws Exception {
    try (TestBroker broker = TestBroker.start(folder.resolve("broker"))) {
      broker.activate(3);
      broker.close();
      try (Store store = TestLog.store(broker.home().database())) {
        store.write(write -> {
          write.execute("DROP TRIGGER log_entry_is_not_updated");
          return write.execute("UPDATE log_entry SET entry = x'00' WHERE idx = 2");
        });
      }
      assertThatThrownBy(broker::restart)
          .isInstanceOf(EnvironmentException.class)
          .hasMessageContaining("entry 2 was changed");
    }
  }

  @Test
  void aLostMasterKeyAndAForeignOneAreNoticed() throws Exception {
    try (TestBroker broker = TestBroker.start(folder.resolve("broker"))) {
      broker.activate(3);
      broker.close();
      Path key = broker.home().masterKey();
      Path kept = Files.move(key, folder.resolve("kept"));
      assertThatThrownBy(broker::restart).hasMessageContaining("master key");
      io.parley.broker.keys.MasterKey.create(key, new java.security.SecureRandom());
      assertThatThrownBy(broker::restart).hasMessageContaining("not this broker's");
      Files.delete(key);
      Files.move(kept, key);
      broker.restart();
    }
  }

  @Test
  void aNewBrokerNeverOverwritesAnOldOne() throws Exception {
    Path home = folder.resolve("broker");
    MutableTime time = new MutableTime(Instant.now());
    TestBroker.create(home, time, "127.0.0.1:0");
    byte[] key = Files.readAllBytes(home.resolve("master.key"));
    assertThatThrownBy(() -> TestBroker.create(home, time, "127.0.0.1:0"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("holds a broker already");
    assertThat(Files.readAllBytes(home.resolve("master.key"))).isEqualTo(key);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(home)))
        .isEqualTo("rwx------");
  }

  @Test
  void anExpiredCertificateIsRefused() throws Exception {
    try (TestBroker broker = TestBroker.start(folder.resolve("broker"))) {
      assertThat(broker.decisions(TestConsortium.HOSPITAL)).isNotEmpty();
      broker.time().pass(Duration.ofDays(36_500));
      assertThatThrownBy(() -> broker.decisions(TestConsortium.HOSPITAL))
          .isInstanceOf(io.grpc.StatusRuntimeException.class);
    }
  }

  @Test
  void oneCallTooManyOfAPartyIsRefusedAndOthersAreServed() throws Exception {
    Path home = folder.resolve("broker");
    MutableTime time = new MutableTime(Instant.now());
    TestConsortium consortium = TestBroker.create(home, time, "127.0.0.1:0");
    Path yaml = home.resolve("broker.yaml");
    Files.writeString(
        yaml, Files.readString(yaml).replace("calls_per_party: 128", "calls_per_party: 1"));
    try (RunningBroker running =
        new BrokerWiring(time, time::nanoTime, new java.security.SecureRandom()).start(home)) {
      var hospital =
          TestBroker.open(
              running.address(),
              consortium.certificate("hospital", io.parley.identity.Role.NODE),
              consortium,
              time);
      var insurer =
          TestBroker.open(
              running.address(),
              consortium.certificate("insurer", io.parley.identity.Role.NODE),
              consortium,
              time);
      try {
        // A reflection stream stays open, and counts.
        Answered<io.grpc.reflection.v1.ServerReflectionResponse> answered = new Answered<>();
        var stream =
            io.grpc.reflection.v1.ServerReflectionGrpc.newStub(hospital)
                .serverReflectionInfo(answered);
        stream.onNext(
            io.grpc.reflection.v1.ServerReflectionRequest.newBuilder()
                .setListServices("*")
                .build());
        assertThat(answered.first.get(20, java.util.concurrent.TimeUnit.SECONDS)).isNotNull();
        TestBroker.refused(io.parley.wire.Reason.TOO_MANY, () -> membership(hospital));
        membership(insurer);
        stream.onCompleted();
        org.awaitility.Awaitility.await()
            .ignoreExceptions()
            .untilAsserted(() -> membership(hospital));
      } finally {
        hospital.shutdownNow();
        insurer.shutdownNow();
      }
    }
  }

  private static void membership(io.grpc.Channel channel) {
    assertThat(
            io.parley.proto.broker.v1.MembershipServiceGrpc.newBlockingStub(channel)
                .withDeadlineAfter(20, java.util.concurrent.TimeUnit.SECONDS)
                .getMembership(io.parley.proto.broker.v1.GetMembershipRequest.getDefaultInstance())
                .getChainCount())
        .isEqualTo(3);
  }

  private static final class Answered<T> implements io.grpc.stub.StreamObserver<T> {
    private final java.util.concurrent.CompletableFuture<T> first =
        new java.util.concurrent.CompletableFuture<>();

    @Override
    public void onNext(T value) {
      first.complete(value);
    }

    @Override
    public void onError(Throwable failure) {
      first.completeExceptionally(failure);
    }

    @Override
    public void onCompleted() {}
  }
}
