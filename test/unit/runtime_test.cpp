// The runtime through its C interface, on a toy model: sessions in pieces,
// forks, rollbacks, saved states, calls.
#include "jarana/session.hpp"
#include "toy/ToyBundle.h"

#include <cmath>
#include <gtest/gtest.h>
#include <thread>

using namespace jarana;

namespace {

std::string bundlePath() {
  static const std::string path = [] {
    std::string folder = testing::TempDir() + "jarana_runtime_test.jarana";
    toy::writeBundle(folder);
    return folder;
  }();
  return path;
}

/// The toy model again, straight from its definition: the logits of the last of
/// `ids`, of which the first `padding` are masked.
std::vector<float> expectedLogits(const std::vector<int64_t> &ids,
                                  size_t padding = 0) {
  float s[3] = {0, 0, 0};
  for (int64_t id : ids)
    for (int i = 0; i < 3; ++i)
      s[i] = s[i] / 2 + toy::weight(id, i);
  std::vector<float> logits(8, 0.0f);
  for (int v = 0; v < 8; ++v) {
    for (int i = 0; i < 3; ++i)
      logits[v] += s[i] * toy::weight(v, i);
    for (size_t j = 0; j + padding < ids.size(); ++j)
      logits[v] += static_cast<float>(j * (v + 1) % 5) / 4;
  }
  return logits;
}

std::vector<float> lastLogits(const Session &session, int row = 0) {
  TensorView logits = session.logits();
  int64_t at = ((row + 1) * logits.shape[1] - 1) * 8;
  auto all = logits.as<float>();
  return {all.begin() + at, all.begin() + at + 8};
}

template <class Body>
std::string errorOf(Body body,
                    jarana_status expected = JARANA_INVALID_ARGUMENT) {
  try {
    body();
  } catch (const RuntimeError &e) {
    EXPECT_EQ(e.status, expected) << e.what();
    return e.what();
  }
  return "no error";
}

bool contains(const std::string &text, const std::string &part) {
  return text.find(part) != std::string::npos;
}

#define EXPECT_CONTAINS(text, part) EXPECT_PRED2(contains, text, part)

TEST(Runtime, Signature) {
  Bundle bundle(bundlePath(), JARANA_VERIFY_WEIGHTS);
  EXPECT_STREQ(jarana_bundle_entry_name(bundle.get(), 0), "main");
  EXPECT_EQ(jarana_bundle_entry_name(bundle.get(), 1), nullptr);
  std::vector<TensorSpec> inputs = bundle.inputs();
  ASSERT_EQ(inputs.size(), 5u);
  EXPECT_EQ(inputs[4].name, "past.key");
  EXPECT_EQ(inputs[4].shape, (std::vector<int64_t>{-1, 1, -1, 2}));
  EXPECT_EQ(inputs[4].symbols,
            (std::vector<std::string>{"batch", "", "past", ""}));
  EXPECT_EQ(bundle.outputs()[0].dtype, JARANA_FLOAT32);
  EXPECT_TRUE(bundle.hasState());
  EXPECT_EQ(bundle.weightBytes(), 96u);
  EXPECT_CONTAINS(errorOf([&] { bundle.inputs("nope"); }), "it has: main");
  EXPECT_EQ(jarana_abi_version(), uint32_t(JARANA_ABI_VERSION));
  EXPECT_STREQ(jarana_dtype_name(JARANA_BFLOAT16), "bfloat16");
  EXPECT_EQ(jarana_dtype_bytes(static_cast<jarana_dtype>(99)), 0u);
}

TEST(Runtime, EverySplitOfAPromptGivesTheSame) {
  Bundle bundle(bundlePath());
  std::vector<int64_t> ids = {3, 1, 4, 1, 5, 2, 6};
  for (size_t first = 1; first < ids.size(); ++first) {
    Session session(bundle);
    session.prefill({ids.data(), first});
    EXPECT_EQ(session.position(), first);
    session.prefill({ids.data() + first, ids.size() - first});
    EXPECT_EQ(lastLogits(session), expectedLogits(ids)) << first;
  }
  Session session(bundle);
  for (int64_t id : ids)
    session.decode({&id, 1});
  EXPECT_EQ(lastLogits(session), expectedLogits(ids));
  EXPECT_EQ(session.position(), ids.size());
}

TEST(Runtime, CachesGrowOverManySteps) {
  Bundle bundle(bundlePath());
  Session session(bundle, {1, 1, 100});
  std::vector<int64_t> ids;
  for (int i = 0; i < 300; ++i) {
    ids.push_back(i * i % 8);
    session.decode({&ids.back(), 1});
  }
  std::vector<float> logits = lastLogits(session),
                     expected = expectedLogits(ids);
  for (int v = 0; v < 8; ++v)
    EXPECT_NEAR(logits[v], expected[v], 1e-3);
}

TEST(Runtime, BatchRowsAreIndependent) {
  Bundle bundle(bundlePath());
  Session session(bundle, {3, 2, 0});
  std::vector<int64_t> ids = {1, 2, 3, 4, 5, 6, 7, 0, 1}; // [3, 3]
  session.prefill(ids);
  std::vector<int64_t> more = {0, 3, 6};
  session.decode(more);
  for (int b = 0; b < 3; ++b)
    EXPECT_EQ(
        lastLogits(session, b),
        expectedLogits({ids[b * 3], ids[b * 3 + 1], ids[b * 3 + 2], more[b]}))
        << b;
  EXPECT_EQ(session.sample().size(), 3u);
  EXPECT_CONTAINS(errorOf([&] { session.prefill({ids.data(), 4}); }),
                  "batch of 3");
}

TEST(Runtime, Padding) {
  Bundle bundle(bundlePath());
  Session session(bundle, {2, 1, 0});
  std::vector<uint64_t> padding = {2, 0};
  session.pad(padding);
  std::vector<int64_t> ids = {0, 0, 3, 4, 5, 6}, more = {1, 2}; // [2, 3]
  session.prefill(ids);
  EXPECT_EQ(lastLogits(session, 0), expectedLogits({0, 0, 3}, 2));
  EXPECT_EQ(lastLogits(session, 1), expectedLogits({4, 5, 6}));
  EXPECT_CONTAINS(errorOf([&] { session.pad(padding); }), "3 tokens were fed");

  // It is part of the state: forks, snapshots and saved states have it.
  Session fork = session.fork(), loaded(bundle, {2, 1, 0});
  loaded.load(session.save());
  Snapshot snapshot = session.snapshot();
  session.decode(more);
  session.rollback(snapshot);
  for (Session *each : {&session, &fork, &loaded}) {
    each->decode(more);
    EXPECT_EQ(lastLogits(*each, 0), expectedLogits({0, 0, 3, 1}, 2));
    EXPECT_EQ(lastLogits(*each, 1), expectedLogits({4, 5, 6, 2}));
  }
  session.reset();
  session.prefill(ids);
  EXPECT_EQ(lastLogits(session, 0), expectedLogits({0, 0, 3}));
}

TEST(Runtime, ForksAndRollbacks) {
  Bundle bundle(bundlePath());
  Session session(bundle);
  std::vector<int64_t> prompt = {1, 2, 3}, left = {4, 4}, right = {5, 6, 7};
  session.prefill(prompt);
  Session other = session.fork();
  EXPECT_EQ(lastLogits(other), lastLogits(session));
  Snapshot snapshot = session.snapshot();
  session.prefill(left);
  other.prefill(right);
  EXPECT_EQ(lastLogits(session), expectedLogits({1, 2, 3, 4, 4}));
  EXPECT_EQ(lastLogits(other), expectedLogits({1, 2, 3, 5, 6, 7}));
  for (int round = 0; round < 2; ++round) {
    session.rollback(snapshot);
    EXPECT_EQ(session.position(), 3u);
    EXPECT_CONTAINS(errorOf([&] { session.logits(); }), "no logits");
    session.prefill(right);
    EXPECT_EQ(lastLogits(session), lastLogits(other));
  }
  other.reset();
  other.prefill(prompt);
  EXPECT_EQ(lastLogits(other), expectedLogits(prompt));
  Session wide(bundle, {2, 1, 0});
  EXPECT_CONTAINS(errorOf([&] { wide.rollback(snapshot); }),
                  "another bundle or batch");
}

TEST(Runtime, SavedStates) {
  Bundle bundle(bundlePath());
  Session session(bundle), restored(bundle);
  std::vector<int64_t> prompt = {1, 2, 3}, more = {4, 5};
  session.prefill(prompt);
  std::vector<std::byte> saved = session.save();
  restored.load(saved);
  EXPECT_EQ(restored.position(), 3u);
  restored.prefill(more);
  EXPECT_EQ(lastLogits(restored), expectedLogits({1, 2, 3, 4, 5}));

  std::string path = testing::TempDir() + "jarana_state.safetensors";
  session.save(path);
  Session third(bundle);
  third.load(path);
  third.prefill(more);
  EXPECT_EQ(lastLogits(third), lastLogits(restored));

  // Damage is refused, and the state stays as it was.
  for (size_t cut : {size_t(0), size_t(7), saved.size() / 2, saved.size() - 1})
    errorOf([&] { session.load({saved.data(), cut}); });
  Session wide(bundle, {2, 1, 0});
  EXPECT_CONTAINS(errorOf([&] { wide.load(saved); }),
                  "tensor 'past.state' is F32 [1, 3]");
  EXPECT_CONTAINS(errorOf([&] { session.load(path + ".missing"); }, JARANA_IO),
                  "missing");
  EXPECT_CONTAINS(errorOf([&] { session.save("/nonexistent/x"); }, JARANA_IO),
                  "/nonexistent/x");
  EXPECT_CONTAINS(
      errorOf([&] { session.load(bundlePath() + "/weights.safetensors"); }),
      "not a saved state");
  session.prefill(more);
  EXPECT_EQ(lastLogits(session), lastLogits(restored));
  uint64_t written = 0;
  EXPECT_EQ(jarana_session_save(session.get(), saved.data(), 3, &written),
            JARANA_INVALID_ARGUMENT);
}

TEST(Runtime, BadTokensLeaveTheStateAlone) {
  Bundle bundle(bundlePath());
  Session session(bundle);
  std::vector<int64_t> prompt = {1, 2};
  session.prefill(prompt);
  for (int64_t bad : {int64_t(-1), int64_t(8), INT64_MAX})
    EXPECT_CONTAINS(errorOf([&] { session.decode({&bad, 1}); }),
                    "outside of the vocabulary of 8");
  EXPECT_CONTAINS(errorOf([&] { session.prefill({prompt.data(), 0}); }),
                  "at least one token");
  EXPECT_EQ(session.position(), 2u);
  EXPECT_EQ(lastLogits(session), expectedLogits(prompt));
}

TEST(Runtime, Sampling) {
  Bundle bundle(bundlePath());
  Session session(bundle);
  std::vector<int64_t> prompt = {1, 2, 3};
  session.prefill(prompt);
  std::vector<float> logits = lastLogits(session);
  int64_t best =
      std::max_element(logits.begin(), logits.end()) - logits.begin();
  EXPECT_EQ(session.sample().front(), best);
  EXPECT_EQ(session.sample({1, 1e-6f, 7}).front(),
            best); // only the most probable is kept
  EXPECT_EQ(session.sample({1, 1, 7}), session.sample({1, 1, 7}));

  // Frequencies follow the softmax.
  double total = 0;
  for (float logit : logits)
    total += std::exp(logit / 1.5);
  std::vector<int> counts(8);
  const int draws = 20000;
  for (int seed = 0; seed < draws; ++seed)
    ++counts[session.sample({1.5f, 1, uint64_t(seed)}).front()];
  for (int v = 0; v < 8; ++v)
    EXPECT_NEAR(counts[v] / double(draws), std::exp(logits[v] / 1.5) / total,
                0.015)
        << v;

  for (jarana_sampling bad :
       {jarana_sampling{-1, 1, 0}, jarana_sampling{NAN, 1, 0},
        jarana_sampling{1, 0, 0}, jarana_sampling{1, 1.5f, 0}})
    errorOf([&] { session.sample(bad); });
}

TEST(Runtime, CallsByName) {
  Bundle bundle(bundlePath());
  Call call(bundle);
  std::vector<int64_t> ids = {1, 2}, mask = {1, 1, 1}, positions = {1, 2};
  std::vector<float> state = {1, 2, 3}, key = {0, 1};
  auto set = [&](const char *name, jarana_dtype dtype,
                 std::vector<int64_t> shape, void *data) {
    call.setInput(name, {dtype, std::move(shape), data});
  };
  set("ids", JARANA_INT64, {1, 2}, ids.data());
  set("positions", JARANA_INT64, {1, 2}, positions.data());
  set("past.state", JARANA_FLOAT32, {1, 3}, state.data());
  set("past.key", JARANA_FLOAT32, {1, 1, 1, 2}, key.data());
  EXPECT_CONTAINS(errorOf([&] { call.run(); }), "input 'mask' was not given");
  set("mask", JARANA_INT64, {1, 3}, mask.data());
  EXPECT_CONTAINS(errorOf([&] { call.output("logits"); }), "run first");
  call.run();
  TensorView out = call.output("present.state");
  EXPECT_EQ(out.shape, (std::vector<int64_t>{1, 3}));
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(out.as<float>()[i],
              (state[i] / 2 + toy::weight(1, i)) / 2 + toy::weight(2, i));
  EXPECT_EQ(call.output("present.key").shape,
            (std::vector<int64_t>{1, 1, 3, 2}));

  // A buffer of the caller's, not even aligned, gets the same.
  std::vector<float> mine(17, -1.0f),
      before(call.output("logits").as<float>().begin(),
             call.output("logits").as<float>().end());
  call.setOutput("logits", mine.data() + 1, 64);
  call.run();
  EXPECT_EQ(call.output("logits").data, mine.data() + 1);
  EXPECT_EQ(std::vector<float>(mine.begin() + 1, mine.end()), before);
  call.setOutput("logits", mine.data() + 1, 60);
  EXPECT_CONTAINS(errorOf([&] { call.run(); }), "needs 64");
  call.setOutput("logits", nullptr, 0);

  EXPECT_CONTAINS(errorOf([&] { set("id", JARANA_INT64, {1, 2}, ids.data()); }),
                  "its inputs are: ids, mask, positions, past.state, past.key");
  EXPECT_CONTAINS(errorOf([&] { call.output("x"); }),
                  "its outputs are: logits");
  EXPECT_CONTAINS(
      errorOf([&] { set("ids", JARANA_INT32, {1, 2}, ids.data()); }),
      "input 'ids' must be int64, not int32");
  EXPECT_CONTAINS(errorOf([&] { set("ids", JARANA_INT64, {2}, ids.data()); }),
                  "must have 2 dimensions [batch, tokens]");
  EXPECT_CONTAINS(
      errorOf([&] { set("past.state", JARANA_FLOAT32, {1, 4}, state.data()); }),
      "size 3 in dimension 1");
  EXPECT_CONTAINS(
      errorOf([&] { set("ids", JARANA_INT64, {1, -2}, ids.data()); }),
      "negative");
  EXPECT_CONTAINS(errorOf([&] {
                    set("ids", JARANA_INT64,
                        {int64_t(1) << 40, int64_t(1) << 40}, ids.data());
                  }),
                  "overflow");
  set("positions", JARANA_INT64, {1, 1}, positions.data());
  EXPECT_CONTAINS(errorOf([&] { call.run(); }),
                  "'tokens' is 2 by dimension 1 of input 'ids', but 1 by "
                  "dimension 1 of input 'positions'");
  set("positions", JARANA_INT64, {1, 2}, positions.data());
  set("mask", JARANA_INT64, {1, 2}, mask.data());
  EXPECT_CONTAINS(errorOf([&] { call.run(); }, JARANA_CHECK_FAILED),
                  "dimension 1 of input 'mask'");
}

TEST(Runtime, ManySessionsOnManyThreads) {
  Bundle bundle(bundlePath());
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      Session session(bundle, {1, 1, 0});
      std::vector<int64_t> ids;
      for (int i = 0; i < 50; ++i) {
        ids.push_back((i * 3 + t) % 8);
        session.decode({&ids.back(), 1});
      }
      std::vector<float> got = lastLogits(session),
                         expected = expectedLogits(ids);
      for (int v = 0; v < 8; ++v)
        wrong += std::abs(got[v] - expected[v]) > 1e-3;
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Runtime, WeightsThatWereCheckedAreThoseThatAreMapped) {
  // Somebody exchanges the file all the time, for one that is damaged where
  // only the checksum tells.
  std::string folder = testing::TempDir() + "jarana_exchanged.jarana";
  toy::writeBundle(folder);
  std::string path = folder + "/weights.safetensors", good = toy::readAll(path),
              bad = good;
  bad.back() ^= 0x40;
  std::atomic<bool> stop = false;
  std::thread exchanger([&] {
    while (!stop)
      for (const std::string &bytes : {good, bad}) {
        toy::writeAll(path + ".new", bytes);
        std::filesystem::rename(path + ".new", path);
      }
  });
  std::vector<int64_t> ids = {7};
  std::vector<float> expected = expectedLogits(ids);
  int wrong = 0;
  for (int i = 0; i < 500; ++i) {
    try {
      Bundle bundle(folder, JARANA_VERIFY_WEIGHTS);
      Session session(bundle, {1, 1, 0});
      session.decode(ids);
      std::vector<float> got = lastLogits(session);
      for (int v = 0; v < 8; ++v)
        wrong += std::abs(got[v] - expected[v]) > 1e-3;
    } catch (const RuntimeError &error) {
      EXPECT_EQ(error.status, JARANA_BAD_BUNDLE) << error.what();
    }
  }
  stop = true;
  exchanger.join();
  EXPECT_EQ(wrong, 0);
  std::filesystem::remove_all(folder);
}

TEST(Runtime, ThreadsThatAreManyOrPinned) {
  Bundle bundle(bundlePath());
  EXPECT_CONTAINS(errorOf([&] { Session(bundle, {1, 4097, 0}); }),
                  "threads is 4097, more than 4096");
  EXPECT_CONTAINS(
      errorOf([&] { Session(bundle, {1, JARANA_PIN_THREADS | 5000, 0}); }),
      "threads is 5000, more than 4096");
  std::vector<int64_t> ids = {1, 2, 1, 2, 1, 2};
  Session one(bundle, {6, 1, 0}),
      pinned(bundle, {6, JARANA_PIN_THREADS | 3, 0});
  one.decode(ids);
  pinned.decode(ids);
  EXPECT_EQ(lastLogits(one), lastLogits(pinned));
}

TEST(Runtime, WeightsAreSharedPages) {
  // A read-only private mapping is the file cache itself: all processes share
  // it.
  Bundle bundle(bundlePath());
  std::ifstream maps("/proc/self/maps");
  std::string line, found;
  while (std::getline(maps, line))
    if (line.find("jarana_runtime_test.jarana/weights.safetensors") !=
        std::string::npos)
      found = line;
  EXPECT_CONTAINS(found, " r--p ");
}

TEST(Runtime, SessionsOutliveTheirBundle) {
  auto bundle = std::make_unique<Bundle>(bundlePath());
  Session session(*bundle);
  bundle.reset();
  std::vector<int64_t> prompt = {1, 2};
  session.prefill(prompt);
  EXPECT_EQ(lastLogits(session), expectedLogits(prompt));
}

TEST(Runtime, NullPointersAreErrors) {
  EXPECT_EQ(jarana_bundle_open(nullptr, 0, nullptr), JARANA_INVALID_ARGUMENT);
  jarana_bundle *bundle = nullptr;
  EXPECT_EQ(jarana_bundle_open(nullptr, 0, &bundle), JARANA_INVALID_ARGUMENT);
  EXPECT_EQ(jarana_bundle_open(bundlePath().c_str(), 8, &bundle),
            JARANA_INVALID_ARGUMENT);
  EXPECT_EQ(bundle, nullptr);
  EXPECT_EQ(jarana_session_prefill(nullptr, nullptr, 1),
            JARANA_INVALID_ARGUMENT);
  EXPECT_STREQ(jarana_last_error(), "session is NULL");
  EXPECT_EQ(jarana_call_run(nullptr), JARANA_INVALID_ARGUMENT);
  jarana_bundle_close(nullptr);
  jarana_session_close(nullptr);
  jarana_call_close(nullptr);
  jarana_snapshot_close(nullptr);
}

} // namespace
