package io.parley.rules;

import io.parley.rules.DataType.Kind;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The functions that a query may call. Each is here because it does nothing but compute its value
 * from its arguments; those marked total do so for all arguments, so that no row can make the query
 * fail. What is not here is refused.
 */
final class Functions {
  private static final Set<String> TEXT_TO_TEXT =
      Set.of("lower", "upper", "trim", "ltrim", "rtrim");
  private static final Set<String> DATE_PARTS =
      Set.of("year", "quarter", "month", "week", "day", "dayofweek", "dow", "doy", "hour");
  private static final Set<String> TRUNCATIONS =
      Set.of("year", "quarter", "month", "week", "day", "hour");
  private static final Set<String> ARITHMETIC = Set.of("+", "-", "*");

  /** For messages. */
  private static final Set<String> KNOWN =
      Collections.unmodifiableSet(
          new TreeSet<>(
              List.of(
                  "lower",
                  "upper",
                  "trim",
                  "ltrim",
                  "rtrim",
                  "length",
                  "left",
                  "right",
                  "substring",
                  "starts_with",
                  "ends_with",
                  "contains",
                  "LIKE",
                  "ILIKE",
                  "date_trunc",
                  "year",
                  "quarter",
                  "month",
                  "week",
                  "day",
                  "dayofweek",
                  "hour",
                  "floor",
                  "ceil",
                  "round",
                  "abs",
                  "coalesce",
                  "ifnull",
                  "nullif",
                  "||",
                  "+",
                  "-",
                  "*",
                  "/",
                  "//",
                  "%")));

  private Functions() {}

  /**
   * The call.
   *
   * @throws RuleException RULE_FUNCTION or RULE_TYPE
   */
  static Expr call(String function, List<Expr> args) {
    String name = function.toLowerCase(Locale.ROOT);
    if (TEXT_TO_TEXT.contains(name) && args.size() == 1) {
      return total(name + "(%s)", DataType.TEXT, text(name, args.getFirst()));
    }
    if (DATE_PARTS.contains(name) && args.size() == 1) {
      return part(name, args.getFirst());
    }
    if (ARITHMETIC.contains(name) && (args.size() == 2 || args.size() == 1 && name.equals("-"))) {
      return arithmetic(name, args);
    }
    return switch (name + " " + args.size()) {
      case "length 1" -> total("length(%s)", DataType.BIGINT, text(name, args.getFirst()));
      case "left 2", "right 2" ->
          total(
              name + "(%s, %s)",
              DataType.TEXT,
              text(name, args.getFirst()),
              whole(name, args.getLast(), 0));
      case "substring 2", "substring 3", "substr 2", "substr 3" -> substring(args);
      case "starts_with 2", "prefix 2" -> pattern("starts_with(%s, %s)", args);
      case "ends_with 2", "suffix 2" -> pattern("ends_with(%s, %s)", args);
      case "contains 2" -> pattern("contains(%s, %s)", args);
      case "~~ 2" -> pattern("(%s LIKE %s)", args);
      case "!~~ 2" -> pattern("(%s NOT LIKE %s)", args);
      case "~~* 2" -> pattern("(%s ILIKE %s)", args);
      case "!~~* 2" -> pattern("(%s NOT ILIKE %s)", args);
      case "|| 2" ->
          total(
              "(%s || %s)", DataType.TEXT, text(name, args.getFirst()), text(name, args.getLast()));
      case "date_part 2", "datepart 2" -> part(word(args), args.getLast());
      case "date_trunc 2", "datetrunc 2" -> truncated(word(args), args.getLast());
      case "floor 1", "ceil 1", "ceiling 1" ->
          total(
              (name.equals("floor") ? "floor" : "ceil") + "(%s)",
              DataType.DOUBLE,
              Types.toDouble(number(name, args.getFirst())));
      case "round 1", "round 2" -> round(args);
      case "abs 1" -> {
        Expr of = number(name, args.getFirst());
        yield new Expr.Call("abs(%s)", List.of(of), of.type(), of.type().kind() == Kind.FLOATING);
      }
      case "/ 2" ->
          total(
              "(%s / %s)",
              DataType.DOUBLE,
              Types.toDouble(number(name, args.getFirst())),
              Types.toDouble(number(name, args.getLast())));
      case "// 2", "% 2" -> divided(name, args);
      case "ifnull 2" -> coalesce(args);
      case "nullif 2" -> {
        Types.Two two = Types.unify(args.getFirst(), args.getLast());
        yield total("nullif(%s, %s)", two.left().type(), two.left(), two.right());
      }
      default -> throw unknown(function);
    };
  }

