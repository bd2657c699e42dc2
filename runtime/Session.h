// A session: the states of a batch of sequences, and the steps that advance
// them.
#pragma once

#include "runtime/Executor.h"
#include "runtime/Sampling.h"

namespace jarana::runtime {

/// The values of all states after `position` tokens. Copied to fork, to
/// snapshot and to save.
struct StateValues {
  uint64_t position = 0;
  std::vector<uint64_t> padding; // per sequence, or empty: none
  std::vector<Shape> shapes;     // per state of the manifest
  std::vector<Buffer> values;
};

/// Logits of a step: [batch, positions, vocabulary], [batch, vocabulary], or
/// without the batch.
struct Logits {
  bool present = false;
  Shape shape;
  Buffer values;
};

class Session {
public:
  Session(std::shared_ptr<const Bundle> bundle,
          const jarana_session_options &options);

  void step(const int64_t *ids, size_t count);
  void reset();
  /// The number of tokens at the beginning of each sequence that are padding.
  void pad(const uint64_t *padding);
  std::vector<int64_t> sample(const jarana_sampling &options) const;

  uint32_t batch() const { return options.batch; }
  uint64_t position() const { return current.position; }
  const Logits &logits() const; // throws StatusError where no step was made
  jarana_dtype logitsDtype() const {
    return executor.entry().outputs[logitsOutput].dtype;
  }

  std::unique_ptr<Session> fork() const;
  StateValues copyState() const;
  /// Takes a copy of `state`, which must be of a session of the same bundle and
  /// batch.
  void restore(const StateValues &state);
  const std::shared_ptr<const Bundle> &bundle() const {
    return executor.owner();
  }

  std::vector<std::byte> save() const;
  uint64_t savedBytes() const;
  void saveFile(const std::string &path) const;
  void load(const safetensors::File &file, const std::string &name);

private:
  struct Input {
    Shape shape;
    Buffer values;
  };
  struct State {
    size_t input, output;
    int pastDim = -1; // the dimension that counts past positions; -1 where the
                      // size is fixed
    int placesDim = -1; // the dimension of a buffer of positions; -1: none
  };

  void bindRoles();
  void addState(const bundle::StateTensor &tensor);
  void addPlaces(const State &state);
  void checkRoles() const;
  void checkPads() const;
  void checkIds(const int64_t *ids, size_t count) const;
  void advance(const int64_t *ids, size_t count);
  void fillInputs(const int64_t *ids, size_t count);
  void fillNumbers(int64_t tokens);
  int64_t maskLength(int64_t tokens) const;
  Shape initialShape(const State &state) const;
  std::map<std::string, safetensors::Entry> savedEntries() const;

  Executor executor;
  std::optional<Executor> decoder; // for steps of one token, where there is one
  jarana_session_options options;
  const bundle::StateSpec *roles;
  std::string batchSymbol;
  int idsInput = -1, maskInput = -1, positionsInput = -1;
  std::vector<std::pair<size_t, bundle::Number>> numbers; // other inputs
  size_t logitsOutput = 0;
  int64_t places = -1; // the positions that buffers have room for; -1: no limit
  std::string placesSymbol; // where the model leaves that open
  int64_t pieceLength =
      -1; // the number of tokens per step where the model fixes it
  std::vector<State> states;
  std::vector<Input>
      inputs; // of ids, mask and positions; those of states stay empty
  StateValues current,
      next; // double-buffered: generated code must not overwrite what it reads
  std::vector<Buffer> otherOutputs;
  Logits lastLogits;
};

} // namespace jarana::runtime
