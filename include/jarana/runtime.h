/* The C interface of Jarana's runtime (libjarana_runtime.so): open a bundle,
 * run its entries, generate tokens.
 *
 * Errors. Every function that can fail returns a jarana_status; anything but
 * JARANA_OK leaves the out parameters and the objects as they were, unless said
 * otherwise, and jarana_last_error() then gives the message (of this thread).
 * No function throws, aborts, prints, or reads environment variables; none
 * changes what belongs to the whole process (signal handlers, locale, working
 * folder, file mode mask, visible symbols).
 *
 * Threads. A jarana_bundle may be used by any number of threads at once. A
 * jarana_call, jarana_session or jarana_snapshot may be used by one thread at a
 * time (a second gets JARANA_BUSY); different ones are independent.
 * Each call and session has threads of its own, one less than it was asked to
 * use, as the calling thread works too. They start with the first run, block
 * all signals, wait for work for about a millisecond before they sleep, and end
 * when the object is closed. Where the system refuses to start some, the others
 * do their work: results do not depend on it. After fork(), a child may go on
 * using what no thread was using at that time; it starts threads of its own.
 *
 * Stack. What compiled code needs, at most 64 KiB less what the runtime takes,
 * is in the manifest (stack_bytes). A thread that has less left gets
 * JARANA_OUT_OF_MEMORY and a message that says how much is needed.
 *
 * Ownership. Objects are made by ..._open / ..._create / ..._fork and freed by
 * their ..._close; closing NULL does nothing. A call or session keeps its
 * bundle alive, so they may be closed in any order. Pointers that a function
 * gives out belong to the object they came from and live as long as the
 * function's comment says.
 *
 * Sizes are in elements unless the name ends in _bytes. Tensors are dense and
 * row-major, in the machine's byte order.
 */
#ifndef JARANA_RUNTIME_H
#define JARANA_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define JARANA_API __attribute__((visibility("default")))
#else
#define JARANA_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* What became of a call. */
typedef enum jarana_status {
  JARANA_OK = 0,
  JARANA_INVALID_ARGUMENT = 1, /* a name, type, shape or value that the bundle
                                  or function does not take */
  JARANA_BAD_BUNDLE = 2, /* missing, truncated, damaged, foreign, older or for
                            another machine */
  JARANA_CHECK_FAILED =
      3, /* one of the model's own checks of its inputs' shapes failed */
  JARANA_OUT_OF_MEMORY = 4,
  JARANA_IO = 5,      /* a file could not be read or written */
  JARANA_BUSY = 6,    /* another thread is using the object */
  JARANA_INTERNAL = 7 /* a bug of ours */
} jarana_status;

/* Element types: a jarana_dtype is one of these. Booleans are bytes of value 0
 * or 1; float16 and bfloat16 are their 16 bits. */
enum {
  JARANA_FLOAT32 = 0,
  JARANA_FLOAT16 = 1,
  JARANA_BFLOAT16 = 2,
  JARANA_FLOAT64 = 3,
  JARANA_INT8 = 4,
  JARANA_UINT8 = 5,
  JARANA_INT16 = 6,
  JARANA_UINT16 = 7,
  JARANA_INT32 = 8,
  JARANA_UINT32 = 9,
  JARANA_INT64 = 10,
  JARANA_UINT64 = 11,
  JARANA_BOOL = 12
};
typedef int32_t jarana_dtype;

typedef struct jarana_bundle
    jarana_bundle; /* an opened bundle: code, mapped weights, signature */
typedef struct jarana_call
    jarana_call; /* one entry with its inputs, outputs and scratch memory */
typedef struct jarana_session
    jarana_session; /* a sequence (or a batch of equally long ones) being
                       generated */
typedef struct jarana_snapshot
    jarana_snapshot; /* a copy of a session's state to go back to */

/* Version of this interface: a program built against one version works with
 * every runtime of the same value. */
#define JARANA_ABI_VERSION 1
JARANA_API uint32_t jarana_abi_version(void); /* that of the loaded library */
JARANA_API const char *jarana_version(void);  /* "0.1.0"; static */