  static RuleException unknown(String function) {
    return new RuleException(
        "RULE_FUNCTION",
        "the function '%s' is not known here. Of values of a row there are %s; of groups, %s"
            .formatted(
                function.length() <= 60 ? function : function.substring(0, 60),
                String.join(" ", KNOWN),
                String.join(" ", Aggregates.grants())));
  }

  /** The first of these that is not null. All must be of the first one's type. */
  static Expr coalesce(List<Expr> args) {
    List<Expr> same = sameType(args);
    return new Expr.Call(
        "coalesce(" + String.join(", ", Collections.nCopies(same.size(), "%s")) + ")",
        same,
        same.getFirst().type(),
        true);
  }

  /** Makes all of one type: that of the first that is no constant. */
  static List<Expr> sameType(List<Expr> args) {
    Optional<Expr> leading = args.stream().filter(arg -> !Types.isLiteral(arg)).findFirst();
    if (leading.isEmpty()) {
      leading = args.stream().filter(arg -> !isNull(arg)).findFirst();
    }
    Expr first = leading.orElse(args.getFirst());
    List<Expr> same = new ArrayList<>();
    for (Expr arg : args) {
      same.add(arg == first ? arg : Types.unify(first, arg).right());
    }
    if (same.stream().anyMatch(arg -> arg.type().kind() != first.type().kind())) {
      throw new RuleException(
          "RULE_TYPE", "the values of one CASE or coalesce are of several types; CAST them to one");
    }
    return same;
  }

  static boolean isNull(Expr expression) {
    return expression instanceof Expr.Const constant && constant.text().isEmpty();
  }

  private static Expr total(String form, DataType type, Expr... args) {
    return new Expr.Call(form, List.of(args), type, true);
  }

  private static Expr substring(List<Expr> args) {
    Expr text = text("substring", args.getFirst());
    Expr from = whole("substring", args.get(1), 1);
    return args.size() == 2
        ? total("substring(%s, %s)", DataType.TEXT, text, from)
        : total(
            "substring(%s, %s, %s)", DataType.TEXT, text, from, whole("substring", args.get(2), 0));
  }

  private static Expr pattern(String form, List<Expr> args) {
    Expr pattern = args.getLast();
    if (!Types.isLiteral(pattern)) {
      throw new RuleException(
          "RULE_FUNCTION", "a pattern must be a constant or a parameter, not a column");
    }
    return total(
        form,
        DataType.BOOLEAN,
        text("LIKE", args.getFirst()),
        Types.literal(pattern, DataType.TEXT));
  }

  private static String word(List<Expr> args) {
    return args.getFirst() instanceof Expr.Const constant
        ? constant.text().orElse("").toLowerCase(Locale.ROOT)
        : "";
  }

  private static Expr part(String part, Expr of) {
    if (!DATE_PARTS.contains(part)) {
      throw unknown("date_part of " + part);
    }
    return total("date_part('" + part + "', %s)", DataType.BIGINT, moment(part, of));
  }

  private static Expr truncated(String part, Expr of) {
    if (!TRUNCATIONS.contains(part)) {
      throw unknown("date_trunc to " + part);
    }
    // Of a date too it is a timestamp.
    return total("date_trunc('" + part + "', %s)", DataType.TIMESTAMP, moment(part, of));
  }

