package io.parley.seal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.wire.BugException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SecretTest {
  private static final byte[] BYTES = {1, 2, 3, 4};

  @Test
  void bytes_areRead() {
    try (Secret secret = Secret.copyOf(BYTES)) {
      assertThat(secret.<byte[], RuntimeException>use(byte[]::clone)).isEqualTo(BYTES);
      assertThat(secret.sizeBytes()).isEqualTo(4);
    }
  }

  @Test
  void changingTheSource_doesNotChangeTheSecret() {
    byte[] source = BYTES.clone();
    try (Secret secret = Secret.copyOf(source);
        Secret expected = Secret.copyOf(BYTES)) {
      source[0] = 9;

      assertThat(secret).isEqualTo(expected);
    }
  }

  @Test
  void moving_wipesTheSource() {
    byte[] source = BYTES.clone();
    try (Secret secret = Secret.moveFrom(source);
        Secret expected = Secret.copyOf(BYTES)) {
      assertThat(source).containsOnly(0);
      assertThat(secret).isEqualTo(expected);
    }
  }

  @Test
  void closing_wipesTheBytes() {
    Secret secret = Secret.copyOf(BYTES);
    byte[] inner = secret.use(bytes -> bytes);

    secret.close();

    assertThat(inner).containsOnly(0);
  }

  @Test
  void closedSecret_givesNothing() {
    Secret secret = Secret.copyOf(BYTES);
    secret.close();
    secret.close();

    assertThatThrownBy(() -> secret.use(bytes -> bytes.length)).isInstanceOf(BugException.class);
    assertThatThrownBy(secret::copy).isInstanceOf(BugException.class);
    assertThatThrownBy(() -> assertThat(secret.equals(Secret.copyOf(BYTES))).isFalse())
        .isInstanceOf(BugException.class);
  }

  @Test
  void copy_livesOn() {
    Secret secret = Secret.copyOf(BYTES);
    try (Secret copy = secret.copy();
        Secret expected = Secret.copyOf(BYTES)) {
      secret.close();

      assertThat(copy).isEqualTo(expected);
    }
  }

  @Test
  void text_neverHoldsTheBytes() {
    try (Secret secret = Secret.copyOf("hunter2".getBytes(StandardCharsets.UTF_8))) {
      assertThat(secret.toString()).isEqualTo("Secret[7 bytes]");
      assertThat(String.valueOf(List.of(secret))).doesNotContain("hunter2");
    }
  }

  @Test
  void equality_isByContent() {
    try (Secret one = Secret.copyOf(BYTES);
        Secret same = Secret.copyOf(BYTES);
        Secret different = Secret.copyOf(new byte[] {1, 2, 3, 5});
        Secret longer = Secret.copyOf(new byte[] {1, 2, 3, 4, 0})) {
      assertThat(one).isEqualTo(same).hasSameHashCodeAs(same);
      assertThat(one).isNotEqualTo(different).isNotEqualTo(longer).isNotEqualTo("text");
    }
  }

  @Test
  void comparingBothWaysInTwoThreads_doesNotDeadlock() throws Exception {
    try (Secret one = Secret.copyOf(BYTES);
        Secret same = Secret.copyOf(BYTES)) {
      CompletableFuture<Void> there = CompletableFuture.runAsync(() -> compare(one, same));
      CompletableFuture<Void> back = CompletableFuture.runAsync(() -> compare(same, one));

      CompletableFuture.allOf(there, back).get(20, TimeUnit.SECONDS);
    }
  }

  @Test
  void randomSecrets_differ() {
    SecureRandom random = new SecureRandom();
    try (Secret one = Secret.random(32, random);
        Secret other = Secret.random(32, random)) {
      assertThat(one.sizeBytes()).isEqualTo(32);
      assertThat(one).isNotEqualTo(other);
    }
  }

  @Test
  void exceptionOfTheReader_passesThrough() {
    try (Secret secret = Secret.copyOf(BYTES)) {
      assertThatThrownBy(() ->
              secret.use(bytes -> {
                throw new IOException("disk");
              }))
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void secret_serves_asAKeyOfJca() throws Exception {
    try (Secret secret = Secret.copyOf(BYTES)) {
      byte[] tag =
          secret.use(bytes -> {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(bytes, "HmacSHA256"));
            return mac.doFinal(new byte[0]);
          });
      assertThat(tag).hasSize(32);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 65537})
  void strangeSizes_areBugs(int size) {
    assertThatThrownBy(() -> Secret.random(size, new SecureRandom()))
        .isInstanceOf(BugException.class);
  }

  private static void compare(Secret one, Secret other) {
    for (int i = 0; i < 20_000; i++) {
      if (!one.equals(other)) {
        throw new AssertionError("equal secrets differ");
      }
    }
  }
}
