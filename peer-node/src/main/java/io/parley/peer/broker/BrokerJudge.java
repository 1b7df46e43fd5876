package io.parley.peer.broker;

/** Judges a broker's evidence. Thread-safe; blocks for seconds at most. */
@FunctionalInterface
public interface BrokerJudge {
  /** Whatever goes wrong in judging is {@link Judgement.Unchecked}, never an exception. */
  Judgement judge(Question question) throws InterruptedException;
}
