package io.parley.rules;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The types that an agreement gives to parameters, by name, whatever its case. One that is not here
 * is a text. Immutable.
 */
public record ParameterTypes(Map<String, DataType> types) {
  public static final ParameterTypes NONE = new ParameterTypes(Map.of());

  public ParameterTypes {
    TreeMap<String, DataType> copy = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    copy.putAll(types);
    types = Collections.unmodifiableMap(copy);
  }

  /**
   * From the types' names.
   *
   * @throws IllegalArgumentException when one is none
   */
  public static ParameterTypes parse(Map<String, String> types) {
    TreeMap<String, DataType> parsed = new TreeMap<>();
    types.forEach((name, type) -> parsed.put(name, DataType.parse(type)));
    return new ParameterTypes(parsed);
  }

  /** As SQL writes it. */
  public Optional<String> sql(String name) {
    return Optional.ofNullable(types.get(name)).map(DataType::sql);
  }

  /** The parse tree with {@code CAST($name AS TYPE)} for each parameter that has a type. */
  JsonNode in(JsonNode tree) {
    return types.isEmpty() ? tree : typed(tree);
  }

  private JsonNode typed(JsonNode node) {
    if (node.isArray()) {
      ArrayNode array = JsonNodeFactory.instance.arrayNode();
      node.forEach(each -> array.add(typed(each)));
      return array;
    }
    if (!node.isObject()) {
      return node;
    }
    if (Tree.kind(node).equals("PARAMETER")) {
      DataType type = types.get(node.path("identifier").asText());
      return type == null ? node : Literals.castNode(node, type);
    }
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    node.properties().forEach(member -> object.set(member.getKey(), typed(member.getValue())));
    return object;
  }
}
