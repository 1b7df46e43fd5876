package io.parley.rules;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.parley.rules.DataType.Kind;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.Optional;

/** Constants, parameters and casts of the parse tree. */
final class Literals {
  private static final int MAX_TEXT = 1 << 16;

  private Literals() {}

  static Expr constant(JsonNode node) {
    Tree.only(node, "value");
    JsonNode value = node.path("value");
    String id = value.path("type").path("id").asText();
    if (value.path("is_null").asBoolean()) {
      return new Expr.Const(Optional.empty(), DataType.TEXT);
    }
    JsonNode content = value.path("value");
    return switch (id) {
      case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UBIGINT", "UINTEGER" ->
          of(whole(content).toString(), DataType.BIGINT);
      case "DECIMAL" -> decimal(value.path("type").path("type_info"), content);
      case "DOUBLE", "FLOAT" -> floating(content);
      case "VARCHAR" -> text(content.asText());
      case "BOOLEAN" -> of(Boolean.toString(content.asBoolean()), DataType.BOOLEAN);
      default ->
          throw new RuleException(
              "RULE_TYPE", "a constant of type %s has no use here".formatted(id));
    };
  }

  private static Expr.Const of(String text, DataType type) {
    return new Expr.Const(Optional.of(text), type);
  }

  private static Expr text(String text) {
    Tree.require(
        text.length() <= MAX_TEXT && text.indexOf('\0') < 0,
        "a text in the query is longer than %d characters, or holds a NUL".formatted(MAX_TEXT));
    return of(text, DataType.TEXT);
  }

  private static Expr floating(JsonNode content) {
    double number = content.isNumber() ? content.asDouble() : Double.NaN;
    Tree.require(Double.isFinite(number), "a number in the query is not finite");
    return of(new BigDecimal(number).toString(), DataType.DOUBLE);
  }

  private static Expr decimal(JsonNode info, JsonNode content) {
    int scale = info.path("scale").asInt();
    BigDecimal number = new BigDecimal(whole(content), scale);
    return of(number.toPlainString(), DataType.decimal(info.path("width").asInt(), scale));
  }

  /** More than 64 bits come in two halves. */
  private static BigInteger whole(JsonNode content) {
    return content.isObject()
        ? content
            .path("upper")
            .bigIntegerValue()
            .shiftLeft(Long.SIZE)
            .add(content.path("lower").bigIntegerValue())
        : content.bigIntegerValue();
  }

  static Expr parameter(JsonNode node) {
    Tree.only(node, "identifier");
    return new Expr.Param(node.path("identifier").asText(), List.of(DataType.TEXT));
  }

  /** The node of a cast, named as what is cast. */
  static JsonNode castNode(JsonNode child, DataType to) {
    ObjectNode type = JsonNodeFactory.instance.objectNode();
    if (to.kind() == Kind.DECIMAL) {
      type.put("id", "DECIMAL");
      type.putObject("type_info").put("width", to.precision()).put("scale", to.scale());
    } else {
      type.put("id", to.sql()).putNull("type_info");
    }
    ObjectNode cast = JsonNodeFactory.instance.objectNode();
    cast.put("class", "CAST").put("type", "OPERATOR_CAST").put("try_cast", false);
    cast.set("alias", child.path("alias"));
    cast.set("child", child);
    cast.set("cast_type", type);
    return cast;
  }

  /** A cast of something that was read already. */
  static Expr cast(JsonNode node, Expr child) {
    Tree.only(node, "child", "cast_type", "try_cast");
    DataType to = type(node.path("cast_type"));
    boolean tries = node.path("try_cast").asBoolean();
    if (child instanceof Expr.Param param && !tries) {
      return param.as(to);
    }
    if (child instanceof Expr.Const constant && !tries) {
      return literal(constant, to);
    }
    return new Expr.Call(
        "%sCAST(%%s AS %s)".formatted(tries ? "TRY_" : "", to.sql()),
        List.of(child),
        to,
        tries || total(child.type(), to));
  }

  /** DuckDB converts it, before it sees any row; here only numbers must be numbers. */
  private static Expr literal(Expr.Const constant, DataType to) {
    if (constant.text().isEmpty()) {
      return new Expr.Const(Optional.empty(), to);
    }
    String text = constant.text().orElseThrow();
    if (to.isNumeric()) {
      Tree.require(
          text.matches("-?[0-9]{1,40}(\\.[0-9]{1,340})?([eE][+-]?[0-9]{1,3})?"),
          "'%s' in the query is no number".formatted(shown(text)));
    }
    if (to.kind() == Kind.BOOLEAN) {
      boolean truth = text.equals("t") || text.equals("true");
      Tree.require(
          truth || text.equals("f") || text.equals("false"),
          "'%s' in the query is neither true nor false".formatted(shown(text)));
      return of(Boolean.toString(truth), to);
    }
    return of(text, to);
  }

  private static String shown(String text) {
    return text.length() <= 40 ? text : text.substring(0, 40) + "...";
  }

  private static boolean total(DataType from, DataType to) {
    if (from.equals(to) || to.kind() == Kind.TEXT) {
      return true;
    }
    return switch (from.kind()) {
      case INTEGER ->
          to.kind() == Kind.FLOATING
              || to.kind() == Kind.BOOLEAN
              || to.equals(DataType.HUGEINT)
              || to.equals(DataType.BIGINT) && !from.equals(DataType.HUGEINT);
      case DECIMAL -> to.kind() == Kind.FLOATING;
      case FLOATING -> to.equals(DataType.DOUBLE);
      case TIMESTAMP -> to.kind() == Kind.DATE;
      case BOOLEAN -> to.kind() == Kind.INTEGER;
      case TEXT, DATE -> false;
    };
  }

  private static DataType type(JsonNode type) {
    String id = type.path("id").asText();
    JsonNode info = type.path("type_info");
    if (id.equals("DECIMAL") && info.isObject()) {
      return DataType.decimal(info.path("width").asInt(), info.path("scale").asInt());
    }
    if (info.isNull() || info.isMissingNode()) {
      if (id.equals("HUGEINT")) {
        return DataType.HUGEINT;
      }
      try {
        return DataType.parse(id);
      } catch (IllegalArgumentException e) {
        throw noType(id);
      }
    }
    throw noType(id);
  }

  private static RuleException noType(String id) {
    return new RuleException(
        "RULE_TYPE",
        "there is no use for the type %s here; results hold the types of agreements"
            .formatted(shown(id)));
  }
}
