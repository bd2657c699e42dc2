// jarana-run OUT.jarana --prompt-ids=1,2,3 --generate=N
#include "Modes.h"

#include "jarana/session.hpp"

#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace jarana::tools {

using Clock = std::chrono::steady_clock;

static double milliseconds(Clock::time_point since) {
  return std::chrono::duration<double, std::milli>(Clock::now() - since)
      .count();
}

int runGenerate(const Options &options) {
  std::vector<int64_t> prompt = options.numbers("prompt-ids");
  uint64_t count = options.number("generate", 0);
  jarana_sampling sampling{static_cast<float>(options.real("temperature", 0)),
                           static_cast<float>(options.real("top-p", 1)),
                           options.number("seed", 0, 0, UINT64_MAX)};
  if (sampling.temperature < 0)
    throw UsageError("option '--temperature' must not be negative");
  if (!(sampling.top_p > 0 && sampling.top_p <= 1))
    throw UsageError("option '--top-p' must be above 0 and at most 1");
  bool asJson = options.has("json");

  Bundle bundle(options.positional()[0],
                options.has("verify") ? JARANA_VERIFY_WEIGHTS : 0);
  Session session(
      bundle,
      {1, static_cast<uint32_t>(options.number("threads", 0, 1, 4096)), 0});
  if (options.has("state-in"))
    session.load(options.text("state-in"));
  auto start = Clock::now();
  session.prefill(prompt);
  double prefill = milliseconds(start);

  std::vector<int64_t> tokens;
  start = Clock::now();
  while (tokens.size() < count) {
    int64_t token = session.sample(sampling).front();
    tokens.push_back(token);
    if (!asJson) {
      std::printf("%s%lld", tokens.size() > 1 ? "," : "",
                  static_cast<long long>(token));
      std::fflush(stdout);
    }
    // The last token is fed too: a saved state continues after everything that
    // was printed.
    if (tokens.size() < count || options.has("state-out"))
      session.decode({&token, 1});
  }
  double decode = milliseconds(start);
  if (options.has("state-out"))
    session.save(options.text("state-out"));
  if (asJson) {
    nlohmann::json report = {
        {"tokens", tokens},
        {"prompt_tokens", prompt.size()},
        {"position", session.position()},
        {"prefill_ms", prefill},
        {"decode_ms", decode},
        {"threads", options.number("threads", 0, 1, 4096)}};
    if (!options.has("threads"))
      report.erase("threads");
    std::printf("%s\n", report.dump().c_str());
  } else if (!tokens.empty()) {
    std::printf("\n");
  }
  return 0;
}

} // namespace jarana::tools
