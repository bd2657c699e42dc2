// The C interface (include/jarana/runtime.h): checks pointers, catches every
// exception, keeps the message.
#include "jarana/runtime.h"
#include "runtime/Call.h"
#include "runtime/Session.h"
#include "runtime/Status.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <new>

using namespace jarana;
using namespace jarana::runtime;

struct jarana_bundle {
  std::shared_ptr<const Bundle> value;
};
struct jarana_call {
  Call value;
  mutable std::atomic_flag busy = {};
};
struct jarana_session {
  std::unique_ptr<Session> value;
  mutable std::atomic_flag busy = {};
};
struct jarana_snapshot {
  std::shared_ptr<const Bundle>
      bundle; // compared by identity, so it must stay alive
  uint32_t batch;
  StateValues value;
};

namespace {

thread_local std::string lastError;

jarana_status failed(jarana_status status, const char *message) noexcept {
  try {
    lastError = message;
  } catch (...) {
    lastError.clear();
  }
  return status;
}

template <class Body> jarana_status guarded(Body body) noexcept {
  try {
    body();
    return JARANA_OK;
  } catch (const StatusError &e) {
    return failed(e.status, e.what());
  } catch (const Error &e) {
    return failed(JARANA_INVALID_ARGUMENT, e.what());
  } catch (const std::bad_alloc &) {
    return failed(JARANA_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception &e) {
    return failed(JARANA_INTERNAL, e.what());
  } catch (...) {
    return failed(JARANA_INTERNAL, "unknown error");
  }
}

template <class T> T *required(T *pointer, const char *name) {
  if (!pointer)
    refuse(std::string(name) + " is NULL");
  return pointer;
}

/// Holds an object while a function works on it.
template <class T> class Use {
public:
  Use(T *object, const char *name) : object(required(object, name)) {
    if (object->busy.test_and_set(std::memory_order_acquire))
      throw StatusError(JARANA_BUSY, std::string("the ") + name +
                                         " is in use by another thread");
  }
  ~Use() { object->busy.clear(std::memory_order_release); }
  Use(const Use &) = delete;
  auto &operator*() const { return *object; }
  T *operator->() const { return object; }

private:
  T *object;
};

jarana_session *wrap(std::unique_ptr<Session> session) {
  return new jarana_session{std::move(session)};
}

void fillSpec(const std::vector<Parameter> &list, size_t index,
              const char *kind, jarana_tensor_spec *out) {
  required(out, "out");
  if (index >= list.size())
    refuse(std::string(kind) + " " + std::to_string(index) +
           " does not exist: there are " + std::to_string(list.size()));
  const Parameter &p = list[index];
  *out = {p.name.c_str(), p.dtype, p.shape.size(), p.shape.data(),
          p.symbolPointers.data()};
}

const Entry &entryOf(const jarana_bundle *bundle, const char *entry) {
  return required(bundle, "bundle")->value->entry(required(entry, "entry"));
}

} // namespace

extern "C" {

uint32_t jarana_abi_version(void) { return JARANA_ABI_VERSION; }
const char *jarana_version(void) { return JARANA_VERSION; }
const char *jarana_last_error(void) { return lastError.c_str(); }
const char *jarana_dtype_name(jarana_dtype dtype) { return dtypeName(dtype); }
size_t jarana_dtype_bytes(jarana_dtype dtype) { return dtypeBytes(dtype); }

jarana_status jarana_bundle_open(const char *path, uint32_t flags,
                                 jarana_bundle **out) {
  return guarded([&] {
    required(out, "out");
    if (flags & ~JARANA_VERIFY_WEIGHTS)
      refuse("flags has unknown bits");
    *out = new jarana_bundle{
        Bundle::open(required(path, "path"), flags & JARANA_VERIFY_WEIGHTS)};
  });
}

void jarana_bundle_close(jarana_bundle *bundle) { delete bundle; }
const char *jarana_bundle_manifest(const jarana_bundle *bundle) {
  return bundle ? bundle->value->manifestText().c_str() : nullptr;
}
uint64_t jarana_bundle_weight_bytes(const jarana_bundle *bundle) {
  return bundle ? bundle->value->weightBytes() : 0;
}
size_t jarana_bundle_entry_count(const jarana_bundle *bundle) {
  return bundle ? bundle->value->entries().size() : 0;
}

const char *jarana_bundle_entry_name(const jarana_bundle *bundle,
                                     size_t index) {
  if (!bundle || index >= bundle->value->entries().size())
    return nullptr;
  return std::next(bundle->value->entries().begin(), index)->first.c_str();
}

jarana_status jarana_bundle_signature(const jarana_bundle *bundle,
                                      const char *entry, size_t *inputs,
                                      size_t *outputs) {
  return guarded([&] {
    const Entry &found = entryOf(bundle, entry);
    *required(inputs, "input_count") = found.inputs.size();
    *required(outputs, "output_count") = found.outputs.size();
  });
}

jarana_status jarana_bundle_input(const jarana_bundle *bundle,
                                  const char *entry, size_t index,
                                  jarana_tensor_spec *out) {
  return guarded(
      [&] { fillSpec(entryOf(bundle, entry).inputs, index, "input", out); });
}

jarana_status jarana_bundle_output(const jarana_bundle *bundle,
                                   const char *entry, size_t index,
                                   jarana_tensor_spec *out) {
  return guarded(
      [&] { fillSpec(entryOf(bundle, entry).outputs, index, "output", out); });
}

int jarana_bundle_has_state(const jarana_bundle *bundle) {
  return bundle && bundle->value->manifest().state;
}

jarana_status jarana_call_create(jarana_bundle *bundle, const char *entry,
                                 uint32_t threads, jarana_call **out) {
  return guarded([&] {
    required(out, "out");
    *out = new jarana_call{Call(required(bundle, "bundle")->value,
                                required(entry, "entry"), threads)};
  });
}

void jarana_call_close(jarana_call *call) { delete call; }

jarana_status jarana_call_set_input(jarana_call *call, const char *name,
                                    const jarana_tensor *tensor) {
  return guarded([&] {
    Use(call, "call")
        ->value.setInput(required(name, "name"), *required(tensor, "tensor"));
  });
}

jarana_status jarana_call_set_output(jarana_call *call, const char *name,
                                     void *data, size_t bytes) {
  return guarded([&] {
    Use(call, "call")->value.setOutput(required(name, "name"), data, bytes);
  });
}

jarana_status jarana_call_run(jarana_call *call) {
  return guarded([&] { Use(call, "call")->value.run(); });
}

jarana_status jarana_call_output(const jarana_call *call, const char *name,
                                 jarana_tensor *out) {
  return guarded([&] {
    *required(out, "out") =
        Use(call, "call")->value.output(required(name, "name"));
  });
}

jarana_status jarana_session_create(jarana_bundle *bundle,
                                    const jarana_session_options *options,
                                    jarana_session **out) {
  return guarded([&] {
    required(out, "out");
    jarana_session_options chosen =
        options ? *options : jarana_session_options{1, 0, 0};
    *out = wrap(
        std::make_unique<Session>(required(bundle, "bundle")->value, chosen));
  });
}

void jarana_session_close(jarana_session *session) { delete session; }

jarana_status jarana_session_prefill(jarana_session *session,
                                     const int64_t *ids, size_t count) {
  return guarded([&] {
    Use(session, "session")->value->step(required(ids, "ids"), count);
  });
}

jarana_status jarana_session_decode(jarana_session *session,
                                    const int64_t *ids) {
  return jarana_session_prefill(session, ids, 1);
}

uint32_t jarana_session_batch(const jarana_session *session) {
  return session ? session->value->batch() : 0;
}
uint64_t jarana_session_position(const jarana_session *session) {
  return session ? session->value->position() : 0;
}

jarana_status jarana_session_logits(const jarana_session *session,
                                    jarana_tensor *out) {
  return guarded([&] {
    Use use(session, "session");
    const Logits &logits = use->value->logits();
    *required(out, "out") = {use->value->logitsDtype(), logits.shape.size(),
                             logits.shape.data(),
                             const_cast<std::byte *>(logits.values.data())};
  });
}

jarana_status jarana_session_sample(const jarana_session *session,
                                    const jarana_sampling *options,
                                    int64_t *ids) {
  return guarded([&] {
    required(ids, "ids");
    std::vector<int64_t> tokens =
        Use(session, "session")
            ->value->sample(options ? *options : jarana_sampling{0, 1, 0});
    std::copy(tokens.begin(), tokens.end(), ids);
  });
}

jarana_status jarana_session_pad(jarana_session *session,
                                 const uint64_t *padding) {
  return guarded([&] {
    Use(session, "session")->value->pad(required(padding, "padding"));
  });
}

jarana_status jarana_session_reset(jarana_session *session) {
  return guarded([&] { Use(session, "session")->value->reset(); });
}

jarana_status jarana_session_state_bytes(const jarana_session *session,
                                         uint64_t *out) {
  return guarded([&] {
    *required(out, "out") = Use(session, "session")->value->savedBytes();
  });
}

jarana_status jarana_session_save(const jarana_session *session, void *buffer,
                                  uint64_t capacity, uint64_t *written) {
  return guarded([&] {
    required(written, "written");
    std::vector<std::byte> bytes = Use(session, "session")->value->save();
    if (capacity < bytes.size())
      refuse("the buffer has " + std::to_string(capacity) +
             " bytes, the state needs " + std::to_string(bytes.size()));
    std::memcpy(required(buffer, "buffer"), bytes.data(), bytes.size());
    *written = bytes.size();
  });
}

jarana_status jarana_session_load(jarana_session *session, const void *buffer,
                                  uint64_t bytes) {
  return guarded([&] {
    const auto *data =
        static_cast<const std::byte *>(required(buffer, "buffer"));
    Use(session, "session")
        ->value->load(*safetensors::File::view(data, bytes, "the saved state"),
                      "the saved state");
  });
}

jarana_status jarana_session_save_file(const jarana_session *session,
                                       const char *path) {
  return guarded([&] {
    Use(session, "session")->value->saveFile(required(path, "path"));
  });
}

jarana_status jarana_session_load_file(jarana_session *session,
                                       const char *path) {
  return guarded([&] {
    Use use(session, "session");
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(required(path, "path"), ignored))
      throw StatusError(JARANA_IO, std::string("cannot open '") + path +
                                       "': no such file");
    use->value->load(*safetensors::File::open(path), path);
  });
}

jarana_status jarana_session_fork(const jarana_session *session,
                                  jarana_session **out) {
  return guarded([&] {
    required(out, "out");
    *out = wrap(Use(session, "session")->value->fork());
  });
}

jarana_status jarana_session_snapshot(const jarana_session *session,
                                      jarana_snapshot **out) {
  return guarded([&] {
    required(out, "out");
    Use use(session, "session");
    *out = new jarana_snapshot{use->value->bundle(), use->value->batch(),
                               use->value->copyState()};
  });
}

jarana_status jarana_session_rollback(jarana_session *session,
                                      const jarana_snapshot *snapshot) {
  return guarded([&] {
    required(snapshot, "snapshot");
    Use use(session, "session");
    if (use->value->bundle() != snapshot->bundle ||
        use->value->batch() != snapshot->batch)
      refuse("the snapshot is of another bundle or batch");
    use->value->restore(snapshot->value);
  });
}

uint64_t jarana_snapshot_position(const jarana_snapshot *snapshot) {
  return snapshot ? snapshot->value.position : 0;
}
void jarana_snapshot_close(jarana_snapshot *snapshot) { delete snapshot; }

} // extern "C"
