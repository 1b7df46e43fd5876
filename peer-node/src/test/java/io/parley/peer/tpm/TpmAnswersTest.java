package io.parley.peer.tpm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A TPM may answer anything: each answer of a real emulation with each byte flipped, cut at every
 * length, and with one byte more. It is taken for what it says or is an IOException.
 */
class TpmAnswersTest {
  private static final int SIZE_AT = 2;
  private static final int EK_P256_CERTIFICATE = 0x01c0000a;
  private static final byte[] FLIPS = {0x01, 0x40, (byte) 0x80, (byte) 0xff};

  @FunctionalInterface
  private interface Use {
    void of(TpmClient tpm) throws IOException;
  }

  private static final Map<String, Use> USES = uses();

  private Path folder;
  private Emulator emulator;

  @BeforeEach
  void open() throws IOException {
    Swtpm.require();
    folder = Swtpm.folder();
    emulator = new Emulator(folder);
  }

  @AfterEach
  void close() throws IOException {
    if (emulator != null) {
      emulator.close();
      Swtpm.awaitNone(folder);
      Swtpm.delete(folder);
    }
  }

  @Test
  void anyAnswerIsTakenOrRefused() throws IOException {
    int refused = 0;
    for (Map.Entry<String, Use> use : USES.entrySet()) {
      List<byte[]> answers = record(use.getValue());
      assertThat(answers).as(use.getKey()).isNotEmpty();
      for (int i = 0; i < answers.size(); i++) {
        for (byte[] wrong : wrong(answers.get(i))) {
          List<byte[]> replayed = new ArrayList<>(answers);
          replayed.set(i, wrong);
          Throwable thrown = catchThrowable(() -> replay(replayed, use.getValue()));
          if (thrown != null) {
            assertThat(thrown).as("%s, answer %d", use.getKey(), i).isInstanceOf(IOException.class);
            refused++;
          }
        }
      }
    }
    assertThat(refused).isGreaterThan(1000);
  }

  @Test
  void aPublicAreaThatIsTooShortIsRefused() throws IOException {
    run(
        command -> {
          throw new IOException("not asked");
        },
        tpm -> {
          TpmClient.Loaded cut =
              new TpmClient.Loaded(tpm, 1, ByteString.copyFrom(new byte[7]), false);
          assertThat(catchThrowable(cut::isForItsPassword))
              .isInstanceOf(IOException.class)
              .hasMessageContaining("objectAttributes is cut off: 3 bytes of 4");
        });
  }

  private static Map<String, Use> uses() {
    Map<String, Use> uses = new LinkedHashMap<>();
    uses.put(
        "attestation key",
        tpm -> {
          try (TpmClient.Loaded key = AttestationKey.load(tpm)) {
            var _ = AttestationKey.fingerprint(key);
          }
        });
    uses.put(
        "quote",
        tpm -> {
          try (TpmClient.Loaded key = tpm.createPrimary(Tpm2.RH_ENDORSEMENT, Templates.AK_P256)) {
            var _ =
                tpm.quote(key, ByteString.copyFrom(new byte[32]), new TreeSet<>(List.of(0, 7, 16)));
          }
        });
    uses.put(
        "credential that the TPM refuses",
        tpm -> {
          try (TpmClient.Loaded endorsement =
                  tpm.createPrimary(Tpm2.RH_ENDORSEMENT, Templates.EK_P256);
              TpmClient.Loaded key = tpm.createPrimary(Tpm2.RH_ENDORSEMENT, Templates.AK_P256)) {
            ByteString two = ByteString.copyFrom(new byte[] {0, 2, 0, 0});
            var _ =
                tpm.activateCredential(
                    key, endorsement, two, two, ByteString.copyFrom(new byte[32]));
          }
        });
    uses.put("registers", tpm -> tpm.pcrs(IntStream.range(0, Tpm2.PCRS).boxed().toList()));
    uses.put("extend", tpm -> tpm.extend(16, Digest.of(ByteString.EMPTY)));
    uses.put("certificate", tpm -> tpm.readNv(EK_P256_CERTIFICATE));
    uses.put("properties", tpm -> tpm.properties(Tpm2.PT_MANUFACTURER, 1));
    uses.put("resets", TpmClient::resets);
    return uses;
  }

  private List<byte[]> record(Use use) {
    List<byte[]> answers = new ArrayList<>();
    Throwable thrown =
        catchThrowable(() ->
            run(
                command -> {
                  byte[] answer = emulator.answer(command);
                  answers.add(answer);
                  return answer;
                },
                use));
    assertThat(thrown)
        .satisfiesAnyOf(
            none -> assertThat(none).isNull(),
            refusal -> assertThat(refusal).isInstanceOf(TpmException.class));
    return answers;
  }

  private static void replay(List<byte[]> answers, Use use) throws IOException {
    Iterator<byte[]> next = answers.iterator();
    run(
        command -> {
          if (!next.hasNext()) {
            throw new IOException("no more answers");
          }
          return next.next();
        },
        use);
  }

  private static void run(AnsweringTpm tpm, Use use) throws IOException {
    try (TpmClient client = new TpmClient(tpm)) {
      use.of(client);
    }
  }

  /** The header says how long it is in all of them, as a transport makes sure. */
  private static List<byte[]> wrong(byte[] answer) {
    List<byte[]> wrong = new ArrayList<>();
    for (int at = 0; at < answer.length; at++) {
      for (byte flip : FLIPS) {
        byte[] flipped = answer.clone();
        flipped[at] ^= flip;
        wrong.add(flipped);
      }
    }
    for (int length = TpmTransport.HEADER_BYTES; length <= answer.length + 1; length++) {
      byte[] other = Arrays.copyOf(answer, length);
      ByteBuffer.wrap(other).putInt(SIZE_AT, length);
      if (length != answer.length) {
        wrong.add(other);
      }
    }
    return wrong;
  }
}