  private static Expr round(List<Expr> args) {
    Expr of = Types.toDouble(number("round", args.getFirst()));
    return args.size() == 1
        ? total("round(%s)", DataType.DOUBLE, of)
        : total("round(%s, %s)", DataType.DOUBLE, of, whole("round", args.getLast(), 0));
  }

  private static Expr divided(String name, List<Expr> args) {
    Expr left = args.getFirst();
    Expr right = args.getLast();
    if (left.type().kind() != Kind.INTEGER || right.type().kind() != Kind.INTEGER) {
      throw wrongType(name, "whole numbers");
    }
    boolean fine =
        right instanceof Expr.Const constant
            && constant.text().map(BigDecimal::new).map(BigDecimal::signum).orElse(0) > 0;
    return new Expr.Call("(%s " + escaped(name) + " %s)", args, DataType.BIGINT, fine);
  }

  private static String escaped(String operator) {
    return operator.replace("%", "%%");
  }

  private static Expr arithmetic(String name, List<Expr> args) {
    for (Expr arg : args) {
      Expr checked = number(name, arg);
      if (checked != arg) {
        throw wrongType(name, "numbers");
      }
    }
    boolean floating = args.stream().anyMatch(arg -> arg.type().kind() == Kind.FLOATING);
    List<Expr> same = floating ? args.stream().map(Types::toDouble).toList() : args;
    DataType type =
        floating
            ? DataType.DOUBLE
            : args.stream()
                .filter(arg -> arg.type().kind() == Kind.DECIMAL)
                .findFirst()
                .map(arg -> DataType.decimal(38, arg.type().scale()))
                .orElse(DataType.HUGEINT);
    return new Expr.Call(
        args.size() == 1 ? "(- %s)" : "(%s " + name + " %s)", same, type, floating);
  }

  private static Expr text(String function, Expr arg) {
    return of(function, arg, "a text", arg.type().kind() == Kind.TEXT);
  }

  private static Expr number(String function, Expr arg) {
    return of(function, arg, "a number", arg.type().isNumeric());
  }

  /** Of the years 1 to 9999, or else null: far from them DuckDB's functions fail. */
  private static Expr moment(String function, Expr arg) {
    Kind kind = arg.type().kind();
    Expr moment =
        of(function, arg, "a date or timestamp", kind == Kind.DATE || kind == Kind.TIMESTAMP);
    return total(
        kind == Kind.DATE
            ? "CASE WHEN %1$s BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN %1$s END"
            : "CASE WHEN %1$s >= TIMESTAMP '0001-01-01 00:00:00' AND %1$s < TIMESTAMP '10000-01-01 00:00:00' THEN %1$s END",
        moment.type(),
        moment);
  }

  private static Expr of(String function, Expr arg, String expected, boolean fine) {
    if (!fine) {
      throw wrongType(function, expected);
    }
    return arg;
  }

  private static Expr whole(String function, Expr arg, int least) {
    boolean fine =
        arg instanceof Expr.Const constant
            && constant.type().kind() == Kind.INTEGER
            && constant.text().map(BigDecimal::new).stream()
                .anyMatch(n ->
                    n.compareTo(BigDecimal.valueOf(least)) >= 0
                        && n.compareTo(BigDecimal.valueOf(1_000_000)) <= 0);
    Expr checked = of(function, arg, "a constant from %d to 1000000 there".formatted(least), fine);
    // Some functions take no wider type than this.
    return checked instanceof Expr.Const constant
        ? new Expr.Const(constant.text(), new DataType(Kind.INTEGER, "INTEGER"))
        : checked;
  }

  private static RuleException wrongType(String function, String expected) {
    return new RuleException(
        "RULE_TYPE", "%s takes %s; CAST where that can be".formatted(function, expected));
  }
}
