package io.parley.tlog;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against the reference tree of the Certificate Transparency project, and against itself. */
class MerkleTreeTest {
  private static final List<String> LEAVES =
      List.of(
          "",
          "00",
          "10",
          "2021",
          "3031",
          "40414243",
          "5051525354555657",
          "606162636465666768696a6b6c6d6e6f");
  private static final List<String> ROOTS =
      List.of(
          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
          "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
          "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
          "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
          "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
          "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
          "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
          "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");

  private static final List<Digest> REFERENCE =
      LEAVES.stream()
          .map(hex -> MerkleTree.leaf(ByteString.copyFrom(HexFormat.of().parseHex(hex))))
          .toList();

  @Test
  void theReferenceTreeHasItsRoots() {
    TreeEdge edge = TreeEdge.EMPTY;
    assertThat(edge.head().root().hex()).isEqualTo(ROOTS.getFirst());
    for (int size = 1; size <= LEAVES.size(); size++) {
      edge = edge.append(REFERENCE.get(size - 1));
      assertThat(edge.head()).isEqualTo(new TreeHead(size, digest(ROOTS.get(size))));
      assertThat(TreeProofs.root(nodes(REFERENCE), size)).isEqualTo(edge.head().root());
    }
  }

  @Test
  void theReferenceProofs() {
    TreeNodes nodes = nodes(REFERENCE);
    assertThat(TreeProofs.inclusion(nodes, 0, 8))
        .extracting(Digest::hex)
        .containsExactly(
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4");
    assertThat(TreeProofs.inclusion(nodes, 2, 3))
        .extracting(Digest::hex)
        .containsExactly("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
    assertThat(TreeProofs.consistency(nodes, 6, 8))
        .extracting(Digest::hex)
        .containsExactly(
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7");
    assertThat(TreeProofs.consistency(nodes, 1, 8)).hasSize(3);
  }

  @Test
  void everyProofOfEverySizeHoldsAndNoOther() {
    List<Digest> leaves = leaves(40);
    TreeNodes nodes = nodes(leaves);
    for (int size = 1; size <= leaves.size(); size++) {
      TreeHead head = new TreeHead(size, TreeProofs.root(nodes, size));
      for (int index = 0; index < size; index++) {
        List<Digest> path = TreeProofs.inclusion(nodes, index, size);
        assertThat(TreeProofs.includes(head, index, leaves.get(index), path)).isTrue();
        assertThat(TreeProofs.includes(head, index ^ 1, leaves.get(index), path)).isFalse();
        assertThat(TreeProofs.includes(head, size, leaves.get(index), path)).isFalse();
        for (List<Digest> wrong : damaged(path)) {
          assertThat(TreeProofs.includes(head, index, leaves.get(index), wrong)).isFalse();
        }
      }
      for (int before = 0; before <= size; before++) {
        TreeHead earlier = new TreeHead(before, TreeProofs.root(nodes, before));
        List<Digest> proof = TreeProofs.consistency(nodes, before, size);
        assertThat(TreeProofs.consistent(earlier, head, proof)).isTrue();
        assertThat(TreeProofs.consistent(new TreeHead(before, leaves.getLast()), head, proof))
            .as("another root of %d in %d", before, size)
            .isFalse();
        for (List<Digest> wrong : damaged(proof)) {
          assertThat(TreeProofs.consistent(earlier, head, wrong))
              .as("%d in %d with %d hashes", before, size, wrong.size())
              .isFalse();
        }
        if (before < size) {
          assertThat(TreeProofs.consistent(head, earlier, proof)).isFalse();
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 255, 256, 257, 511, 512, 600})
  void theEdgeOfAStoredTreeIsThatOfTheGrownOne(long size) {
    List<Digest> leaves = leaves(600);
    TreeEdge grown = TreeEdge.EMPTY;
    for (Digest leaf : leaves.subList(0, (int) size)) {
      grown = grown.append(leaf);
    }
    TreeEdge read = TreeEdge.of(size, nodes(leaves));
    assertThat(read.head()).isEqualTo(grown.head());
    assertThat(read.append(leaves.getFirst()).head())
        .isEqualTo(grown.append(leaves.getFirst()).head());
  }

  @Test
  void aForkOfAnyLeafIsNoContinuation() {
    List<Digest> leaves = leaves(20);
    for (int forked = 0; forked < 12; forked++) {
      List<Digest> other = new ArrayList<>(leaves);
      other.set(forked, MerkleTree.EMPTY_ROOT);
      TreeHead seen = new TreeHead(12, TreeProofs.root(nodes(leaves), 12));
      TreeHead shown = new TreeHead(20, TreeProofs.root(nodes(other), 20));
      assertThat(TreeProofs.consistent(seen, shown, TreeProofs.consistency(nodes(other), 12, 20)))
          .isFalse();
      assertThat(TreeProofs.consistent(seen, shown, TreeProofs.consistency(nodes(leaves), 12, 20)))
          .isFalse();
    }
  }

  /** Cut, longer, swapped, with another hash: none of them is the proof. */
  private static List<List<Digest>> damaged(List<Digest> proof) {
    List<List<Digest>> all = new ArrayList<>();
    List<Digest> longer = new ArrayList<>(proof);
    longer.add(MerkleTree.EMPTY_ROOT);
    all.add(longer);
    for (int at = 0; at < proof.size(); at++) {
      List<Digest> shorter = new ArrayList<>(proof);
      shorter.remove(at);
      all.add(shorter);
      List<Digest> other = new ArrayList<>(proof);
      other.set(at, MerkleTree.EMPTY_ROOT);
      all.add(other);
    }
    return all;
  }

  static List<Digest> leaves(int count) {
    List<Digest> leaves = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      leaves.add(MerkleTree.leaf(ByteString.copyFromUtf8("entry " + i)));
    }
    return leaves;
  }

  static TreeNodes nodes(List<Digest> leaves) {
    return (level, index) ->
        Tiles.subtree(leaves.subList((int) (index << level), (int) ((index + 1) << level)));
  }

  private static Digest digest(String hex) {
    return Digest.parse("sha256:" + hex);
  }
}
