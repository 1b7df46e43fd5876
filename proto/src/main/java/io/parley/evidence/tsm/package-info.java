/** Reports of confidential VMs, through Linux's configfs-tsm: kinds sev-snp and tdx. */
@NullMarked
package io.parley.evidence.tsm;

import org.jspecify.annotations.NullMarked;
