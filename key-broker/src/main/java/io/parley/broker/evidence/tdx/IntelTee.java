package io.parley.broker.evidence.tdx;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.trust.Hex;

/** What of Intel's can be quoted, and by which of Intel's enclaves. */
enum IntelTee {
  /** A whole virtual machine. */
  TDX("TDX", "TD_QE", "dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5", 2),

  /** A part of a process. */
  SGX("SGX", "QE", "8c4f5775d796503e96137f77c68a829a0056ac8ded70140b081b094490c57bff", 1);

  private final String tcbInfo;
  private final String qeIdentity;
  private final ByteString signer;
  private final int product;

  IntelTee(String tcbInfo, String qeIdentity, String signer, int product) {
    this.tcbInfo = tcbInfo;
    this.qeIdentity = qeIdentity;
    this.signer = Hex.parse(signer);
    this.product = product;
  }

  /** What TCB info about it says that it is about. */
  String tcbInfo() {
    return tcbInfo;
  }

  /** What the identity of its quoting enclave says that it is. */
  String qeIdentity() {
    return qeIdentity;
  }

  /** Who signs its quoting enclaves: known without collateral too. */
  ByteString signer() {
    return signer;
  }

  /** Which of that signer's enclaves quotes it. */
  int product() {
    return product;
  }
}