/* The message of the last failed function of this thread; "" if none failed.
 * Valid until the next failure in this thread. */
JARANA_API const char *jarana_last_error(void);

/* The name of a dtype as numpy spells it ("float32", "bfloat16", ...), or NULL
 * for a value that is none; static. */
JARANA_API const char *jarana_dtype_name(jarana_dtype dtype);
/* Bytes per element; 0 for a value that is no dtype. */
JARANA_API size_t jarana_dtype_bytes(jarana_dtype dtype);

/* ---- Bundles
 * ----------------------------------------------------------------------------------------------------
 */

/* Flags of jarana_bundle_open. */
#define JARANA_VERIFY_WEIGHTS                                                  \
  1u /* also compare the SHA-256 of the weights (reads all of them; by default \
        they are only mapped) */

/* Opens the bundle in the folder `path`. Manifest, sizes of the files, headers,
 * and the SHA-256 of the code are always checked before any of the code runs;
 * the weights are mapped read-only, and processes share their pages. path:   a
 * folder; a relative one is relative to the working folder, which may change
 * afterwards. flags:  0 or JARANA_VERIFY_WEIGHTS. out:    receives the bundle;
 * close it with jarana_bundle_close. Errors: JARANA_BAD_BUNDLE (the message
 * names the file and what is wrong with it), JARANA_INVALID_ARGUMENT,
 * JARANA_OUT_OF_MEMORY. */
JARANA_API jarana_status jarana_bundle_open(const char *path, uint32_t flags,
                                            jarana_bundle **out);
JARANA_API void jarana_bundle_close(jarana_bundle *bundle);

/* The text of manifest.json, NUL-terminated, as long as the bundle is open. */
JARANA_API const char *jarana_bundle_manifest(const jarana_bundle *bundle);
/* The size of the mapped weights, in bytes. */
JARANA_API uint64_t jarana_bundle_weight_bytes(const jarana_bundle *bundle);

/* The number of entries, and the name of one ("main"; NULL past the end),
 * sorted; valid as long as the bundle is open. */
JARANA_API size_t jarana_bundle_entry_count(const jarana_bundle *bundle);
JARANA_API const char *jarana_bundle_entry_name(const jarana_bundle *bundle,
                                                size_t index);

/* An input or output of an entry. All pointers are valid as long as the bundle
 * is open. */
typedef struct jarana_tensor_spec {
  const char *name; /* the model's own (ONNX) name */
  jarana_dtype dtype;
  size_t rank;
  const int64_t *shape;       /* [rank]; -1 where the size is symbolic */
  const char *const *symbols; /* [rank]; the symbol or expression ("batch"),
                                 NULL where the size is a number */
} jarana_tensor_spec;

/* The numbers of inputs and outputs of `entry`. JARANA_INVALID_ARGUMENT: no
 * such entry. */
JARANA_API jarana_status jarana_bundle_signature(const jarana_bundle *bundle,
                                                 const char *entry,
                                                 size_t *input_count,
                                                 size_t *output_count);
/* The index'th input or output, in the model's order. JARANA_INVALID_ARGUMENT:
 * no such entry or index. */
JARANA_API jarana_status jarana_bundle_input(const jarana_bundle *bundle,
                                             const char *entry, size_t index,
                                             jarana_tensor_spec *out);
JARANA_API jarana_status jarana_bundle_output(const jarana_bundle *bundle,
                                              const char *entry, size_t index,
                                              jarana_tensor_spec *out);

/* Whether sessions can be created: 1 where the model has states that the
 * manifest describes, otherwise 0. */
JARANA_API int jarana_bundle_has_state(const jarana_bundle *bundle);

/* ---- Calls: the model's own signature
 * ---------------------------------------------------------------------------
 */

/* A tensor in memory. Data is best aligned to 64 bytes; other data is copied.
 */
typedef struct jarana_tensor {
  jarana_dtype dtype;
  size_t rank;
  const int64_t *shape; /* [rank], every size >= 0 */
  void *data; /* product(shape) elements; may be NULL where that is 0 */
} jarana_tensor;

