package io.parley.seal;

import static io.parley.seal.SealFixtures.bytesOf;
import static io.parley.seal.SealFixtures.fixedRandom;
import static io.parley.seal.SealFixtures.hex;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.agreement.AgreementCodec;
import io.parley.agreement.Chain;
import io.parley.agreement.ChainCodec;
import io.parley.agreement.ChainGrant;
import io.parley.agreement.ChainInput;
import io.parley.agreement.ChainOutput;
import io.parley.agreement.ChainParameter;
import io.parley.agreement.ChainStep;
import io.parley.agreement.ChangeRule;
import io.parley.agreement.Column;
import io.parley.agreement.ColumnType;
import io.parley.agreement.Dataset;
import io.parley.agreement.Dsse;
import io.parley.agreement.Environment;
import io.parley.agreement.JobSpec;
import io.parley.agreement.Parameter;
import io.parley.agreement.Party;
import io.parley.agreement.ResultRule;
import io.parley.agreement.StepFlow;
import io.parley.agreement.Terms;
import io.parley.agreement.platform.PlatformCodec;
import io.parley.agreement.platform.PlatformPolicy;
import io.parley.agreement.platform.PolicySamples;
import io.parley.evidence.Claims;
import io.parley.evidence.Evidence;
import io.parley.evidence.LaunchStatement;
import io.parley.evidence.Manifest;
import io.parley.evidence.MeasuredEvent;
import io.parley.evidence.ReportData;
import io.parley.evidence.SimulatedEvidence;
import io.parley.identity.VerifyingKey;
import io.parley.proto.broker.v1.Grant;
import io.parley.proto.broker.v1.GrantedKey;
import io.parley.wire.Digest;
import io.parley.wire.StrictMessages;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bouncycastle.math.ec.rfc8032.Ed25519;

/**
 * What the page deploy/docs/protocol.md prints: made from fixed keys by the code that the product
 * runs, in the order of the page.
 */
final class ProtocolVectors {
  private static final String JOB_ID = "000102030405060708090a0b0c0d0e0f";
  private static final byte[] PLAINTEXT =
      "region,total\nnorth,3\n".getBytes(StandardCharsets.UTF_8);

  private final Map<String, ByteString> vectors = new LinkedHashMap<>();
  private final Map<String, ByteString> page;

  private ProtocolVectors(Map<String, ByteString> page) {
    this.page = page;
  }

  /**
   * All of them.
   *
   * @param page what the page has now: sealing draws random bytes, so what was sealed once stays,
   *     as long as it opens
   */
  static Map<String, ByteString> all(Map<String, ByteString> page) throws Exception {
    ProtocolVectors vectors = new ProtocolVectors(page);
    vectors.signing();
    vectors.evidence();
    vectors.grants();
    vectors.gates();
    vectors.channel();
    vectors.result();
    vectors.log();
    return vectors.vectors;
  }

  private void signing() {
    put("signing.seed", seed(0x01));
    put("signing.public", publicKey(0x01));
    put("manifest.text", text(manifest().text()));
    put("manifest.sha256", manifest().digest().value());
    ByteString payload = AgreementCodec.encode(agreement());
    put("agreement.payload", payload);
    put("agreement.sha256", Digest.of(payload).value());
    put("agreement.pae", Dsse.pae(Dsse.AGREEMENT_TYPE, payload));
    put("agreement.signature", sign(0x01, Dsse.pae(Dsse.AGREEMENT_TYPE, payload)));
    put("job.spec", jobSpec().encode());
    put("job.sha256", jobSpec().digest().value());
    put("chain", ChainCodec.encode(chain()));
    put("chain.sha256", chain().digest().value());
    put(
        "chain.measured_sha256",
        chain().withApps(List.of(manifest().digest(), Digest.of(new byte[] {6}))).digest().value());
  }

