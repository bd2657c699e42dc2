// compileModel on several threads at once: what it gives is, byte for byte,
// what it gives when the models are compiled one after the other.
#include "jarana/compiler.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <thread>

#include <unistd.h>

namespace fs = std::filesystem;
using namespace jarana;

namespace {

/// Everything that a compilation gives: texts and files by name.
using Results = std::map<std::string, std::string>;

struct Job {
  std::string model; ///< of test/models
  bool verifyPasses = false;
  bool makesBundle = false;
};

class CompileThreads : public testing::Test {
protected:
  void SetUp() override {
    folder = fs::path(testing::TempDir()) /
             ("compile_threads_" + std::to_string(::getpid()));
    fs::create_directories(folder);
  }
  void TearDown() override { fs::remove_all(folder); }

  Results compile(const Job &job, const std::string &name) const {
    CompileOptions options;
    options.model = std::string(TEST_MODELS) + "/" + job.model + "/model.onnx";
    options.cpu = "x86-64-v3";
    options.triple = "x86_64-unknown-linux-gnu";
    options.verifyPasses = job.verifyPasses;
    options.reports = {"raise"};
    if (job.makesBundle)
      options.output = (folder / name).string();
    else
      options.emit = "hybrid";
    CompileResult compiled = compileModel(options);
    Results results;
    results["text"] = compiled.text;
    auto add = [&](const std::string &kind,
                   const std::vector<std::string> &texts) {
      for (size_t i = 0; i < texts.size(); ++i)
        results[kind + std::to_string(i)] = texts[i];
    };
    add("error", compiled.errors);
    add("warning", compiled.warnings);
    add("report", compiled.reports);
    if (job.makesBundle && compiled.ok)
      for (const fs::directory_entry &file :
           fs::directory_iterator(options.output)) {
        std::ifstream stream(file.path(), std::ios::binary);
        results[file.path().filename().string()] = {
            std::istreambuf_iterator<char>(stream), {}};
      }
    EXPECT_TRUE(compiled.ok)
        << job.model << ": "
        << (compiled.errors.empty() ? "" : compiled.errors[0]);
    return results;
  }

  /// Compiles all jobs `rounds` times on a thread each and compares.
  void compare(const std::vector<Job> &jobs, int rounds) const {
    std::vector<Results> expected, found(jobs.size());
    for (size_t i = 0; i < jobs.size(); ++i)
      expected.push_back(compile(jobs[i], "alone" + std::to_string(i)));
    for (int round = 0; round < rounds; ++round) {
      std::vector<std::thread> threads;
      for (size_t i = 0; i < jobs.size(); ++i)
        threads.emplace_back([&, i] {
          found[i] = compile(jobs[i], "together" + std::to_string(round) + "_" +
                                          std::to_string(i));
        });
      for (std::thread &thread : threads)
        thread.join();
      for (size_t i = 0; i < jobs.size(); ++i) {
        ASSERT_EQ(found[i].size(), expected[i].size()) << jobs[i].model;
        for (const auto &[name, bytes] : expected[i])
          EXPECT_TRUE(found[i][name] == bytes)
              << jobs[i].model << ": " << name << " differs in round " << round;
      }
    }
  }

  fs::path folder;
};

} // namespace

/// What is proven, with which bound, is that of the model alone.
TEST_F(CompileThreads, ChecksDoNotSeeEachOther) {
  compare({{"bamba-hf-prefill-dynamo"},
           {"bamba-hf-gen-decode"},
           {"bamba-hf-prefill-dynamo-bf16"},
           // Its experts are sorted: numbers have places.
           {"granite-4-h-moe-hf-prefill-dynamo", /*verifyPasses=*/true},
           {"bamba-hf-prefill-dynamo", /*verifyPasses=*/true},
           {"bamba-hf-prefill-dynamo-multipletrace"}},
          2);
}

TEST_F(CompileThreads, BundlesAreTheSame) {
  compare({{"bamba-mobius", false, true},
           {"bamba-hf-gen-decode", false, true},
           {"bamba-mobius", false, true}},
          1);
}
