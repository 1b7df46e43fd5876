package io.parley.peer.grpc;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.StatusRuntimeException;
import io.parley.identity.Caller;
import io.parley.identity.Role;
import io.parley.proto.peer.v1.AppServiceGrpc;
import io.parley.proto.peer.v1.ConsortiumServiceGrpc;
import io.parley.proto.peer.v1.DatasetServiceGrpc;
import io.parley.proto.peer.v1.JobServiceGrpc;
import io.parley.proto.peer.v1.NodeServiceGrpc;
import io.parley.proto.peer.v1.PeerServiceGrpc;
import io.parley.transport.GrpcStatuses;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Who may call what: a table of all methods. A method that is not in it is refused, so a new one is
 * closed until somebody decides. Thread-safe.
 */
public final class Roles implements ServerInterceptor {
  /** Who a method is for. */
  enum For {
    /** Analysts and operators of the own party. */
    CLIENTS,
    /** Operators of the own party. */
    OPERATORS,
    /** Nodes of member parties. */
    PEERS,
    /** Operators of the own party, and nodes of member parties. */
    OPERATORS_AND_PEERS,
    /** Whoever has an invitation; the method itself looks at it. */
    STRANGERS,
    /** Any member's certificate: health and reflection. */
    MEMBERS
  }

  private static final Map<String, For> TABLE = table();

  private final String party;
  private final Supplier<@Nullable Caller> caller;

  /**
   * @param caller who makes the current call, or null for a stranger
   */
  public Roles(String party, Supplier<@Nullable Caller> caller) {
    this.party = party;
    this.caller = caller;
  }

  private static Map<String, For> table() {
    Map<String, For> table = new HashMap<>();
    JobServiceGrpc.getServiceDescriptor()
        .getMethods()
        .forEach(method -> table.put(method.getFullMethodName(), For.CLIENTS));
    PeerServiceGrpc.getServiceDescriptor()
        .getMethods()
        .forEach(method -> table.put(method.getFullMethodName(), For.PEERS));
    put(table, DatasetServiceGrpc.getAddDatasetMethod(), For.OPERATORS);
    put(table, DatasetServiceGrpc.getListDatasetsMethod(), For.CLIENTS);
    put(table, DatasetServiceGrpc.getRemoveDatasetMethod(), For.OPERATORS);
    put(table, AppServiceGrpc.getAddAppMethod(), For.OPERATORS);
    put(table, AppServiceGrpc.getListAppsMethod(), For.CLIENTS);
    put(table, NodeServiceGrpc.getGetNodeMethod(), For.CLIENTS);
    put(table, ConsortiumServiceGrpc.getCreateInvitationMethod(), For.OPERATORS);
    put(table, ConsortiumServiceGrpc.getJoinMethod(), For.STRANGERS);
    put(table, ConsortiumServiceGrpc.getProposeRemovalMethod(), For.OPERATORS);
    put(table, ConsortiumServiceGrpc.getGetConsortiumMethod(), For.OPERATORS_AND_PEERS);
    put(table, ConsortiumServiceGrpc.getSignProposalMethod(), For.OPERATORS_AND_PEERS);
    table.put("grpc.health.v1.Health/Check", For.MEMBERS);
    table.put("grpc.health.v1.Health/Watch", For.MEMBERS);
    table.put("grpc.reflection.v1.ServerReflection/ServerReflectionInfo", For.MEMBERS);
    return Map.copyOf(table);
  }

  private static void put(Map<String, For> table, MethodDescriptor<?, ?> method, For who) {
    table.put(method.getFullMethodName(), who);
  }

  @Override
  public <A, B> ServerCall.Listener<A> interceptCall(
      ServerCall<A, B> call, Metadata headers, ServerCallHandler<A, B> next) {
    String method = call.getMethodDescriptor().getFullMethodName();
    try {
      check(method, caller.get());
    } catch (RefusedException e) {
      StatusRuntimeException status = GrpcStatuses.toGrpc(e);
      @Nullable Metadata trailers = status.getTrailers();
      call.close(status.getStatus(), trailers == null ? new Metadata() : trailers);
      return new ServerCall.Listener<>() {};
    }
    return next.startCall(call, headers);
  }

  void check(String method, @Nullable Caller who) {
    @Nullable For allowed = TABLE.get(method);
    if (allowed == null) {
      throw refused(method, who, "nobody may call it");
    }
    if (allowed == For.STRANGERS) {
      return;
    }
    if (who == null) {
      throw new RefusedException(
          Reason.UNAUTHENTICATED,
          "%s needs a certificate of a member party".formatted(method),
          Map.of("method", method));
    }
    if (!allows(allowed, who)) {
      throw refused(method, who, "it is for " + text(allowed));
    }
  }

  private boolean allows(For allowed, Caller who) {
    boolean own = who.party().equals(party);
    boolean operator = own && who.role() == Role.OPERATOR;
    return switch (allowed) {
      case CLIENTS -> operator || (own && who.role() == Role.ANALYST);
      case OPERATORS -> operator;
      case PEERS -> who.role() == Role.NODE;
      case OPERATORS_AND_PEERS -> operator || who.role() == Role.NODE;
      case STRANGERS, MEMBERS -> true;
    };
  }

  private String text(For allowed) {
    return switch (allowed) {
      case CLIENTS -> "analysts and operators of '%s'".formatted(party);
      case OPERATORS -> "operators of '%s'".formatted(party);
      case PEERS -> "nodes of member parties";
      case OPERATORS_AND_PEERS -> "operators of '%s' and nodes of member parties".formatted(party);
      case STRANGERS, MEMBERS -> "everyone";
    };
  }

  private static RefusedException refused(String method, @Nullable Caller who, String why) {
    return new RefusedException(
        Reason.ROLE_MISSING,
        "%s may not call %s: %s".formatted(who, method, why),
        Map.of("caller", String.valueOf(who), "method", method));
  }
}
