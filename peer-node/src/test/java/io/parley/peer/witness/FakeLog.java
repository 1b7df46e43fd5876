package io.parley.peer.witness;

import com.google.protobuf.ByteString;
import io.parley.identity.SigningKey;
import io.parley.tlog.InclusionProof;
import io.parley.tlog.MerkleTree;
import io.parley.tlog.SignedCheckpoint;
import io.parley.tlog.Tiles;
import io.parley.tlog.TreeHead;
import io.parley.tlog.TreeNodes;
import io.parley.tlog.TreeProofs;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.ArrayList;
import java.util.List;

/** A broker's log in memory, that can be set back and rewritten. */
public final class FakeLog implements BrokerLog {
  private final SigningKey key;
  private final List<ByteString> entries = new ArrayList<>();

  /** What witnesses did, in order. */
  public final List<String> calls = new ArrayList<>();

  public final List<ByteString> presented = new ArrayList<>();
  public final List<ByteString> cosigned = new ArrayList<>();

  public FakeLog(SigningKey key) {
    this.key = key;
  }

  public FakeLog append(String... texts) {
    for (String text : texts) {
      entries.add(ByteString.copyFromUtf8(text));
    }
    return this;
  }

  public FakeLog append(ByteString entry) {
    entries.add(entry);
    return this;
  }

  /** As a host does that puts back an older copy. */
  public FakeLog setBackTo(int size) {
    entries.subList(size, entries.size()).clear();
    return this;
  }

  public List<ByteString> entries() {
    return entries;
  }

  public TreeHead head() {
    return new TreeHead(entries.size(), TreeProofs.root(nodes(), entries.size()));
  }

  public SignedCheckpoint signed() {
    return SignedCheckpoint.sign(head(), key);
  }

  public InclusionProof prove(int index, SignedCheckpoint checkpoint) {
    return new InclusionProof(
        entries.get(index),
        index,
        TreeProofs.inclusion(nodes(), index, checkpoint.head().size()),
        checkpoint.note());
  }

  public List<Digest> leaves() {
    return entries.stream().map(MerkleTree::leaf).toList();
  }

  private TreeNodes nodes() {
    List<Digest> leaves = leaves();
    return (level, index) ->
        Tiles.subtree(leaves.subList((int) (index << level), (int) ((index + 1) << level)));
  }

  @Override
  public void present(ByteString checkpoint) {
    calls.add("present");
    presented.add(checkpoint);
    if (!checkpoint.isEmpty()) {
      TreeHead shown = SignedCheckpoint.verify(checkpoint, key.verifyingKey()).head();
      if (shown.size() > entries.size()
          || !TreeProofs.root(nodes(), shown.size()).equals(shown.root())) {
        throw new RefusedException(Reason.LOG_FORKED, "set back");
      }
    }
  }

  @Override
  public ByteString checkpoint(long cosignedSize) {
    calls.add("checkpoint");
    return signed().encode();
  }

  @Override
  public List<Digest> consistency(long from, long to) {
    calls.add("consistency");
    if (to > entries.size()) {
      throw new RefusedException(Reason.INVALID_REQUEST, "no such tree");
    }
    return TreeProofs.consistency(nodes(), from, to);
  }

  @Override
  public void addCosignature(ByteString checkpoint) {
    calls.add("cosignature");
    cosigned.add(checkpoint);
  }
}
