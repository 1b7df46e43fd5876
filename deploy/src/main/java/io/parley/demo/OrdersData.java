package io.parley.demo;

import io.trino.tpch.Customer;
import io.trino.tpch.CustomerGenerator;
import io.trino.tpch.Order;
import io.trino.tpch.OrderGenerator;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDate;
import org.duckdb.DuckDBAppender;
import org.duckdb.DuckDBConnection;

/**
 * Customers and orders as two parties would hold them, as Parquet files. The rows come from a
 * TPC-H-like generator and are the same every time.
 */
final class OrdersData {
  private static final int CUSTOMERS_PER_SCALE = 150_000;

  private OrdersData() {}

  /** Writes {@code customers.parquet} and {@code orders.parquet}, ten orders to a customer. */
  public static void main(String[] args) throws Exception {
    if (args.length != 2) {
      System.err.println("usage: OrdersData FOLDER CUSTOMERS");
      System.exit(2);
    }
    Path folder = Files.createDirectories(Path.of(args[0]));
    double scale = Integer.parseInt(args[1]) / (double) CUSTOMERS_PER_SCALE;
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = connection.createStatement()) {
      customers(connection.unwrap(DuckDBConnection.class), statement, scale);
      orders(connection.unwrap(DuckDBConnection.class), statement, scale);
      for (String table : new String[] {"customers", "orders"}) {
        statement.execute(
            "COPY %s TO '%s' (FORMAT parquet)"
                .formatted(
                    table, folder.resolve(table + ".parquet").toString().replace("'", "''")));
      }
    }
  }

  private static void customers(DuckDBConnection connection, Statement statement, double scale)
      throws SQLException {
    statement.execute(
        "CREATE TABLE customers (custkey BIGINT, name VARCHAR, nationkey BIGINT, mktsegment VARCHAR,"
            + " acctbal DECIMAL(12,2))");
    try (DuckDBAppender rows =
        connection.createAppender(DuckDBConnection.DEFAULT_SCHEMA, "customers")) {
      for (Customer customer : new CustomerGenerator(scale, 1, 1)) {
        rows.beginRow();
        rows.append(customer.getCustomerKey());
        rows.append(customer.getName());
        rows.append(customer.getNationKey());
        rows.append(customer.getMarketSegment());
        rows.append(BigDecimal.valueOf(customer.getAccountBalanceInCents(), 2));
        rows.endRow();
      }
    }
  }

  private static void orders(DuckDBConnection connection, Statement statement, double scale)
      throws SQLException {
    statement.execute(
        "CREATE TABLE orders (orderkey BIGINT, custkey BIGINT, orderstatus VARCHAR,"
            + " totalprice DECIMAL(12,2), orderdate DATE)");
    try (DuckDBAppender rows =
        connection.createAppender(DuckDBConnection.DEFAULT_SCHEMA, "orders")) {
      for (Order order : new OrderGenerator(scale, 1, 1)) {
        rows.beginRow();
        rows.append(order.getOrderKey());
        rows.append(order.getCustomerKey());
        rows.append(String.valueOf(order.getOrderStatus()));
        rows.append(BigDecimal.valueOf(order.getTotalPriceInCents(), 2));
        rows.append(LocalDate.ofEpochDay(order.getOrderDate()));
        rows.endRow();
      }
    }
  }
}