  private void evidence() {
    put("claims", claims().encode());
    put("claims.report_data", ReportData.of(claims().encode()).value());
    put("simulated.platform_seed", seed(0x02));
    put("simulated.document", document());
    LaunchStatement launch = SimulatedEvidence.parse(document()).launch();
    put("launch.statement", launch.encode());
    put("launch.platform_data", launch.platformData());
    put("launch.quote_data", launch.quoteData());
    MeasuredEvent shim = MeasuredEvent.ofShim(launch.shim(), launch.isolation());
    MeasuredEvent app = MeasuredEvent.ofApp(manifest().digest());
    put("measured.shim", shim.digest());
    put("measured.app", app.digest());
    put("measured.no_app", MeasuredEvent.ofApp(null).digest());
    Map<Integer, ByteString> registers = MeasuredEvent.replay(List.of(shim, app));
    put("measured.pcr14", registers.getOrDefault(14, ByteString.EMPTY));
    put("measured.pcr15", registers.getOrDefault(15, ByteString.EMPTY));
    for (PlatformPolicy policy : PolicySamples.all()) {
      put(
          "platform." + policy.kind().replace('-', '_'),
          StrictMessages.encode(PlatformCodec.toMessage(policy)));
    }
    put("evidence", evidenceOf().encode());
    put("evidence.sha256", evidenceOf().digest().value());
  }

  private void grants() throws Exception {
    HpkeKeyPair receive = pair(HpkeSuite.X25519, 0x31);
    HpkeKeyPair ephemeral = pair(HpkeSuite.X25519, 0x32);
    Binding binding = grantOf(receive).dataset("orders", 1);
    Hpke.Sealed sealed =
        Hpke.sealBytesWith(
            ephemeral.parameters(), receive.publicKey(), binding, bytesOf(dataKey()));
    put("grant.receive_private", seed(0x31));
    put("grant.receive_public", receive.publicKey().key());
    put("grant.ephemeral_private", seed(0x32));
    put("grant.data_key", ByteString.copyFrom(bytesOf(dataKey())));
    put("grant.info", binding.info());
    put("grant.aad", binding.aad());
    put("grant.enc", sealed.enc());
    put("grant.ciphertext", sealed.ciphertext());
    put("grant.job_channels_info", grantOf(receive).jobChannels(1).info());
    SealedKey key = new SealedKey("south", HpkeSuite.X25519, sealed.enc(), sealed.ciphertext());
    ByteString grant = grant(key).toByteString();
    put("grant", grant);
    put("grant.broker_seed", seed(0x03));
    put("grant.signature", sign(0x03, labelled("parley/v1/grant", grant)));
    xwing();
  }

  private void xwing() {
    HpkeKeyPair pair = pair(HpkeSuite.XWING, 0x33);
    Binding binding = grantOf(pair).dataset("orders", 1);
    put("xwing.receive_private", seed(0x33));
    put("xwing.receive_public_sha256", Digest.of(pair.publicKey().key()).value());
    put("xwing.aad_sha256", Digest.of(binding.aad()).value());
    ByteString enc = page.getOrDefault("xwing.enc", ByteString.EMPTY);
    ByteString ciphertext = page.getOrDefault("xwing.ciphertext", ByteString.EMPTY);
    try (Secret opened =
        Hpke.open(pair, binding, new SealedKey("south", HpkeSuite.XWING, enc, ciphertext))) {
      if (!opened.equals(dataKey())) {
        throw new IllegalStateException("the page's X-Wing vector holds another key");
      }
    } catch (RuntimeException e) {
      SealedKey fresh = Hpke.seal("south", pair.publicKey(), binding, dataKey());
      enc = fresh.enc();
      ciphertext = fresh.ciphertext();
    }
    put("xwing.enc", enc);
    put("xwing.ciphertext", ciphertext);
  }

  private void gates() {
    vectors.putAll(
        new GateVectors(
                JOB_ID,
                Digest.of(agreementBytes()),
                jobSpec().digest(),
                evidenceOf().digest(),
                manifest().digest(),
                pair(HpkeSuite.X25519, 0x31).publicKey(),
                pair(HpkeSuite.X25519, 0x63).publicKey(),
                ProtocolVectors::seed)
            .all(set -> sign(0x01, labelled("parley/v1/verification-set", set))));
  }

