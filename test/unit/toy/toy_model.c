/* What a compiler would make of a toy recurrent model, by hand: it exercises
 * the runtime without a compiler.
 *
 * inputs:  ids i64[b, n], mask i64[b, p + n], positions i64[b, n], past.state
 * f32[b, 3], past.key f32[b, 1, p, 2] outputs: logits f32[b, n, 8],
 * present.state f32[b, 3], present.key f32[b, 1, p + n, 2] weights: f32
 * table[8, 3] at byte 0
 *
 * For each token: state = state / 2 + table[id]; key = (position, mask); the
 * logits add what the states and all keys say, so a state, a cache, a position
 * or a mask that is wrong changes them. Check 1: the mask's length is p + n. */
#include "runtime/CodeContext.h"

enum { vocabulary = 8, width = 3 };

typedef struct {
  void *allocated, *aligned;
  int64_t offset, dims[8]; /* sizes, then strides */
} memref;

static memref *arg(void *const *args, int i) { return (memref *)args[i]; }

#define EXPORT __attribute__((visibility("default")))

EXPORT int64_t jarana_main_plan(void *const *args) {
  const int64_t *in = (const int64_t *)arg(args, 0)->aligned;
  int64_t *out = (int64_t *)arg(args, 1)->aligned;
  int64_t batch = in[0], tokens = in[1], past = in[10];
  if (in[3] != past + tokens)
    return -1;
  int64_t dims[] = {batch, tokens, vocabulary,    batch, width,
                    batch, 1,      past + tokens, 2};
  for (int i = 0; i < 9; ++i)
    out[i] = dims[i];
  return batch * vocabulary * (int64_t)sizeof(float);
}

/* What all parts of the work need. */
typedef struct {
  memref *ids, *mask, *positions, *pastState, *pastKey, *logits, *state, *key,
      *weights, *arena;
} tensors;

/* The sequences of one part. */
static void runPart(jarana_code_context *context, void *data, int64_t part,
                    int64_t parts) {
  const tensors *t = (const tensors *)data;
  int64_t batch = t->ids->dims[0], tokens = t->ids->dims[1],
          past = t->pastKey->dims[2], length = past + tokens;
  const float *table = (const float *)t->weights->aligned;
  (void)context;
  for (int64_t b = batch * part / parts; b < batch * (part + 1) / parts; ++b) {
    float *s = (float *)t->state->aligned + b * width,
          *k = (float *)t->key->aligned + b * length * 2;
    float *sums = (float *)t->arena->aligned + b * vocabulary;
    for (int64_t i = 0; i < width; ++i)
      s[i] = ((const float *)t->pastState->aligned)[b * width + i];
    for (int64_t i = 0; i < past * 2; ++i)
      k[i] = ((const float *)t->pastKey->aligned)[b * past * 2 + i];
    for (int64_t n = 0; n < tokens; ++n) {
      int64_t id = ((const int64_t *)t->ids->aligned)[b * tokens + n];
      k[(past + n) * 2] =
          (float)((const int64_t *)t->positions->aligned)[b * tokens + n];
      k[(past + n) * 2 + 1] =
          (float)((const int64_t *)t->mask->aligned)[b * length + past + n];
      for (int64_t i = 0; i < width; ++i)
        s[i] = s[i] / 2 + table[id * width + i];
      for (int64_t v = 0; v < vocabulary; ++v) {
        sums[v] = 0;
        for (int64_t i = 0; i < width; ++i)
          sums[v] += s[i] * table[v * width + i];
        for (int64_t j = 0; j <= past + n; ++j)
          sums[v] +=
              k[j * 2 + 1] * (float)((int64_t)k[j * 2] * (v + 1) % 5) / 4;
        ((float *)t->logits->aligned)[(b * tokens + n) * vocabulary + v] =
            sums[v];
      }
    }
  }
}

EXPORT int32_t jarana_main(void *const *args) {
  memref *ids = arg(args, 0), *mask = arg(args, 1), *positions = arg(args, 2),
         *pastState = arg(args, 3), *pastKey = arg(args, 4);
  memref *logits = arg(args, 5), *state = arg(args, 6), *key = arg(args, 7),
         *weights = arg(args, 8), *arena = arg(args, 9);
  int64_t tokens = ids->dims[1], past = pastKey->dims[2],
          length = past + tokens;
  if (mask->dims[1] != length)
    return -1;
  if (((uintptr_t)weights->aligned | (uintptr_t)arena->aligned |
       (uintptr_t)ids->aligned | (uintptr_t)logits->aligned) %
      64)
    return -1;
  tensors all = {ids,    mask,  positions, pastState, pastKey,
                 logits, state, key,       weights,   arena};
  jarana_code_context *context = (jarana_code_context *)args[10];
  context->parallel(context, runPart, &all);
  return 0;
}
