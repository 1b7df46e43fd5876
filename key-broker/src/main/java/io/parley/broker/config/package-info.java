/** broker.yaml, read strictly. */
@NullMarked
package io.parley.broker.config;

import org.jspecify.annotations.NullMarked;
