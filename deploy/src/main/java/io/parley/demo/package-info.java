/** What the scripts in {@code deploy/} need besides the product: data, checks, a crooked host. */
@NullMarked
package io.parley.demo;

import org.jspecify.annotations.NullMarked;
