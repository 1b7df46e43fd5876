package io.parley.peer.jobs;

/** Lets a fuzz target into this room. */
public final class ShimFrames {
  private ShimFrames() {}

  /** What a host does with a frame of its enclave, as text. */
  public static String read(byte[] frame) {
    ShimMessage message = ShimCodec.parse(frame);
    return message instanceof ShimMessage.Failed(var status)
        ? String.valueOf(ShimCodec.failure(status).getMessage())
        : message.toString();
  }
}