  private void channel() {
    ChannelContext context =
        new ChannelContext(
            Digest.of(AgreementCodec.encode(agreement())),
            jobSpec().digest(),
            "north",
            "south",
            "dataset/customers");
    put("channel.info", context.towardsAcceptor());
    ByteString salt = seed(Scripted.INITIATOR).concat(seed(Scripted.ACCEPTOR));
    try (Secret okm = Hkdf.derive(dataKey(), salt, context.towardsAcceptor(), 44)) {
      put("channel.key_and_nonce_base", ByteString.copyFrom(bytesOf(okm)));
    }
    byte[] initiator =
        Scripted.initiatorSays(
            context,
            dataKey(),
            sender -> {
              sender.write(ByteBuffer.wrap("hello".getBytes(StandardCharsets.US_ASCII)));
              sender.flush();
              sender.write(ByteBuffer.wrap("world".getBytes(StandardCharsets.US_ASCII)));
              sender.finish();
            });
    Scripted socket = new Scripted(initiator);
    RecordChannel acceptor =
        RecordChannel.accept(socket, context, dataKey(), fixedRandom(Scripted.ACCEPTOR));
    byte[] received = Scripted.receiveAll(acceptor.receiver());
    acceptor.acknowledge();
    put("channel.initiator_sends", ByteString.copyFrom(initiator));
    put("channel.plaintext", ByteString.copyFrom(received));
    put("channel.acceptor_sends", ByteString.copyFrom(socket.sent.toByteArray()));
  }

  private void result() {
    Bindings.Result result = new Bindings.Result(Digest.of(agreementBytes()), JOB_ID, "summary");
    HpkeKeyPair recipient = pair(HpkeSuite.X25519, 0x41);
    HpkeKeyPair ephemeral = pair(HpkeSuite.X25519, 0x42);
    Secret key = secret(0x43);
    Binding binding = result.recipient("north");
    Hpke.Sealed sealed =
        Hpke.sealBytesWith(ephemeral.parameters(), recipient.publicKey(), binding, bytesOf(key));
    ByteString head =
        new ResultHead(
                "summary",
                JOB_ID,
                result.agreement(),
                "csv",
                "simulated",
                List.of(
                    new SealedKey("north", HpkeSuite.X25519, sealed.enc(), sealed.ciphertext())))
            .encode();
    SegmentSealer sealer = new SegmentSealer(key, Digest.of(head).value(), fixedRandom(0x44));
    ByteBuffer segment = ByteBuffer.allocateDirect(PLAINTEXT.length + 16);
    sealer.seal(direct(PLAINTEXT), true, segment);
    put("result.recipient_private", seed(0x41));
    put("result.info", binding.info());
    put("result.aad", binding.aad());
    put("result.key", ByteString.copyFrom(bytesOf(key)));
    put(
        "result.file",
        SealedResultWriter.prologue(head)
            .concat(sealer.header())
            .concat(ByteString.copyFrom(segment.flip())));
    put("result.plaintext", ByteString.copyFrom(PLAINTEXT));
  }

  private void log() {
    vectors.putAll(
        new LogVectors(
                publicKey(0x03),
                message -> sign(0x03, message),
                publicKey(0x01),
                message -> sign(0x01, message),
                Digest.of(agreementBytes()))
            .all());
  }

  private static Agreement agreement() {
    Digest broker = Digest.of(publicKey(0x03));
    return new Agreement(
        "orders-by-region",
        List.of(party("north", 0x01, 0x41), party("south", 0x02, 0x45)),
        broker,
        manifest().digest(),
        List.of(
            new Dataset(
                "customers",
                "north",
                List.of(
                    new Column("id", ColumnType.parse("BIGINT"), false),
                    new Column("region", ColumnType.parse("VARCHAR"), true)),
                List.of("south")),
            new Dataset(
                "orders",
                "south",
                List.of(
                    new Column("customer", ColumnType.parse("BIGINT"), false),
                    new Column("amount", ColumnType.parse("DECIMAL(12,2)"), true)),
                List.of())),
        List.of("south"),
        List.of(new ResultRule("summary", List.of("north", "south"), 1000)),
        new Environment(
            List.of("simulated"),
            List.of(Digest.of(new byte[] {5})),
            new TreeMap<>(Map.of("network", "denied")),
            List.of("bwrap")),
        Terms.of(ChangeRule.UNANIMOUS, Instant.parse("2027-06-30T00:00:00Z"), 10),
        List.of(new Parameter.Fixed("query", "SELECT 1")));
  }

