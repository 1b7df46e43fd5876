package io.parley.link;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** {@code sendmsg} and {@code recvmsg} with descriptors beside the bytes (unix(7), SCM_RIGHTS). */
final class Messages {
  private static final int SCM_RIGHTS = 1;
  private static final int MSG_CTRUNC = 8;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int MSG_CMSG_CLOEXEC = 0x40000000;
  private static final Libc SENDMSG = Libc.function("sendmsg");
  private static final Libc RECVMSG = Libc.function("recvmsg");

  // struct msghdr of 64-bit Linux.
  private static final int HEADER_BYTES = 56;
  private static final int IOV = 16;
  private static final int IOV_COUNT = 24;
  private static final int CONTROL = 32;
  private static final int CONTROL_LENGTH = 40;
  private static final int FLAGS = 48;

  // struct cmsghdr: length, level, type; then the descriptors.
  private static final int CONTROL_HEADER_BYTES = 16;

  private Messages() {}

  /** Sends some of {@code bytes}; the descriptors go with the first of them. */
  static int send(int fd, MemorySegment bytes, List<Integer> descriptors) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment control = arena.allocate(space(descriptors.size()), 8);
      control.set(ValueLayout.JAVA_LONG, 0, CONTROL_HEADER_BYTES + 4L * descriptors.size());
      control.set(ValueLayout.JAVA_INT, 8, Sockets.SOL_SOCKET);
      control.set(ValueLayout.JAVA_INT, 12, SCM_RIGHTS);
      for (int i = 0; i < descriptors.size(); i++) {
        control.set(ValueLayout.JAVA_INT, CONTROL_HEADER_BYTES + 4L * i, descriptors.get(i));
      }
      MemorySegment header = header(bytes, control, arena);
      if (descriptors.isEmpty()) {
        header.set(ValueLayout.JAVA_LONG, CONTROL, 0);
        header.set(ValueLayout.JAVA_LONG, CONTROL_LENGTH, 0);
      }
      return call(SENDMSG, fd, header, MSG_NOSIGNAL, "sending to the other end of the link");
    }
  }

  /**
   * Receives some bytes, and adds the descriptors that came with them.
   *
   * @return bytes received, 0 at the end
   * @throws IOException also when more descriptors came than {@code most}; all of them are closed
   */
  static int receive(int fd, MemorySegment into, List<Descriptor> descriptors, int most)
      throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment control = arena.allocate(space(most), 8);
      MemorySegment header = header(into, control, arena);
      int count =
          call(RECVMSG, fd, header, MSG_CMSG_CLOEXEC, "receiving from the other end of the link");
      List<Descriptor> came = taken(header, control);
      descriptors.addAll(came);
      if ((header.get(ValueLayout.JAVA_INT, FLAGS) & MSG_CTRUNC) != 0) {
        throw new IOException("more than %d descriptors came with one frame".formatted(most));
      }
      return count;
    }
  }

  private static List<Descriptor> taken(MemorySegment header, MemorySegment control) {
    long controlLength = header.get(ValueLayout.JAVA_LONG, CONTROL_LENGTH);
    List<Descriptor> came = new ArrayList<>();
    if (controlLength < CONTROL_HEADER_BYTES
        || control.get(ValueLayout.JAVA_INT, 8) != Sockets.SOL_SOCKET
        || control.get(ValueLayout.JAVA_INT, 12) != SCM_RIGHTS) {
      return came;
    }
    long length = Math.min(control.get(ValueLayout.JAVA_LONG, 0), controlLength);
    for (long at = CONTROL_HEADER_BYTES; at + 4 <= length; at += 4) {
      came.add(Descriptor.adopt(control.get(ValueLayout.JAVA_INT, at)));
    }
    return came;
  }

  private static MemorySegment header(MemorySegment bytes, MemorySegment control, Arena arena) {
    MemorySegment iov = arena.allocate(16, 8);
    iov.set(ValueLayout.JAVA_LONG, 0, bytes.address());
    iov.set(ValueLayout.JAVA_LONG, 8, bytes.byteSize());
    MemorySegment header = arena.allocate(HEADER_BYTES, 8);
    header.set(ValueLayout.JAVA_LONG, IOV, iov.address());
    header.set(ValueLayout.JAVA_LONG, IOV_COUNT, 1);
    header.set(ValueLayout.JAVA_LONG, CONTROL, control.address());
    header.set(ValueLayout.JAVA_LONG, CONTROL_LENGTH, control.byteSize());
    return header;
  }

  private static int call(Libc call, int fd, MemorySegment header, int flags, String what)
      throws IOException {
    while (true) {
      long answer = call.callLong(fd, header.address(), flags);
      if (answer >= 0) {
        return (int) answer;
      }
      if (answer != -Errno.EINTR) {
        throw Errno.failure(what, answer);
      }
    }
  }

  private static long space(int count) {
    return CONTROL_HEADER_BYTES + ((4L * count + 7) & ~7L);
  }
}
