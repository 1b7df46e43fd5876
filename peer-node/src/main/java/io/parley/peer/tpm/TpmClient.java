package io.parley.peer.tpm;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * One TPM's commands, as far as attestation needs them (TPM 2.0 Library, Part 3). Answers are read
 * strictly. Not thread-safe. After a failure other than a {@link TpmException} the connection is of
 * no use, and every later command says so.
 */
final class TpmClient implements AutoCloseable {
  private static final int RETRIES_MAX = 20;
  private static final long RETRY_MILLIS = 10;
  private static final Set<Integer> LATER =
      Set.of(ResponseCode.RETRY, ResponseCode.YIELDED, ResponseCode.TESTING);
  private static final int PCRS_PER_READ = 8;
  private static final int NV_BYTES_MAX = 8192;
  private static final int NV_CHUNK_BYTES = 512;
  private static final int PUBLIC_BYTES_MAX = 1024;
  private static final int ATTEST_BYTES_MAX = 1024;
  private static final int ANY_BYTES_MAX = TpmTransport.MAX_BYTES;

  /**
   * An object or a session inside the TPM; {@link #close} removes it from there.
   *
   * @param area TPMT_PUBLIC, empty for a session
   */
  record Loaded(TpmClient tpm, int handle, ByteString area, boolean temporary)
      implements AutoCloseable {
    /** TPM2B_PUBLIC. */
    ByteString sizedArea() {
      return ByteString.copyFrom(new byte[] {(byte) (area.size() >>> 8), (byte) area.size()})
          .concat(area);
    }

    /** Whether its password, which is empty, is enough to use it. */
    boolean isForItsPassword() throws IOException {
      Response in = new Response("CreatePrimary or ReadPublic", area);
      in.u16("type");
      in.u16("nameAlg");
      return (in.u32("objectAttributes") & Tpm2.USER_WITH_AUTH) != 0;
    }

    @Override
    public void close() throws IOException {
      if (temporary && !tpm.broken) {
        tpm.flush(handle);
      }
    }
  }

  /** What the TPM signed, and how: TPMS_ATTEST and TPMT_SIGNATURE. */
  record Quote(ByteString attest, ByteString signature) {}

  private final TpmTransport transport;
  private boolean broken;

  TpmClient(TpmTransport transport) {
    this.transport = transport;
  }

  /** A key that this TPM always derives anew from its seed and the template. */
  Loaded createPrimary(int hierarchy, ByteString template) throws IOException {
    Command command =
        Command.authorized("CreatePrimary", Tpm2.CC_CREATE_PRIMARY, hierarchy)
            .u16(Short.BYTES + Short.BYTES)
            .u16(0)
            .u16(0)
            .sized(template)
            .u16(0)
            .u32(0);
    Answer answer = execute(command, 1);
    Response in = answer.parameters();
    ByteString area = in.sized("outPublic", PUBLIC_BYTES_MAX);
    in.sized("creationData", ANY_BYTES_MAX);
    in.sized("creationHash", ANY_BYTES_MAX);
    in.u16("creationTicket.tag");
    in.u32("creationTicket.hierarchy");
    in.sized("creationTicket.digest", ANY_BYTES_MAX);
    in.sized("name", ANY_BYTES_MAX);
    in.end();
    return new Loaded(this, answer.handle(), area, true);
  }

  /** A key that was made permanent before. */
  Loaded readPublic(int handle) throws IOException {
    Response in = execute(Command.plain("ReadPublic", Tpm2.CC_READ_PUBLIC, handle), 0).parameters();
    ByteString area = in.sized("outPublic", PUBLIC_BYTES_MAX);
    in.sized("name", ANY_BYTES_MAX);
    in.sized("qualifiedName", ANY_BYTES_MAX);
    in.end();
    return new Loaded(this, handle, area, false);
  }

  /** Adds to a register: SHA-256 of what it held and this digest. */
  void extend(int pcr, Digest digest) throws IOException {
    Command command =
        Command.authorized("PCR_Extend", Tpm2.CC_PCR_EXTEND, pcr)
            .u32(1)
            .u16(Tpm2.ALG_SHA256)
            .bytes(digest.value());
    execute(command, 0).parameters().end();
  }

  /** The SHA-256 bank's values of these registers. */
  SortedMap<Integer, Digest> pcrs(Collection<Integer> wanted) throws IOException {
    TreeMap<Integer, Digest> values = new TreeMap<>();
    List<Integer> sorted = List.copyOf(new TreeSet<>(wanted));
    for (int from = 0; from < sorted.size(); from += PCRS_PER_READ) {
      readPcrs(sorted.subList(from, Math.min(sorted.size(), from + PCRS_PER_READ)), values);
    }
    return Collections.unmodifiableSortedMap(values);
  }

