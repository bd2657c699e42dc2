// A thin C++ face of runtime.h: objects that close themselves, errors as
// exceptions. Header only; C++20.
//
//   jarana::Bundle bundle("model.jarana");
//   jarana::Session session(bundle);
//   session.prefill(promptIds);
//   for (int i = 0; i < 100; ++i) {
//     int64_t token = session.sample().front();
//     session.decode({&token, 1});
//   }
#pragma once

#include "jarana/error.h"
#include "jarana/runtime.h"

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace jarana {

/// An Error with the status that the runtime gave.
class RuntimeError : public Error {
public:
  RuntimeError(jarana_status status, const std::string &message)
      : Error(message), status(status) {}
  jarana_status status;
};

namespace detail {
inline void check(jarana_status status) {
  if (status != JARANA_OK)
    throw RuntimeError(status, jarana_last_error());
}
template <auto close> struct Closer {
  void operator()(auto *object) const { close(object); }
};
template <class T, auto close> using Handle = std::unique_ptr<T, Closer<close>>;
} // namespace detail

/// A dense row-major tensor that belongs to something else; see jarana_tensor
/// for how long it lives.
struct TensorView {
  jarana_dtype dtype = JARANA_FLOAT32;
  std::vector<int64_t> shape;
  void *data = nullptr;

  int64_t size() const {
    int64_t product = 1;
    for (int64_t dim : shape)
      product *= dim;
    return product;
  }
  size_t bytes() const {
    return static_cast<size_t>(size()) * jarana_dtype_bytes(dtype);
  }
  /// The elements; T must be the C++ type of dtype, which is not checked.
  template <class T> std::span<T> as() const {
    return {static_cast<T *>(data), static_cast<size_t>(size())};
  }
};

/// One input or output of an entry: sizes, or -1 and a symbol.
struct TensorSpec {
  std::string name;
  jarana_dtype dtype;
  std::vector<int64_t> shape;
  std::vector<std::string> symbols;
};

class Bundle {
public:
  /// flags: 0 or JARANA_VERIFY_WEIGHTS.
  explicit Bundle(const std::string &path, uint32_t flags = 0) {
    jarana_bundle *opened = nullptr;
    detail::check(jarana_bundle_open(path.c_str(), flags, &opened));
    handle.reset(opened);
  }
  std::string manifest() const { return jarana_bundle_manifest(get()); }
  uint64_t weightBytes() const { return jarana_bundle_weight_bytes(get()); }
  bool hasState() const { return jarana_bundle_has_state(get()) != 0; }
  std::vector<TensorSpec> inputs(const std::string &entry = "main") const {
    return specs(entry, true);
  }
  std::vector<TensorSpec> outputs(const std::string &entry = "main") const {
    return specs(entry, false);
  }
  jarana_bundle *get() const { return handle.get(); }

private:
  std::vector<TensorSpec> specs(const std::string &entry, bool inputs) const {
    size_t counts[2];
    detail::check(
        jarana_bundle_signature(get(), entry.c_str(), &counts[0], &counts[1]));
    std::vector<TensorSpec> result;
    for (size_t i = 0; i < counts[inputs ? 0 : 1]; ++i) {
      jarana_tensor_spec spec;
      detail::check((inputs ? jarana_bundle_input : jarana_bundle_output)(
          get(), entry.c_str(), i, &spec));
      TensorSpec &made = result.emplace_back(TensorSpec{
          spec.name, spec.dtype, {spec.shape, spec.shape + spec.rank}, {}});
      for (size_t d = 0; d < spec.rank; ++d)
        made.symbols.emplace_back(spec.symbols[d] ? spec.symbols[d] : "");
    }
    return result;
  }
  detail::Handle<jarana_bundle, jarana_bundle_close> handle;
};

/// One entry, by the model's own names.
class Call {
public:
  explicit Call(const Bundle &bundle, const std::string &entry = "main",
                uint32_t threads = 0) {
    jarana_call *made = nullptr;
    detail::check(
        jarana_call_create(bundle.get(), entry.c_str(), threads, &made));
    handle.reset(made);
  }
  void setInput(const std::string &name, const TensorView &tensor) {
    jarana_tensor raw{tensor.dtype, tensor.shape.size(), tensor.shape.data(),
                      tensor.data};
    detail::check(jarana_call_set_input(get(), name.c_str(), &raw));
  }
  void setOutput(const std::string &name, void *data, size_t bytes) {
    detail::check(jarana_call_set_output(get(), name.c_str(), data, bytes));
  }
  void run() { detail::check(jarana_call_run(get())); }
  TensorView output(const std::string &name) const {
    jarana_tensor raw;
    detail::check(jarana_call_output(get(), name.c_str(), &raw));
    return {raw.dtype, {raw.shape, raw.shape + raw.rank}, raw.data};
  }
  jarana_call *get() const { return handle.get(); }

private:
  detail::Handle<jarana_call, jarana_call_close> handle;
};

class Snapshot {
public:
  explicit Snapshot(jarana_snapshot *owned) : handle(owned) {}
  uint64_t position() const { return jarana_snapshot_position(get()); }
  jarana_snapshot *get() const { return handle.get(); }

private:
  detail::Handle<jarana_snapshot, jarana_snapshot_close> handle;
};

class Session {
public:
  explicit Session(const Bundle &bundle,
                   jarana_session_options options = {1, 0, 0}) {
    jarana_session *made = nullptr;
    detail::check(jarana_session_create(bundle.get(), &options, &made));
    handle.reset(made);
  }
  /// ids: [batch, count].
  void prefill(std::span<const int64_t> ids) {
    if (ids.size() % batch() != 0)
      throw RuntimeError(JARANA_INVALID_ARGUMENT,
                         std::to_string(ids.size()) +
                             " tokens do not divide among a batch of " +
                             std::to_string(batch()));
    detail::check(
        jarana_session_prefill(get(), ids.data(), ids.size() / batch()));
  }
  /// ids: [batch].
  void decode(std::span<const int64_t> ids) {
    if (ids.size() != batch())
      throw RuntimeError(JARANA_INVALID_ARGUMENT,
                         "decode takes one token per sequence: " +
                             std::to_string(batch()));
    detail::check(jarana_session_decode(get(), ids.data()));
  }
  uint32_t batch() const { return jarana_session_batch(get()); }
  uint64_t position() const { return jarana_session_position(get()); }
  TensorView logits() const {
    jarana_tensor raw;
    detail::check(jarana_session_logits(get(), &raw));
    return {raw.dtype, {raw.shape, raw.shape + raw.rank}, raw.data};
  }
  std::vector<int64_t> sample(const jarana_sampling &options = {0, 1,
                                                                0}) const {
    std::vector<int64_t> ids(batch());
    detail::check(jarana_session_sample(get(), &options, ids.data()));
    return ids;
  }
  void reset() { detail::check(jarana_session_reset(get())); }
  /// The first tokens of each sequence that are padding: [batch].
  void pad(std::span<const uint64_t> padding) {
    if (padding.size() != batch())
      throw Error("one number per sequence: " + std::to_string(padding.size()) +
                  " given, the batch is " + std::to_string(batch()));
    detail::check(jarana_session_pad(get(), padding.data()));
  }
  std::vector<std::byte> save() const {
    uint64_t bytes = 0;
    detail::check(jarana_session_state_bytes(get(), &bytes));
    std::vector<std::byte> saved(bytes);
    detail::check(
        jarana_session_save(get(), saved.data(), saved.size(), &bytes));
    return saved;
  }
  void load(std::span<const std::byte> saved) {
    detail::check(jarana_session_load(get(), saved.data(), saved.size()));
  }
  void save(const std::string &path) const {
    detail::check(jarana_session_save_file(get(), path.c_str()));
  }
  void load(const std::string &path) {
    detail::check(jarana_session_load_file(get(), path.c_str()));
  }
  Session fork() const {
    jarana_session *made = nullptr;
    detail::check(jarana_session_fork(get(), &made));
    return Session(made);
  }
  Snapshot snapshot() const {
    jarana_snapshot *made = nullptr;
    detail::check(jarana_session_snapshot(get(), &made));
    return Snapshot(made);
  }
  void rollback(const Snapshot &snapshot) {
    detail::check(jarana_session_rollback(get(), snapshot.get()));
  }
  jarana_session *get() const { return handle.get(); }

private:
  explicit Session(jarana_session *owned) : handle(owned) {}
  detail::Handle<jarana_session, jarana_session_close> handle;
};

} // namespace jarana
