package io.parley.identity;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Map;

/**
 * What an enclave server shows its party's node. The key is made where the server runs and never
 * leaves; the party's CA certifies it from afar. Never printed.
 *
 * @param tls the server's certificate and key
 */
public record EnclaveIdentity(TlsIdentity tls) {
  private static final String KEY = "enclave.key";
  private static final String REQUEST = "enclave.csr";
  private static final String CERTIFICATE = "enclave.crt";

  public EnclaveIdentity {
    if (tls.caller().role() != Role.ENCLAVE) {
      throw new RefusedException(
          Reason.INVALID_CONFIG,
          "certificate of %s is not an enclave server's".formatted(tls.caller()),
          Map.of("caller", tls.caller().toString()));
    }
  }

  /**
   * A fresh key and the request for its certificate, in a folder that is whole or not there.
   *
   * @throws RefusedException ALREADY_EXISTS when the folder is there and not empty; INVALID_REQUEST
   *     when a name is none
   */
  public static void create(Path folder, String party, String name, SecureRandom random) {
    if (!Names.isParty(party) || !Names.isLabel(name)) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "'%s' and '%s' must be lower-case letters, digits and hyphens, at most 63"
              .formatted(party, name),
          Map.of("party", party, "name", name));
    }
    KeyPair pair = CertificateAuthority.newPair(random);
    PrivateFiles.createFolder(
        folder,
        fresh -> {
          KeyFiles.create(fresh.resolve(KEY), pair.getPrivate());
          PrivateFiles.createPublic(
              fresh.resolve(REQUEST),
              CertificateRequest.encode(new Caller(party, Role.ENCLAVE, name), pair));
        });
  }

  /** The file that the party's operator needs to issue the certificate. */
  public static Path request(Path folder) {
    return folder.resolve(REQUEST);
  }

  /**
   * A certificate for an enclave server of this party: PEM, its own and then the CA's.
   *
   * @throws RefusedException NOT_YOURS when the request is another party's, INVALID_REQUEST when it
   *     is for another role, or {@code validity} is not positive
   */
  public static String issue(PartyIdentity party, CertificateRequest request, Duration validity) {
    Caller holder = request.holder();
    if (holder.role() != Role.ENCLAVE) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "the request is for %s; expected an enclave server".formatted(holder),
          Map.of("caller", holder.toString()));
    }
    if (!holder.party().equals(party.name())) {
      throw new RefusedException(
          Reason.NOT_YOURS,
          "the request is for %s; expected an enclave server of '%s'"
              .formatted(holder, party.name()),
          Map.of("caller", holder.toString(), "expected", party.name()));
    }
    X509Certificate leaf = party.ca().certify(holder, request.key(), validity);
    return new String(
        Pem.encode(
            Pem.CERTIFICATE,
            CaCertificate.der(leaf).toByteArray(),
            party.ca().certificate().der().toByteArray()),
        StandardCharsets.US_ASCII);
  }

  /**
   * Puts an issued certificate beside its key, in place of an older one.
   *
   * @throws RefusedException INVALID_CONFIG when it is not over this folder's key, or not what was
   *     asked for
   */
  public static EnclaveIdentity accept(Path folder, Path certificateFile) {
    EnclaveIdentity accepted =
        new EnclaveIdentity(TlsIdentity.load(certificateFile, folder.resolve(KEY)));
    Caller asked = CertificateRequest.parse(folder.resolve(REQUEST)).holder();
    if (!accepted.tls().caller().equals(asked)) {
      throw new RefusedException(
          Reason.INVALID_CONFIG,
          "%s is for %s; expected %s".formatted(certificateFile, accepted.tls().caller(), asked),
          Map.of("caller", accepted.tls().caller().toString(), "expected", asked.toString()));
    }
    accepted.tls().replace(folder.resolve(CERTIFICATE));
    return accepted;
  }

  /**
   * From a folder.
   *
   * @throws RefusedException INVALID_CONFIG when there is no certificate yet, or a file is open to
   *     others or does not belong to the others
   */
  public static EnclaveIdentity load(Path folder) {
    if (!Files.exists(folder.resolve(CERTIFICATE))) {
      throw new RefusedException(
          Reason.INVALID_CONFIG,
          "%s has no certificate yet: have %s enrolled ('parley enclave enroll'), then 'parley enclave accept'"
              .formatted(folder, request(folder)),
          Map.of("folder", folder.toString()));
    }
    return new EnclaveIdentity(TlsIdentity.load(folder.resolve(CERTIFICATE), folder.resolve(KEY)));
  }

  /** The party whose node it serves. */
  public String party() {
    return tls.caller().party();
  }

  /** The name that the node's configuration gives. */
  public String name() {
    return tls.caller().name();
  }
}