  private void readPcrs(List<Integer> wanted, SortedMap<Integer, Digest> values)
      throws IOException {
    ByteString selection = selection(wanted);
    Response in =
        execute(Command.plain("PCR_Read", Tpm2.CC_PCR_READ).bytes(selection), 0).parameters();
    in.u32("pcrUpdateCounter");
    if (!in.take("pcrSelectionOut", selection.size()).equals(selection)) {
      throw new IOException(
          "the TPM has no SHA-256 bank of PCRs %s; switch it on in the firmware's settings"
              .formatted(wanted));
    }
    in.expect("pcrValues.count", in.u32("pcrValues.count"), wanted.size());
    for (int pcr : wanted) {
      in.expect("pcrValues.size", in.u16("pcrValues.size"), Digest.SIZE_BYTES);
      values.put(pcr, new Digest(in.take("pcrValues", Digest.SIZE_BYTES)));
    }
    in.end();
  }

  /** TPML_PCR_SELECTION of the SHA-256 bank. */
  static ByteString selection(Collection<Integer> pcrs) {
    byte[] bits = new byte[Tpm2.PCR_SELECT_BYTES];
    for (int pcr : pcrs) {
      if (pcr < 0 || pcr >= Tpm2.PCRS) {
        throw new IllegalArgumentException("there is no PCR %d".formatted(pcr));
      }
      bits[pcr / Byte.SIZE] |= (byte) (1 << (pcr % Byte.SIZE));
    }
    ByteBuffer out = ByteBuffer.allocate(Integer.BYTES + Short.BYTES + Byte.BYTES + bits.length);
    out.putInt(1).putShort((short) Tpm2.ALG_SHA256).put((byte) bits.length).put(bits).flip();
    return ByteString.copyFrom(out);
  }

  /** Signs the registers' values and these bytes with a restricted key. */
  Quote quote(Loaded key, ByteString extraData, SortedSet<Integer> pcrs) throws IOException {
    Command command =
        Command.authorized("Quote", Tpm2.CC_QUOTE, key.handle())
            .sized(extraData)
            .u16(Tpm2.ALG_NULL)
            .bytes(selection(pcrs));
    Response in = execute(command, 0).parameters();
    ByteString attest = in.sized("quoted", ATTEST_BYTES_MAX);
    return new Quote(attest, in.rest());
  }

  /** Reads a secret that is for this TPM and this attestation key only. */
  ByteString activateCredential(
      Loaded key, Loaded endorsement, ByteString blob, ByteString encryptedSecret, ByteString nonce)
      throws IOException {
    if (endorsement.isForItsPassword()) {
      return activateCredential(key, endorsement, Tpm2.RS_PW, blob, encryptedSecret);
    }
    try (Loaded session = startPolicySession(nonce)) {
      policySecret(session);
      return activateCredential(key, endorsement, session.handle(), blob, encryptedSecret);
    }
  }

  private ByteString activateCredential(
      Loaded key, Loaded endorsement, int session, ByteString blob, ByteString encryptedSecret)
      throws IOException {
    Command command =
        Command.authorized(
                "ActivateCredential",
                Tpm2.CC_ACTIVATE_CREDENTIAL,
                List.of(Tpm2.RS_PW, session),
                key.handle(),
                endorsement.handle())
            .bytes(blob)
            .bytes(encryptedSecret);
    Response in = execute(command, 0).parameters();
    ByteString secret = in.sized("certInfo", Tpm2.SHA256_BYTES);
    in.end();
    return secret;
  }

  /**
   * What endorsement keys of the low range ask for: the endorsement hierarchy's password, which is
   * empty.
   */
  private void policySecret(Loaded session) throws IOException {
    Command command =
        Command.authorized(
                "PolicySecret", Tpm2.CC_POLICY_SECRET, Tpm2.RH_ENDORSEMENT, session.handle())
            .u16(0)
            .u16(0)
            .u16(0)
            .u32(0);
    Response in = execute(command, 0).parameters();
    in.sized("timeout", ANY_BYTES_MAX);
    in.u16("policyTicket.tag");
    in.u32("policyTicket.hierarchy");
    in.sized("policyTicket.digest", ANY_BYTES_MAX);
    in.end();
  }

  private Loaded startPolicySession(ByteString nonce) throws IOException {
    Command command =
        Command.plain("StartAuthSession", Tpm2.CC_START_AUTH_SESSION, Tpm2.RH_NULL, Tpm2.RH_NULL)
            .sized(nonce)
            .u16(0)
            .u8(Tpm2.SE_POLICY)
            .u16(Tpm2.ALG_NULL)
            .u16(Tpm2.ALG_SHA256);
    Answer answer = execute(command, 1);
    answer.parameters().sized("nonceTPM", ANY_BYTES_MAX);
    answer.parameters().end();
    return new Loaded(this, answer.handle(), ByteString.EMPTY, true);
  }

