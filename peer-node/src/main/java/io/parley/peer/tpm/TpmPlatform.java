package io.parley.peer.tpm;

import com.google.protobuf.ByteString;
import io.parley.agreement.platform.TpmPolicy;
import io.parley.evidence.LaunchStatement;
import io.parley.evidence.MeasuredEvent;
import io.parley.evidence.ReportData;
import io.parley.evidence.TpmDocument;
import io.parley.peer.machine.RunAs;
import io.parley.peer.platform.Credentials;
import io.parley.peer.platform.Credentials.Credential;
import io.parley.peer.platform.Launch;
import io.parley.peer.platform.Measurement;
import io.parley.peer.platform.Platform;
import io.parley.peer.tpm.EndorsementKeys.Certified;
import io.parley.peer.tpm.TpmClient.Loaded;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * TPMs 2.0: shim and app are measured into registers before an enclave starts, and a quote over
 * them goes into its evidence.
 *
 * <p>What that shows: the machine booted as the registers say, and its launcher measured this shim
 * and this app. What it does not show: that a host which booted right does not look into its
 * enclaves. With swtpm it shows neither, for the TPM is the host's own program.
 */
public final class TpmPlatform implements Platform {
  /** The name of the emulator in configuration. */
  public static final String SWTPM = "swtpm";

  private static final int NONCE_BYTES = 32;
  private static final int CREDENTIAL_PART_BYTES_MAX = 1024;

  private final TpmSource source;
  private final SecureRandom random;

  TpmPlatform(TpmSource source, SecureRandom random) {
    this.source = source;
    this.random = random;
  }

  /**
   * One emulated TPM for each enclave.
   *
   * @param authority folder of the party's authority for emulated TPMs
   * @param temporary where a private folder is made; the enclaves' user must be able to reach it
   * @param unprivilegedUid user that emulators run as when this process runs as root
   * @throws EnvironmentException PLATFORM_UNAVAILABLE with what to run
   */
  public static TpmPlatform swtpm(
      Path authority, Path temporary, int unprivilegedUid, SecureRandom random) {
    try {
      return new TpmPlatform(
          SwtpmSource.open(authority, temporary, RunAs.current(unprivilegedUid)), random);
    } catch (IOException e) {
      throw unavailable(e);
    }
  }

  /**
   * The machine's own TPM.
   *
   * @param device the kernel's, with a resource manager
   * @param log private file for what is measured into it
   * @param issuers DER certificates above the endorsement key's
   * @param lists reads DER revocation lists of the issuers, anew for each enclave
   */
  public static TpmPlatform device(
      Path device,
      Path log,
      List<ByteString> issuers,
      Supplier<List<ByteString>> lists,
      SecureRandom random) {
    return new TpmPlatform(new DeviceSource(device, log, issuers, lists), random);
  }

  @Override
  public String kind() {
    return TpmPolicy.KIND;
  }

  @Override
  public boolean measuresApps() {
    return true;
  }

  @Override
  public Launch measure(Measurement what) {
    TpmPolicy wish = what.tpm();
    if (wish == null) {
      throw new EnvironmentException(
          Reason.PLATFORM_UNAVAILABLE, "the agreement does not say what it wants of a TPM");
    }
    try {
      TpmSource.Session session = source.open();
      try {
        TpmClient tpm = session.tpm();
        session.log().extend(tpm, MeasuredEvent.ofShim(what.shim(), what.isolation()));
        session.log().extend(tpm, MeasuredEvent.ofApp(what.app()));
        return new Measured(session, what, wish);
      } catch (IOException | RuntimeException e) {
        session.close();
        throw e;
      }
    } catch (IOException e) {
      throw unavailable(e);
    }
  }

  /**
   * What there is to know about the TPM; for emulated ones, about one of them. Measures nothing.
   *
   * @param pcrs registers to read
   * @throws EnvironmentException PLATFORM_UNAVAILABLE with what to do
   */
  public TpmFacts facts(Collection<Integer> pcrs) {
    try (TpmSource.Session session = source.open()) {
      session.log().check(session.tpm());
      return TpmFacts.of(session, pcrs);
    } catch (IOException e) {
      throw unavailable(e);
    }
  }

  @Override
  public void close() {
    source.close();
  }

  private static EnvironmentException unavailable(IOException e) {
    return new EnvironmentException(
        Reason.PLATFORM_UNAVAILABLE, String.valueOf(e.getMessage()), Map.of(), e);
  }

  private final class Measured implements Launch {
    private final TpmSource.Session session;
    private final Measurement what;
    private final TpmPolicy wish;

    Measured(TpmSource.Session session, Measurement what, TpmPolicy wish) {
      this.session = session;
      this.what = what;
      this.wish = wish;
    }

    @Override
    public synchronized ByteString attest(ReportData reportData, Credentials credentials) {
      try (Loaded key = AttestationKey.load(session.tpm())) {
        TpmDocument.Credential credential = credential(key, credentials);
        LaunchStatement launch = new LaunchStatement(reportData, what.shim(), what.isolation());
        Quoted quoted =
            Quoted.of(
                session.tpm(),
                key,
                session.log(),
                launch.quoteData(),
                new TreeSet<>(wish.pcrs().keySet()));
        return new TpmDocument(
                launch,
                key.sizedArea(),
                quoted.quote().attest(),
                quoted.quote().signature(),
                quoted.values(),
                quoted.events(),
                credential)
            .encode();
      } catch (IOException e) {
        throw unavailable(e);
      }
    }

    private TpmDocument.Credential credential(Loaded key, Credentials credentials)
        throws IOException {
      if (wish.attestationKeys().contains(AttestationKey.fingerprint(key))) {
        return new TpmDocument.Credential.None();
      }
      try (Certified endorsement = EndorsementKeys.load(session.tpm())) {
        List<ByteString> chain = new ArrayList<>(List.of(endorsement.certificate()));
        chain.addAll(session.issuers());
        Credential asked =
            checked(
                credentials.create(new Credentials.Wish(chain, session.lists(), key.sizedArea())));
        byte[] nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        ByteString answer =
            session
                .tpm()
                .activateCredential(
                    key,
                    endorsement.key(),
                    asked.blob(),
                    asked.encryptedSecret(),
                    ByteString.copyFrom(nonce));
        return new TpmDocument.Credential.Answer(asked.id(), answer);
      }
    }

    private static Credential checked(Credential credential) {
      for (ByteString part : List.of(credential.blob(), credential.encryptedSecret())) {
        if (part.isEmpty() || part.size() > CREDENTIAL_PART_BYTES_MAX) {
          throw new RefusedException(
              Reason.PEER_PROTOCOL_BROKEN,
              "the broker's credential has a part of %d bytes; expected 1 to %d"
                  .formatted(part.size(), CREDENTIAL_PART_BYTES_MAX));
        }
      }
      return credential;
    }

    @Override
    public void close() {
      session.close();
    }
  }
}
