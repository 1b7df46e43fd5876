package io.parley.rules;

import io.parley.rules.DataType.Kind;
import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How constants and columns meet. A column is never converted to the type of a constant, for a
 * conversion that fails on some row tells about that row; the constant is given the column's type.
 */
final class Types {
  private static final int MAX_DIGITS = 38;
  private static final int BIGINT_DIGITS = 19;

  /** Two expressions of types that can be compared on every row. */
  record Two(Expr left, Expr right) {}

  private Types() {}

  static boolean isLiteral(Expr expression) {
    return expression instanceof Expr.Const || expression instanceof Expr.Param;
  }

  /** Makes two expressions comparable. */
  static Two unify(Expr left, Expr right) {
    if (isLiteral(left) && isLiteral(right)) {
      return literals(left, right);
    }
    if (isLiteral(left)) {
      return new Two(literal(left, right.type()), right);
    }
    if (isLiteral(right)) {
      return new Two(left, literal(right, left.type()));
    }
    if (joinable(left.type(), right.type())) {
      return new Two(left, right);
    }
    if (left.type().isNumeric() && right.type().isNumeric()) {
      return new Two(toDouble(left), toDouble(right));
    }
    throw differ(left.type(), right.type());
  }

  /** Whether values of both can be equal without any conversion that could fail. */
  static boolean joinable(DataType left, DataType right) {
    return left.equals(right)
        || left.kind() == right.kind() && left.kind() != Kind.DECIMAL
        || exact(left) && exact(right);
  }

  private static boolean exact(DataType type) {
    return type.kind() == Kind.INTEGER || type.kind() == Kind.FLOATING;
  }

  private static Two literals(Expr left, Expr right) {
    if (Functions.isNull(left)) {
      return new Two(new Expr.Const(Optional.empty(), right.type()), right);
    }
    if (Functions.isNull(right)) {
      return new Two(left, new Expr.Const(Optional.empty(), left.type()));
    }
    if (left.type().kind() == right.type().kind()) {
      return new Two(left, right);
    }
    // A text without a type takes that of a parameter that has one, as it does a column's.
    if (isTyped(left) || isTyped(right)) {
      boolean moment = Stream.of(left, right).anyMatch(e -> e.type().equals(DataType.TIMESTAMP));
      DataType to = moment ? DataType.TIMESTAMP : isTyped(left) ? left.type() : right.type();
      return new Two(literal(left, to), literal(right, to));
    }
    if (left.type().isNumeric() && right.type().isNumeric()) {
      return new Two(literal(left, DataType.DOUBLE), literal(right, DataType.DOUBLE));
    }
    throw differ(left.type(), right.type());
  }

  private static boolean isTyped(Expr literal) {
    return literal instanceof Expr.Param param && !param.isOpen();
  }

  static Expr toDouble(Expr expression) {
    return isLiteral(expression)
        ? literal(expression, DataType.DOUBLE)
        : new Expr.Call("CAST(%s AS DOUBLE)", List.of(expression), DataType.DOUBLE, true);
  }

  /** A constant or parameter as a value to compare with values of this type. */
  static Expr literal(Expr literal, DataType type) {
    return switch (literal) {
      case Expr.Param param -> param.isOpen() ? param.as(meeting(type)) : typed(param, type);
      case Expr.Const constant -> constant(constant, type);
      default -> throw new IllegalArgumentException("no literal");
    };
  }

  /** Keeps every value of the parameter as it is; it is the column's that may become wider. */
  private static Expr typed(Expr.Param param, DataType type) {
    DataType own = param.type();
    if (own.equals(type)) {
      return param;
    }
    if (own.isNumeric() && type.isNumeric()) {
      return own.kind() == Kind.INTEGER && type.kind() == Kind.INTEGER
          ? param
          : param.as(holding(own, type));
    }
    if (own.kind() == Kind.DATE && type.kind() == Kind.TIMESTAMP) {
      return param.as(type);
    }
    if (own.kind() != type.kind()) {
      throw differ(type, own);
    }
    return param;
  }

  /** The type in which numbers of both can be compared. */
  private static DataType holding(DataType one, DataType other) {
    if (one.kind() == Kind.FLOATING || other.kind() == Kind.FLOATING) {
      return DataType.DOUBLE;
    }
    int scale = Math.max(one.scale(), other.scale());
    int digits = scale + Math.max(wholeDigits(one), wholeDigits(other));
    return digits <= MAX_DIGITS ? DataType.decimal(digits, scale) : DataType.DOUBLE;
  }

  private static int wholeDigits(DataType type) {
    if (type.kind() == Kind.DECIMAL) {
      return type.precision() - type.scale();
    }
    return type.equals(DataType.HUGEINT) ? MAX_DIGITS + 1 : BIGINT_DIGITS;
  }

  private static DataType meeting(DataType type) {
    return type.kind() == Kind.INTEGER ? DataType.BIGINT : type;
  }

  private static Expr constant(Expr.Const constant, DataType type) {
    if (constant.text().isEmpty()) {
      return new Expr.Const(Optional.empty(), type);
    }
    Kind from = constant.type().kind();
    boolean fits =
        switch (type.kind()) {
          case INTEGER, FLOATING, DECIMAL -> from.isNumeric();
          case BOOLEAN, TEXT -> from == type.kind();
          case DATE -> from == Kind.TEXT || from == Kind.DATE;
          case TIMESTAMP -> from == Kind.TEXT || from == Kind.DATE || from == Kind.TIMESTAMP;
        };
    if (!fits) {
      throw differ(type, constant.type());
    }
    return new Expr.Const(
        constant.text(),
        type.isNumeric() ? numeric(new BigDecimal(constant.text().orElseThrow()), type) : type);
  }

  /** The type in which this number and all values of the column can be compared. */
  private static DataType numeric(BigDecimal number, DataType type) {
    BigDecimal plain = number.stripTrailingZeros();
    int scale = Math.max(0, plain.scale());
    int digits = Math.max(0, plain.precision() - plain.scale());
    return switch (type.kind()) {
      case INTEGER -> scale == 0 && digits <= 18 ? DataType.BIGINT : DataType.DOUBLE;
      case DECIMAL ->
          scale <= type.scale() && digits <= type.precision() - type.scale()
              ? type
              : DataType.DOUBLE;
      default -> type;
    };
  }

  private static RuleException differ(DataType left, DataType right) {
    return new RuleException(
        "RULE_TYPE",
        "%s and %s cannot be compared on every row, and a comparison that fails tells about the row that it fails on; write a constant of the column's type, or CAST"
            .formatted(left.sql(), right.sql()));
  }
}