/* To be added to a number of threads: each thread but the calling one stays on
 * one of the processors that the thread which creates the object may run on,
 * in turn from the second one. Where only one program uses these. */
#define JARANA_PIN_THREADS 0x80000000u

/* Makes a call of `entry` ("main"). threads: how many threads a run uses (at
 * most 4096), 0 for all processors that this process may use (its affinity and
 * the quota of its control group); plus JARANA_PIN_THREADS or not. Errors:
 * JARANA_INVALID_ARGUMENT (no such entry: the message lists them),
 * JARANA_OUT_OF_MEMORY. */
JARANA_API jarana_status jarana_call_create(jarana_bundle *bundle,
                                            const char *entry, uint32_t threads,
                                            jarana_call **out);
JARANA_API void jarana_call_close(jarana_call *call);

/* Sets the input `name` for the next runs. The shape is copied; the data is
 * not, must live until the last run that uses it, and is never written. Errors:
 * JARANA_INVALID_ARGUMENT (no such input: the message lists them; wrong dtype,
 * rank, or a fixed size that differs). */
JARANA_API jarana_status jarana_call_set_input(jarana_call *call,
                                               const char *name,
                                               const jarana_tensor *tensor);

/* Gives a buffer for the output `name` of the next runs: its capacity is
 * `bytes`. It must not overlap an input or another output. Without this (or
 * with data NULL) the call allocates the output itself. */
JARANA_API jarana_status jarana_call_set_output(jarana_call *call,
                                                const char *name, void *data,
                                                size_t bytes);

/* Computes the outputs. All inputs must have been set, but for those that have
 * a default value (manifest.json: "default"). Errors:
 * JARANA_INVALID_ARGUMENT (an input is not set; two sizes that share a symbol
 * differ: the message names inputs and dimensions; a given buffer is too
 * small), JARANA_CHECK_FAILED, JARANA_OUT_OF_MEMORY. After an error the outputs
 * are unspecified. */
JARANA_API jarana_status jarana_call_run(jarana_call *call);

/* The output `name` of the last run; data and shape are valid until the next
 * run or set_output, or until the call is closed. */
JARANA_API jarana_status jarana_call_output(const jarana_call *call,
                                            const char *name,
                                            jarana_tensor *out);

/* ---- Sessions: generating tokens
 * --------------------------------------------------------------------------------
 */

typedef struct jarana_session_options {
  uint32_t batch;   /* number of sequences that advance together, >= 1 */
  uint32_t threads; /* as jarana_call_create takes it */
  uint64_t context; /* positions to allocate key/value caches for at once; they
                       grow beyond when needed; 0: no guess. A model whose
                       caches are buffers of one length (which its inputs leave
                       open) takes this many positions, and no more */
} jarana_session_options;

/* Makes a session at position 0 with all states zero. options may be NULL:
 * batch 1, all processors. Errors: JARANA_INVALID_ARGUMENT (the bundle has no
 * states; the model has a fixed other batch; it has an input that a session
 * cannot fill: the message names it), JARANA_OUT_OF_MEMORY. */
JARANA_API jarana_status jarana_session_create(
    jarana_bundle *bundle, const jarana_session_options *options,
    jarana_session **out);
JARANA_API void jarana_session_close(jarana_session *session);

/* Appends `count` >= 1 tokens per sequence; ids is [batch, count]. May be
 * called again and again: every piece continues from the state that the one
 * before left. After an error the state is that before the call (the logits may
 * be gone). Errors: JARANA_INVALID_ARGUMENT (an id outside of the vocabulary,
 * more positions than the model's buffers have places for),
 * JARANA_CHECK_FAILED, JARANA_OUT_OF_MEMORY, JARANA_BUSY. */
JARANA_API jarana_status jarana_session_prefill(jarana_session *session,
                                                const int64_t *ids,
                                                size_t count);
/* Appends one token per sequence; ids is [batch]. The same as prefill with
 * count 1. */
JARANA_API jarana_status jarana_session_decode(jarana_session *session,
                                               const int64_t *ids);

