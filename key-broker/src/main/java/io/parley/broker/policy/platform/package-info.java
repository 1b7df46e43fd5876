/** What an agreement wants of a platform, kind by kind, and how evidence compares with it. */
@NullMarked
package io.parley.broker.policy.platform;

import org.jspecify.annotations.NullMarked;
