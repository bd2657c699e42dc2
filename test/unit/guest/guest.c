/* A program that knows nothing of the runtime but its C interface, loads it
 * without making a symbol visible, and has its own ideas of stacks:
 *
 *   guest LIBRARY BUNDLE TOKENS STEPS [THREADS [STACK_BYTES [CALLERS]]]
 *
 * CALLERS threads with stacks of STACK_BYTES (0: the main thread) each prefill
 * TOKENS tokens and decode STEPS more, in sessions of THREADS threads. Prints
 * what identifies the logits, once: all callers must get the same. Fails where
 * something of the process is not as before, or a thread is left. */
#define _GNU_SOURCE
#include "jarana/runtime.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static struct {
  jarana_status (*open)(const char *, uint32_t, jarana_bundle **);
  void (*close)(jarana_bundle *);
  jarana_status (*create)(jarana_bundle *, const jarana_session_options *,
                          jarana_session **);
  jarana_status (*prefill)(jarana_session *, const int64_t *, size_t);
  jarana_status (*decode)(jarana_session *, const int64_t *);
  jarana_status (*logits)(const jarana_session *, jarana_tensor *);
  size_t (*dtypeBytes)(jarana_dtype);
  void (*end)(jarana_session *);
  const char *(*error)(void);
} api;

/* What a library must leave alone. */
typedef struct {
  void (*handlers[65])(int);
  int flags[65];
  mode_t mask;
  char locale[256], folder[4096];
  size_t variables;
  uint64_t environment;
  int visible;
  int threads;
} process;

static uint64_t hash(uint64_t seed, const void *data, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i)
    seed = (seed ^ ((const unsigned char *)data)[i]) * 0x100000001b3u;
  return seed;
}

static int countThreads(void) {
  DIR *folder = opendir("/proc/self/task");
  int count = 0;
  if (!folder)
    return -1;
  for (struct dirent *entry; (entry = readdir(folder));)
    count += entry->d_name[0] != '.';
  closedir(folder);
  return count;
}

static process look(void) {
  process now;
  memset(&now, 0, sizeof now);
  for (int i = 1; i < 65; ++i) {
    struct sigaction action;
    if (sigaction(i, NULL, &action) != 0)
      continue;
    now.handlers[i] = action.sa_handler;
    now.flags[i] = action.sa_flags;
  }
  now.mask = umask(0);
  umask(now.mask);
  snprintf(now.locale, sizeof now.locale, "%s", setlocale(LC_ALL, NULL));
  if (!getcwd(now.folder, sizeof now.folder))
    now.folder[0] = 0;
  for (; environ[now.variables]; ++now.variables)
    now.environment = hash(now.environment, environ[now.variables],
                           strlen(environ[now.variables]));
  now.visible = dlsym(RTLD_DEFAULT, "jarana_bundle_open") ||
                dlsym(RTLD_DEFAULT, "jarana_main") ||
                dlsym(RTLD_DEFAULT, "omp_get_num_threads");
  now.threads = countThreads();
  return now;
}

static const char *number(const char *text, long *out) {
  char *end;
  *out = strtol(text, &end, 10);
  return *end ? NULL : text;
}

typedef struct {
  jarana_bundle *bundle;
  long tokens, steps, threads;
  uint64_t result;
  char failure[1024];
} caller;

static int failed(caller *c, jarana_status status, const char *what) {
  if (status != JARANA_OK)
    snprintf(c->failure, sizeof c->failure, "%s: %d: %s", what, (int)status,
             api.error());
  return status != JARANA_OK;
}

static void *call(void *argument) {
  caller *c = (caller *)argument;
  jarana_session *session = NULL;
  jarana_session_options options = {1, (uint32_t)c->threads, 0};
  if (failed(c, api.create(c->bundle, &options, &session), "create"))
    return NULL;
  int64_t *ids = (int64_t *)malloc(c->tokens * sizeof *ids);
  for (long i = 0; i < c->tokens; ++i)
    ids[i] = (i * 7 + 3) % 200;
  jarana_tensor logits;
  int bad = failed(c, api.prefill(session, ids, c->tokens), "prefill");
  for (long i = 0; i < c->steps && !bad; ++i)
    bad = failed(c, api.decode(session, &ids[i % c->tokens]), "decode");
  bad = bad || failed(c, api.logits(session, &logits), "logits");
  if (!bad) {
    size_t bytes = api.dtypeBytes(logits.dtype);
    for (size_t i = 0; i < logits.rank; ++i)
      bytes *= logits.shape[i];
    c->result = hash(1, logits.data, bytes);
  }
  free(ids);
  api.end(session);
  return NULL;
}

static int complain(const char *what) {
  fprintf(stderr, "guest: %s\n", what);
  return 1;
}

int main(int argc, char **argv) {
  long values[] = {0, 0, 0, 0, 1};
  if (argc < 5 || argc > 8)
    return complain("see the comment at the top of the source");
  for (int i = 3; i < argc; ++i)
    if (!number(argv[i], &values[i - 3]))
      return complain("not a number");
  long stack = values[3], count = values[4];
  if (count < 1 || count > 64)
    return complain("1 to 64 callers");
  process before = look();
  void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return complain(dlerror());
  *(void **)&api.open = dlsym(library, "jarana_bundle_open");
  *(void **)&api.close = dlsym(library, "jarana_bundle_close");
  *(void **)&api.create = dlsym(library, "jarana_session_create");
  *(void **)&api.prefill = dlsym(library, "jarana_session_prefill");
  *(void **)&api.decode = dlsym(library, "jarana_session_decode");
  *(void **)&api.logits = dlsym(library, "jarana_session_logits");
  *(void **)&api.dtypeBytes = dlsym(library, "jarana_dtype_bytes");
  *(void **)&api.end = dlsym(library, "jarana_session_close");
  *(void **)&api.error = dlsym(library, "jarana_last_error");

  jarana_bundle *bundle = NULL;
  if (api.open(argv[2], JARANA_VERIFY_WEIGHTS, &bundle) != JARANA_OK)
    return complain(api.error());
  static caller callers[64];
  static pthread_t threads[64];
  for (long i = 0; i < count; ++i) {
    callers[i] = (caller){bundle, values[0], values[1], values[2], 0, ""};
    if (stack == 0) {
      call(&callers[i]);
      continue;
    }
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    if (pthread_attr_setstacksize(&attributes, stack) != 0 ||
        pthread_create(&threads[i], &attributes, call, &callers[i]) != 0)
      return complain("no thread with such a stack");
    pthread_attr_destroy(&attributes);
  }
  for (long i = 0; i < count; ++i) {
    if (stack != 0)
      pthread_join(threads[i], NULL);
    if (callers[i].failure[0])
      return complain(callers[i].failure);
    if (callers[i].result != callers[0].result)
      return complain("two callers got different logits");
  }
  api.close(bundle);
  dlclose(library);

  process after = look();
  if (memcmp(before.handlers, after.handlers, sizeof before.handlers) != 0 ||
      memcmp(before.flags, after.flags, sizeof before.flags) != 0)
    return complain("the handlers of signals are others than before");
  if (before.mask != after.mask)
    return complain("the mask of new files is another than before");
  if (strcmp(before.locale, after.locale) != 0 ||
      strcmp(before.folder, after.folder) != 0 ||
      before.environment != after.environment)
    return complain("locale, folder or environment are others than before");
  if (after.visible)
    return complain("symbols of the runtime are visible");
  if (after.threads != before.threads)
    return complain("threads are left");
  printf("%016llx\n", (unsigned long long)callers[0].result);
  return 0;
}
