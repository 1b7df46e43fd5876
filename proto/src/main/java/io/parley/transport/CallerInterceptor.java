package io.parley.transport;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.parley.agreement.Party;
import io.parley.identity.CaCertificate;
import io.parley.identity.Caller;
import io.parley.identity.CertificateCheck;
import io.parley.identity.Membership;
import io.parley.identity.Role;
import io.parley.wire.BugException;
import io.parley.wire.Reason;
import io.parley.wire.Recent;
import io.parley.wire.RefusedException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * Puts who calls into the call's context, after checking the certificate against the membership
 * list and the clock as they are now. Default deny: without a member's certificate only the methods
 * named as open go through.
 *
 * <p>A call that is running, such as a stream, ends with the same refusal within seconds of the
 * moment at which it would be refused if it were made anew: {@link RunningCalls}. Thread-safe. Must
 * run inside {@link ErrorInterceptor}.
 */
public final class CallerInterceptor implements ServerInterceptor {
  private static final Context.Key<Who> WHO = Context.key("parley-caller");
  private static final int MAX_REMEMBERED = 1024;

  private final Supplier<Membership> members;
  private final InstantSource clock;
  private final Set<String> openMethods;
  private final Verified verified = new Verified();
  private final RunningCalls running = new RunningCalls();

  /**
   * @param openMethods full gRPC names, such as {@code parley.peer.v1.ConsortiumService/Join}, that
   *     a client without a certificate may call
   */
  public CallerInterceptor(
      Supplier<Membership> members, InstantSource clock, Set<String> openMethods) {
    this.members = members;
    this.clock = clock;
    this.openMethods = Set.copyOf(openMethods);
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    @Nullable X509Certificate leaf = leaf(call);
    if (leaf != null) {
      Context context = Context.current().withValue(WHO, authenticate(leaf));
      return running.start(
          call,
          () -> authenticate(leaf),
          watched -> Contexts.interceptCall(context, watched, headers, next));
    }
    String method = call.getMethodDescriptor().getFullMethodName();
    if (!openMethods.contains(method)) {
      throw new RefusedException(
          Reason.UNAUTHENTICATED,
          "%s needs a member's client certificate, and none was shown".formatted(method),
          Map.of("method", method));
    }
    // Whatever an outer context says, here is nobody.
    return Contexts.interceptCall(Context.current().withValue(WHO, null), call, headers, next);
  }

  /** One list for both, so that a name cannot have changed hands between them. */
  private Who authenticate(X509Certificate leaf) {
    Membership current = members.get();
    Caller caller = verified.caller(leaf, current, clock.instant());
    return new Who(caller, current);
  }

  /** The client's own certificate; null when it showed none. */
  static @Nullable X509Certificate leaf(ServerCall<?, ?> call) {
    @Nullable SSLSession session = call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
    if (session == null || !session.getProtocol().equals("TLSv1.3")) {
      throw new RefusedException(
          Reason.UNAUTHENTICATED, "calls must come over TLS 1.3, and this one did not");
    }
    try {
      Certificate[] chain = session.getPeerCertificates();
      if (chain.length > 0 && chain[0] instanceof X509Certificate leaf) {
        return leaf;
      }
      throw new RefusedException(Reason.UNAUTHENTICATED, "client's certificate is not X.509");
    } catch (SSLPeerUnverifiedException e) {
      return null;
    }
  }

  /**
   * Who makes the current call.
   *
   * @throws RefusedException UNAUTHENTICATED in a method that is open to all, when no certificate
   *     was shown
   */
  public static Caller caller() {
    return who().caller();
  }

  /**
   * The caller's party, as it stands in the very membership list that its certificate was checked
   * against: with its keys, which tell it from others that had or will have its name.
   *
   * @throws RefusedException as {@link #caller}; NOT_A_MEMBER for a broker
   */
  public static Party party() {
    Who who = who();
    return who.members().member(who.caller().party()).party();
  }

  private static Who who() {
    @Nullable Who who = WHO.get();
    if (who == null) {
      throw new RefusedException(
          Reason.UNAUTHENTICATED, "this call needs a member's client certificate");
    }
    return who;
  }

  /**
   * Who makes the current call, when it is in one of these roles.
   *
   * @throws RefusedException ROLE_MISSING when it is not
   */
  public static Caller requireRole(Role... roles) {
    if (roles.length == 0) {
      throw new BugException("no role would ever do");
    }
    Caller caller = caller();
    if (!Arrays.asList(roles).contains(caller.role())) {
      String expected = Arrays.stream(roles).map(Role::text).collect(Collectors.joining(" or "));
      throw new RefusedException(
          Reason.ROLE_MISSING,
          "%s may not do this; it takes the role %s".formatted(caller, expected),
          Map.of("caller", caller.toString(), "expected", expected));
    }
    return caller;
  }

  /**
   * Who makes the current call, when it is of this party and in one of these roles.
   *
   * @throws RefusedException ROLE_MISSING or NOT_YOURS when it is not
   */
  public static Caller requireParty(String party, Role... roles) {
    Caller caller = requireRole(roles);
    if (!caller.party().equals(party)) {
      throw new RefusedException(
          Reason.NOT_YOURS,
          "%s may not do this; it takes somebody of '%s'".formatted(caller, party),
          Map.of("caller", caller.toString(), "expected", party));
    }
    return caller;
  }

  private record Who(Caller caller, Membership members) {}

  /**
   * Remembers which certificates a CA has signed, since a signature check at every call would cost
   * more than many calls do. Dates and the membership list are looked at every time.
   */
  private static final class Verified {
    private record Signed(Caller caller, CaCertificate ca) {}

    private final Recent<X509Certificate, Signed> remembered = new Recent<>(MAX_REMEMBERED);

    Caller caller(X509Certificate leaf, Membership members, Instant now) {
      @Nullable Signed known = remembered.find(leaf);
      if (known != null && members.caOf(known.caller()).equals(known.ca())) {
        CertificateCheck.checkDates(known.ca().x509(), now, known.caller());
        CertificateCheck.checkDates(leaf, now, known.caller());
        return known.caller();
      }
      Caller caller =
          CertificateCheck.verify(List.of(leaf), members::caOf, CertificateCheck.Use.CLIENT, now);
      remembered.add(leaf, new Signed(caller, members.caOf(caller)));
      return caller;
    }
  }
}