/* The number of sequences, and the number of tokens that each has seen. */
JARANA_API uint32_t jarana_session_batch(const jarana_session *session);
JARANA_API uint64_t jarana_session_position(const jarana_session *session);

/* The logits of the last prefill or decode: [batch, positions, vocabulary] as
 * the model gives them (positions: the tokens of that call, or 1). Valid until
 * the session's next step, rollback, load, reset or close. Errors:
 * JARANA_INVALID_ARGUMENT where no step was made since the session was created,
 * reset, rolled back or loaded. */
JARANA_API jarana_status jarana_session_logits(const jarana_session *session,
                                               jarana_tensor *out);

typedef struct jarana_sampling {
  float temperature; /* 0: the most probable token (the first of equals);
                        otherwise logits are divided by it; finite, >= 0 */
  float top_p;       /* keep the most probable tokens that together reach this
                        probability; 1 keeps all; in (0, 1] */
  uint64_t seed; /* the same seed, position and logits give the same token */
} jarana_sampling;

/* Picks each sequence's next token from the logits of its last position into
 * ids[batch]; does not advance the session. options may be NULL: greedy.
 * Errors: JARANA_INVALID_ARGUMENT (no logits, see above; an option out of
 * range; logits that are NaN). */
JARANA_API jarana_status jarana_session_sample(const jarana_session *session,
                                               const jarana_sampling *options,
                                               int64_t *ids);

/* Says that the first padding[b] tokens of sequence b are padding ([batch]), so
 * that sequences of unequal lengths advance together: the mask is 0 there, and
 * positions count from the first token behind it (0 before). Only at position 0
 * (after a reset: no padding). Errors: JARANA_INVALID_ARGUMENT (tokens were fed
 * already; padding for a model without a mask, or one that padding would
 * change: compiling found out, "state"."pad" of the manifest). */
JARANA_API jarana_status jarana_session_pad(jarana_session *session,
                                            const uint64_t *padding);

/* ---- Sessions: the state
 * ----------------------------------------------------------------------------------------
 */

/* Back to position 0 with all states zero; memory is kept. */
JARANA_API jarana_status jarana_session_reset(jarana_session *session);

/* The size in bytes of what jarana_session_save writes now. */
JARANA_API jarana_status
jarana_session_state_bytes(const jarana_session *session, uint64_t *out);
/* Saves the state as a safetensors file in memory: one tensor per state input,
 * under its name, in the model's layout, and the position in the metadata.
 * buffer: capacity bytes; *written receives the size. JARANA_INVALID_ARGUMENT:
 * too small. */
JARANA_API jarana_status jarana_session_save(const jarana_session *session,
                                             void *buffer, uint64_t capacity,
                                             uint64_t *written);
/* Replaces the state by a saved one; the session's batch must be that of the
 * saved one. Errors: JARANA_INVALID_ARGUMENT (damaged, or of another model: the
 * message names the tensor); the state is then unchanged. */
JARANA_API jarana_status jarana_session_load(jarana_session *session,
                                             const void *buffer,
                                             uint64_t bytes);
/* The same with a file; it appears whole or not at all. Also JARANA_IO. */
JARANA_API jarana_status jarana_session_save_file(const jarana_session *session,
                                                  const char *path);
JARANA_API jarana_status jarana_session_load_file(jarana_session *session,
                                                  const char *path);

/* A new, independent session with a copy of the state and the logits. */
JARANA_API jarana_status jarana_session_fork(const jarana_session *session,
                                             jarana_session **out);

/* Keeps a copy of the state, to go back to with jarana_session_rollback, any
 * number of times, in this session or in others of the same bundle and batch.
 */
JARANA_API jarana_status jarana_session_snapshot(const jarana_session *session,
                                                 jarana_snapshot **out);
JARANA_API jarana_status jarana_session_rollback(
    jarana_session *session, const jarana_snapshot *snapshot);
JARANA_API uint64_t jarana_snapshot_position(const jarana_snapshot *snapshot);
JARANA_API void jarana_snapshot_close(jarana_snapshot *snapshot);

#ifdef __cplusplus
}
#endif
#endif