  /** Both steps run the same app. */
  private static Chain chain() {
    Digest app = manifest().digest();
    return new Chain(
        List.of(
            new ChainStep(
                "join",
                app,
                new StepFlow(
                    List.of(
                        new ChainInput("customers", List.of()),
                        new ChainInput("orders", List.of())),
                    List.of(
                        new ChainOutput(
                            "joined",
                            List.of(new Column("region", ColumnType.parse("VARCHAR"), true)),
                            List.of("sum"))),
                    List.of(new ChainParameter.From("query", "query")))),
            new ChainStep(
                "sum",
                app,
                new StepFlow(
                    List.of(new ChainInput("joined", List.of())),
                    List.of(new ChainOutput("summary", List.of(), List.of())),
                    List.of(new ChainParameter.Fixed("how", "all"))))),
        List.of(
            new ChainGrant("customers", List.of("join")),
            new ChainGrant("orders", List.of("join"))));
  }

  private static ByteString agreementBytes() {
    return AgreementCodec.encode(agreement());
  }

  private static Party party(String name, int signing, int result) {
    return new Party(
        name,
        new VerifyingKey(publicKey(signing)),
        pair(HpkeSuite.X25519, result).publicKey(),
        new VerifyingKey(publicKey(signing)),
        new VerifyingKey(publicKey(signing)));
  }

  private static JobSpec jobSpec() {
    return new JobSpec(
        JOB_ID,
        Digest.of(agreementBytes()),
        "north",
        Instant.parse("2026-11-21T00:00:00Z"),
        Map.of());
  }

  private static Manifest manifest() {
    return Manifest.parse(
        """
        parley-manifest 1
        file 644 %s app.yaml
        value name sum
        """
            .formatted(Digest.of(new byte[] {6}).hex()));
  }

  private static Claims claims() {
    return new Claims(
        seed(0x21),
        pair(HpkeSuite.X25519, 0x31).publicKey(),
        publicKey(0x22),
        Digest.of(agreementBytes()),
        "south",
        JOB_ID,
        jobSpec().digest(),
        manifest().digest(),
        new TreeMap<>(Map.of("host_files", "denied", "network", "denied")));
  }

  private static ByteString document() {
    return SimulatedEvidence.sign(
        (label, message) -> sign(0x02, labelled(label, message)),
        ReportData.of(claims().encode()),
        Digest.of(new byte[] {5}),
        "bwrap");
  }

  private static Evidence evidenceOf() {
    return new Evidence(Evidence.SIMULATED, claims().encode(), document());
  }

  private static Bindings.Grant grantOf(HpkeKeyPair receive) {
    return new Bindings.Grant(
        Digest.of(agreementBytes()),
        jobSpec().digest(),
        evidenceOf().digest(),
        "south",
        receive.publicKey());
  }

  private static Grant grant(SealedKey key) {
    return Grant.newBuilder()
        .setJobId(JOB_ID)
        .setParty("south")
        .setAgreementSha256(Digest.of(agreementBytes()).value())
        .setJobSha256(jobSpec().digest().value())
        .setEvidenceSha256(evidenceOf().digest().value())
        .addKeys(GrantedKey.newBuilder().setDataset("orders").setEpoch(1).setKey(key.toMessage()))
        .build();
  }

  /** A second implementation of the label: not the one that the product uses. */
  private static ByteString labelled(String label, ByteString message) {
    return text(label).concat(hex("00")).concat(message);
  }

  private static ByteString sign(int seed, ByteString message) {
    byte[] bytes = message.toByteArray();
    byte[] signature = new byte[Ed25519.SIGNATURE_SIZE];
    Ed25519.sign(seed(seed).toByteArray(), 0, bytes, 0, bytes.length, signature, 0);
    return ByteString.copyFrom(signature);
  }

  static ByteString publicKey(int seed) {
    byte[] key = new byte[Ed25519.PUBLIC_KEY_SIZE];
    Ed25519.generatePublicKey(seed(seed).toByteArray(), 0, key, 0);
    return ByteString.copyFrom(key);
  }

  private static HpkeKeyPair pair(HpkeSuite suite, int value) {
    return HpkeKeyPair.of(suite, secret(value));
  }

  private static Secret dataKey() {
    return secret(0x51);
  }

  private static Secret secret(int value) {
    return SealFixtures.key(value);
  }

  /** 32 bytes, all of this value. */
  private static ByteString seed(int value) {
    return ByteString.copyFrom(bytesOf(secret(value)));
  }

  private static ByteString text(String text) {
    return ByteString.copyFrom(text, StandardCharsets.UTF_8);
  }

  private static ByteBuffer direct(byte[] bytes) {
    return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
  }

  private void put(String name, ByteString value) {
    vectors.put(name, value);
  }
}
