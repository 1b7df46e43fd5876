package io.parley.peer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.stub.StreamObserver;
import io.parley.proto.broker.v1.GateServiceGrpc;
import io.parley.proto.broker.v1.ListVerificationSetsRequest;
import io.parley.proto.broker.v1.ListVerificationSetsResponse;
import io.parley.proto.broker.v1.RemoveVerificationSetRequest;
import io.parley.proto.broker.v1.RemoveVerificationSetResponse;
import io.parley.proto.broker.v1.StoredVerificationSet;
import io.parley.wire.Digest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which set the command has a broker remove; no node and no real broker runs. */
class GateRemoveTest {
  private static final Digest AGREEMENT = Digest.of(new byte[] {1});
  private static final Digest SMALL = Digest.of(new byte[] {2});
  private static final Digest OF_MATCH = Digest.of(new byte[] {3});
  private static final Digest OF_SUM = Digest.of(new byte[] {4});

  @TempDir Path folder;
  private final FakeGates broker = new FakeGates();
  private BrokerCli cli;

  @BeforeEach
  void start() throws IOException {
    cli = BrokerCli.start(folder.resolve("hospital"), broker);
    broker.sets.addAll(List.of(set(SMALL, "small", ""), set(OF_MATCH, "ties", "match")));
    broker.sets.add(set(OF_SUM, "ties", "sum"));
  }

  @AfterEach
  void stop() {
    cli.close();
  }

  @Test
  void aSetIsRemovedByItsNameAndShown() {
    Captured run = remove("small", "--output", "csv").ok();
    assertThat(broker.removed).containsExactly(SMALL);
    assertThat(run.out().lines().skip(1))
        .singleElement()
        .asString()
        .startsWith(SMALL + ",small,\"\",")
        .contains(",5,4,1,");
  }

  @Test
  void orByItsDigest() {
    var _ = remove(OF_SUM.toString()).ok();
    assertThat(broker.removed).containsExactly(OF_SUM);
  }

  @Test
  void aNameOfTwoStepsTakesTheStep() {
    requireNotFound("2 of your sets under this agreement are 'ties'", "ties");
    var _ = remove("ties", "--step", "match").ok();
    assertThat(broker.removed).containsExactly(OF_MATCH);
  }

  @Test
  void whatIsNotThereIsNotRemoved() {
    requireNotFound("0 of your sets under this agreement are 'large'", "large");
    requireNotFound("0 of your sets under this agreement are 'small'", "small", "--step", "match");
    // A digest is given whole: a part of one could be another set's tomorrow.
    requireNotFound("0 of your sets", SMALL.toString().substring(0, 20));
  }

  private void requireNotFound(String why, String... words) {
    Captured run = remove(words);
    assertThat(run.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).contains("VERIFICATION_SET_NOT_FOUND", why, "parley gate list");
    assertThat(broker.removed).isEmpty();
  }

  private Captured remove(String... words) {
    List<String> all = new ArrayList<>(List.of("gate", "remove", AGREEMENT.toString()));
    all.addAll(List.of(words));
    return cli.run(all.toArray(String[]::new));
  }

  private static StoredVerificationSet set(Digest digest, String name, String step) {
    return StoredVerificationSet.newBuilder()
        .setSetSha256(digest.value())
        .setName(name)
        .setStep(step)
        .setSizeBytes(100)
        .setDrawn(5)
        .setPassed(4)
        .setFailed(1)
        .build();
  }

  private static final class FakeGates extends GateServiceGrpc.GateServiceImplBase {
    private final List<StoredVerificationSet> sets = new ArrayList<>();
    private final List<Digest> removed = new ArrayList<>();

    @Override
    public void listVerificationSets(
        ListVerificationSetsRequest request, StreamObserver<ListVerificationSetsResponse> answers) {
      requireAgreement(new Digest(request.getAgreementSha256()));
      answers.onNext(ListVerificationSetsResponse.newBuilder().addAllSets(sets).build());
      answers.onCompleted();
    }

    @Override
    public void removeVerificationSet(
        RemoveVerificationSetRequest request,
        StreamObserver<RemoveVerificationSetResponse> answers) {
      requireAgreement(new Digest(request.getAgreementSha256()));
      Digest which = new Digest(request.getSetSha256());
      removed.add(which);
      answers.onNext(
          RemoveVerificationSetResponse.newBuilder()
              .setSet(
                  sets.stream()
                      .filter(set -> new Digest(set.getSetSha256()).equals(which))
                      .findFirst()
                      .orElseThrow())
              .build());
      answers.onCompleted();
    }

    private static void requireAgreement(Digest seen) {
      if (!seen.equals(AGREEMENT)) {
        throw new AssertionError(seen);
      }
    }
  }
}
