package io.parley.shim.arrow;

import io.parley.agreement.ColumnType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A column of a result.
 *
 * @param cells for each row null, or: Boolean; BigDecimal of whole numbers and decimals; Float,
 *     Double; String; LocalDate; LocalDateTime
 */
public record ResultColumn(String name, ColumnType type, List<@Nullable Object> cells) {}
