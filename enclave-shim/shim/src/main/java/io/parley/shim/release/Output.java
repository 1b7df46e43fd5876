package io.parley.shim.release;

import io.parley.agreement.ResultRule;
import java.nio.file.Path;

/** A result that keeps its rule and may leave. */
public record Output(ResultRule rule, ResultFormat format, Path file, long rows) {}
