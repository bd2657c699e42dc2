/* What compiled code gets from the runtime beside its tensors: the last of the
 * pointers that an entry takes (docs/architecture.md). C, and nothing but
 * declarations: a pointer to functions needs no visible symbol, however the
 * runtime was loaded. */
#ifndef JARANA_RUNTIME_CODE_CONTEXT_H
#define JARANA_RUNTIME_CODE_CONTEXT_H

#include <stdint.h>

typedef struct jarana_code_context jarana_code_context;

/* Does part `part` of `parts` of some work. */
typedef void (*jarana_code_part)(jarana_code_context *context, void *data,
                                 int64_t part, int64_t parts);

struct jarana_code_context {
  /* Calls `body` once for each part, with a context for each, on several
   * threads; comes back when all parts are done. Within a part there is one
   * part only. */
  void (*parallel)(jarana_code_context *context, jarana_code_part body,
                   void *data);
  /* The manifest's `scratch_bytes` of memory, aligned to 64 bytes, that nobody
   * else writes while the part runs. */
  void *scratch;
};

#endif
