/** What a party writes about its node: the strict reader of parley.yaml. */
@NullMarked
package io.parley.peer.config;

import org.jspecify.annotations.NullMarked;
