package io.parley.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.agreement.DsseEnvelope;
import io.parley.identity.Broker;
import io.parley.identity.Membership;
import io.parley.identity.MembershipChain;
import io.parley.identity.SigningKey;
import io.parley.proto.broker.v1.Grant;
import io.parley.proto.broker.v1.RequestKeysResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Another broker in the place of the one that was agreed on: real nodes, brokers and enclaves. The
 * one in the middle has even the broker's certificate, so only the enclaves can find it out.
 */
@SuppressWarnings("NullAway.Init") // the world that all tests share is made before them
class SwappedBrokerIT {
  @TempDir static Path folder;
  private static Party ada;
  private static Party bob;
  private static String agreement;
  private static String real;
  private static int address;
  private static BrokerInTheMiddle middle;
  private static final SigningKey OTHER = SigningKey.generate(new SecureRandom());

  @BeforeAll
  static void start() throws Exception {
    List<Party> parties = Party.two(folder, "ada", "bob");
    ada = parties.get(0);
    bob = parties.get(1);
    agreement =
        ada.agree(
            bob,
            """
            agreement: swapped
            parties: [ada, bob]
            app: sql
            datasets:
              t: {owner: ada, columns: {k: BIGINT}, released_to: [bob]}
              u: {owner: bob, columns: {k: BIGINT}}
            compute: [bob]
            results:
              out: {recipients: [ada, bob], max_rows: 10}
            params:
              query: {value: "SELECT count(*) AS n FROM t JOIN u USING (k)"}
            environment: {evidence: [simulated], tests: strict}
            changes: never
            expires: 2030-01-01
            max_jobs: 100
            """);
    Path t = Files.writeString(folder.resolve("t.csv"), "k\n1\n2\n3\n");
    Path u = Files.writeString(folder.resolve("u.csv"), "k\n2\n3\n4\n");
    ada.parley("--quiet", "dataset", "add", "t=" + t, "--agreement", agreement);
    bob.parley("--quiet", "dataset", "add", "u=" + u, "--agreement", agreement);
    moveTheBroker();
  }

  /** The real broker moves to another port; what answers at its address passes calls on to it. */
  private static void moveTheBroker() throws Exception {
    ada.close();
    Broker broker = membership(ada.home).broker();
    address = Integer.parseInt(broker.address().replaceFirst(".*:", ""));
    real = "127.0.0.1:" + Party.PORTS.next();
    Path config = ada.home.resolve("broker/broker.yaml");
    Files.writeString(config, Files.readString(config).replace(broker.address(), real));
    middle = inTheMiddle();
    ada.start();
  }

  private static BrokerInTheMiddle inTheMiddle() throws IOException {
    return new BrokerInTheMiddle(
        address,
        real,
        ada.home.resolve("broker"),
        membership(ada.home),
        Map.of("ada", ada.home, "bob", bob.home));
  }

  @AfterAll
  static void stop() throws Exception {
    bob.close();
    ada.close();
    middle.close();
    OTHER.close();
  }

  @BeforeEach
  void honest() {
    middle.bend = response -> response;
  }

  @Test
  void anHonestOneInTheMiddleChangesNothing() throws Exception {
    String job = ada.submit(agreement);

    assertThat(ada.awaitEnd(job)).contains("SUCCEEDED");
    assertThat(ada.parley("--quiet", "job", "result", job, "--format", "csv").out().lines())
        .containsExactly("n", "2");
  }

  @Test
  void aBrokerWithAKeyOfItsOwnIsFoundOutByTheEnclaves() throws Exception {
    middle.bend =
        response ->
            response.toBuilder()
                .setBrokerKey(OTHER.verifyingKey().value())
                .setSignature(OTHER.sign("parley/v1/grant", response.getGrant()))
                .build();

    fails("BROKER_KEY_WRONG");
  }

  @Test
  void anothersSignatureUnderTheRightKeyIsFoundOut() throws Exception {
    middle.bend =
        response ->
            response.toBuilder()
                .setSignature(OTHER.sign("parley/v1/grant", response.getGrant()))
                .build();

    fails("GRANT_WRONG");
  }

  @Test
  void aGrantOfTheRightBrokerForAnEarlierJobIsFoundOut() throws Exception {
    List<RequestKeysResponse> kept = new CopyOnWriteArrayList<>();
    middle.bend =
        response -> {
          kept.add(response);
          return response;
        };
    assertThat(ada.awaitEnd(ada.submit(agreement))).contains("SUCCEEDED");
    middle.bend = response -> samePartys(kept, response);

    fails("GRANT_WRONG");
  }

  @Test
  void theOtherPartysGrantIsFoundOut() throws Exception {
    List<RequestKeysResponse> kept = new CopyOnWriteArrayList<>();
    middle.bend =
        response -> {
          kept.add(response);
          return kept.stream()
              .filter(other -> !party(other).equals(party(response)))
              .findFirst()
              .orElse(response);
        };

    fails("GRANT_WRONG");
  }

  /** A real one, with its own certificate, keys and data: no host even speaks to it. */
  @Test
  void anotherBrokersProcessAtTheSameAddressIsNotSpokenTo() throws Exception {
    middle.close();
    try (Party mallory = Party.alone(folder.resolve("mallory"), "mallory", address)) {
      assertThat(mallory.node().isAlive()).isTrue();
      Command.Result submitted = ada.run("--quiet", "job", "submit", agreement);

      assertThat(submitted.exitCode()).isNotZero();
      assertThat(submitted.err()).contains("UNAUTHENTICATED");
    } finally {
      middle = inTheMiddle();
    }
  }

  /** The job fails at both with this reason: no result, no receipt, so no key did anything. */
  private static void fails(String reason) throws Exception {
    String job = ada.submit(agreement);
    for (Party party : List.of(ada, bob)) {
      assertThat(party.awaitEnd(job)).as(party.name).contains("FAILED", reason);
      assertThat(party.run("job", "result", job).exitCode()).as(party.name).isNotZero();
      assertThat(party.run("receipt", "show", job).exitCode()).as(party.name).isNotZero();
    }
  }

  private static RequestKeysResponse samePartys(
      List<RequestKeysResponse> kept, RequestKeysResponse response) {
    return kept.stream()
        .filter(before -> party(before).equals(party(response)))
        .findFirst()
        .orElseThrow();
  }

  private static String party(RequestKeysResponse response) {
    try {
      return Grant.parseFrom(response.getGrant()).getParty();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static Membership membership(Path home) throws IOException {
    List<DsseEnvelope> chain = new ArrayList<>();
    try (var files = Files.list(home.resolve("consortium"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".dsse")).sorted().toList()) {
        chain.add(DsseEnvelope.decode(ByteString.copyFrom(Files.readAllBytes(file))));
      }
    }
    return MembershipChain.verify(chain).current();
  }
}