  /** All of a non-volatile area that everybody may read. */
  ByteString readNv(int index) throws IOException {
    Response in =
        execute(Command.plain("NV_ReadPublic", Tpm2.CC_NV_READ_PUBLIC, index), 0).parameters();
    Response area = new Response("NV_ReadPublic", in.sized("nvPublic", ANY_BYTES_MAX));
    in.sized("nvName", ANY_BYTES_MAX);
    in.end();
    area.expect("nvIndex", area.u32("nvIndex"), index);
    area.u16("nameAlg");
    area.u32("attributes");
    area.sized("authPolicy", ANY_BYTES_MAX);
    int size = area.u16("dataSize");
    area.end();
    if (size == 0 || size > NV_BYTES_MAX) {
      throw new IOException(
          "the TPM's NV index 0x%08x has %d bytes; expected 1 to %d"
              .formatted(index, size, NV_BYTES_MAX));
    }
    ByteString bytes = ByteString.EMPTY;
    while (bytes.size() < size) {
      bytes =
          bytes.concat(readNv(index, Math.min(NV_CHUNK_BYTES, size - bytes.size()), bytes.size()));
    }
    return bytes;
  }

  private ByteString readNv(int index, int size, int offset) throws IOException {
    // The area authorises itself, so that the owner's password does not matter.
    Command command =
        Command.authorized("NV_Read", Tpm2.CC_NV_READ, index, index).u16(size).u16(offset);
    Response in = execute(command, 0).parameters();
    in.expect("data.size", in.u16("data.size"), size);
    ByteString bytes = in.take("data", size);
    in.end();
    return bytes;
  }

  /** Fixed properties from this one on. */
  List<Integer> properties(int first, int count) throws IOException {
    Command command =
        Command.plain("GetCapability", Tpm2.CC_GET_CAPABILITY)
            .u32(Tpm2.CAP_TPM_PROPERTIES)
            .u32(first)
            .u32(count);
    Response in = execute(command, 0).parameters();
    in.u8("moreData");
    in.expect("capability", in.u32("capability"), Tpm2.CAP_TPM_PROPERTIES);
    in.expect("count", in.u32("count"), count);
    List<Integer> values = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      in.expect("property", in.u32("property"), first + i);
      values.add(in.u32("value"));
    }
    in.end();
    return values;
  }

  /** How often the TPM was reset, which clears its registers: once for each boot of the machine. */
  int resets() throws IOException {
    Response in = execute(Command.plain("ReadClock", Tpm2.CC_READ_CLOCK), 0).parameters();
    in.take("time", Long.BYTES);
    in.take("clock", Long.BYTES);
    int resets = in.u32("resetCount");
    in.u32("restartCount");
    in.u8("safe");
    in.end();
    return resets;
  }

  private void flush(int handle) throws IOException {
    execute(Command.plain("FlushContext", Tpm2.CC_FLUSH_CONTEXT).u32(handle), 0).parameters().end();
  }

  private record Answer(int handle, Response parameters) {}

  private Answer execute(Command command, int handles) throws IOException {
    if (broken) {
      throw new IOException("the connection to the TPM broke before " + command.name());
    }
    boolean understood = false;
    try {
      Answer answer = parse(command, handles, transmit(command));
      understood = true;
      return answer;
    } catch (TpmException e) {
      understood = true;
      throw e;
    } finally {
      broken = !understood;
    }
  }

  private byte[] transmit(Command command) throws IOException {
    byte[] bytes = command.finish();
    byte[] answer = transport.transmit(bytes);
    for (int i = 0; i < RETRIES_MAX && LATER.contains(code(command, answer)); i++) {
      pause();
      answer = transport.transmit(bytes);
    }
    return answer;
  }

  private static int code(Command command, byte[] answer) throws IOException {
    Response in = new Response(command.name(), ByteBuffer.wrap(answer));
    in.take("header", Short.BYTES + Integer.BYTES);
    return in.u32("responseCode");
  }

  private static Answer parse(Command command, int handles, byte[] answer) throws IOException {
    Response in = new Response(command.name(), ByteBuffer.wrap(answer));
    int tag = in.u16("tag");
    in.expect("responseSize", in.u32("responseSize"), answer.length);
    int code = in.u32("responseCode");
    if (code != ResponseCode.SUCCESS) {
      in.end();
      throw new TpmException(command.name(), code);
    }
    in.expect("tag", tag, command.hasSessions() ? Tpm2.ST_SESSIONS : Tpm2.ST_NO_SESSIONS);
    int handle = handles == 0 ? 0 : in.u32("handle");
    if (!command.hasSessions()) {
      return new Answer(handle, new Response(command.name(), in.rest()));
    }
    int size = in.u32("parameterSize");
    if (size < 0 || size > answer.length) {
      throw new IOException(
          "the TPM's answer to %s has parameters of %d bytes in %d"
              .formatted(command.name(), Integer.toUnsignedLong(size), answer.length));
    }
    return new Answer(handle, new Response(command.name(), in.take("parameters", size)));
  }

  private static void pause() throws IOException {
    try {
      Thread.sleep(RETRY_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while the TPM worked", e);
    }
  }

  @Override
  public void close() {
    transport.close();
  }
}
