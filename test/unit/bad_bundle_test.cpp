// Bundles that are missing, truncated, damaged, foreign, of another version or
// machine are refused with a clear message.
#include "jarana/session.hpp"
#include "toy/ToyBundle.h"

#include <functional>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace jarana;
namespace fs = std::filesystem;

namespace {

class BadBundle : public testing::Test {
protected:
  void SetUp() override {
    folder = testing::TempDir() + "jarana_bad_" +
             testing::UnitTest::GetInstance()->current_test_info()->name() +
             ".jarana";
    toy::writeBundle(folder);
  }
  void TearDown() override { fs::remove_all(folder); }

  /// The message, or "" where the bundle opens.
  std::string open(uint32_t flags = 0) {
    try {
      Bundle bundle(folder, flags);
    } catch (const RuntimeError &e) {
      EXPECT_EQ(e.status, JARANA_BAD_BUNDLE) << e.what();
      return e.what();
    }
    return "";
  }
  void expect(const std::string &part, uint32_t flags = 0) {
    std::string message = open(flags);
    EXPECT_NE(message.find(part), std::string::npos)
        << "got: " << message << "\nexpected: " << part;
  }
  std::string file(const std::string &name) { return folder + "/" + name; }

  std::string folder;
};

TEST_F(BadBundle, Missing) {
  for (const char *name :
       {"manifest.json", "model.so", "weights.safetensors"}) {
    std::string bytes = toy::readAll(file(name));
    fs::remove(file(name));
    expect(std::string("cannot open '") + file(name));
    fs::create_directory(file(name));
    expect("not a regular file");
    fs::remove(file(name));
    toy::writeAll(file(name), bytes);
  }
  EXPECT_EQ(open(JARANA_VERIFY_WEIGHTS), "");
  fs::remove_all(folder);
  expect("cannot open bundle");
  toy::writeAll(folder, "a file");
  expect("is not a bundle");
}

TEST_F(BadBundle, EveryTruncation) {
  for (const char *name :
       {"manifest.json", "model.so", "weights.safetensors"}) {
    std::string bytes = toy::readAll(file(name));
    size_t step = std::max<size_t>(1, bytes.size() / 200);
    for (size_t size = 0; size + 1 < bytes.size();
         size += step) { // the manifest's last byte is a line's end
      toy::writeAll(file(name), bytes.substr(0, size));
      EXPECT_NE(open(), "") << name << " cut to " << size;
    }
    toy::writeAll(file(name), bytes + "x");
    EXPECT_NE(open(), "") << name << " grown";
    toy::writeAll(file(name), bytes);
  }
}

TEST_F(BadBundle, BitFlips) {
  for (const char *name : {"model.so", "weights.safetensors"}) {
    std::string bytes = toy::readAll(file(name));
    size_t step = std::max<size_t>(1, bytes.size() / 300);
    for (size_t at = 0; at < bytes.size(); at += step) {
      std::string damaged = bytes;
      damaged[at] ^= static_cast<char>(1 << at % 8);
      toy::writeAll(file(name), damaged);
      expect("damaged", JARANA_VERIFY_WEIGHTS);
    }
    toy::writeAll(file(name), bytes);
  }
  // Flips in the manifest are refused or harmless (in the generator's name,
  // say): never a crash.
  std::string bytes = toy::readAll(file("manifest.json"));
  size_t refused = 0;
  for (size_t at = 0; at < bytes.size(); at += 3) {
    std::string damaged = bytes;
    damaged[at] ^= static_cast<char>(1 << at % 7);
    toy::writeAll(file("manifest.json"), damaged);
    refused += !open().empty();
  }
  EXPECT_GT(refused, bytes.size() / 9);
}

TEST_F(BadBundle, Manifests) {
  using nlohmann::json;
  const json good = json::parse(toy::readAll(file("manifest.json")));
  struct Case {
    std::function<void(json &)> change;
    const char *expected;
  };
  auto remove = [](const char *key) {
    return [key](json &m) { m.erase(key); };
  };
  const Case cases[] = {
      {[](json &m) { m = json::array(); }, "not a jarana bundle's manifest"},
      {[](json &m) { m["format"] = "other"; },
       "not a jarana bundle's manifest"},
      {[](json &m) { m["version"] = 0; },
       "format version 0, this runtime reads version 2"},
      {[](json &m) { m["version"] = 1; }, "format version 1"},
      {[](json &m) { m["version"] = "1"; },
       "'version' must be a non-negative integer"},
      {remove("version"), "has no 'version'"},
      {remove("generator"), "has no 'generator'"},
      {remove("target"), "has no 'target'"},
      {remove("entries"), "has no 'entries'"},
      {remove("weights"), "has no 'weights'"},
      {remove("code"), "has no 'code'"},
      {remove("stack_bytes"), "has no 'stack_bytes'"},
      {remove("scratch_bytes"), "has no 'scratch_bytes'"},
      {[](json &m) { m["stack_bytes"] = 1 << 20; },
       "'stack_bytes' is 1048576, more than 49152"},
      {[](json &m) { m["entries"] = json::object(); }, "non-empty"},
      {[](json &m) { m["entries"]["a b"] = m["entries"]["main"]; },
       "not a valid name"},
      {[](json &m) { m["entries"]["other"] = m["entries"]["main"]; },
       "does not export 'jarana_other'"},
      {[](json &m) { m["entries"]["main"]["inputs"][0]["dtype"] = "int3"; },
       "unknown dtype 'int3'"},
      {[](json &m) { m["entries"]["main"]["inputs"][0]["shape"][0] = -1; },
       "must be a non-negative integer"},
      {[](json &m) { m["entries"]["main"]["inputs"][1]["name"] = "ids"; },
       "has 'ids' twice"},
      {[](json &m) { m["entries"]["main"].erase("checks"); },
       "has no 'checks'"},
      {[](json &m) { m["state"]["entry"] = "x"; }, "there is no entry 'x'"},
      {[](json &m) { m["state"]["decode"] = "x"; }, "there is no entry 'x'"},
      {[](json &m) {
         m["entries"]["step"] = m["entries"]["main"];
         m["entries"]["step"]["inputs"][1]["name"] = "other";
         m["state"]["decode"] = "step";
       },
       "entry 'step' has other inputs or outputs"},
      {[](json &m) { m["state"]["mask"] = "x"; }, "has no input 'x'"},
      {[](json &m) { m["state"]["mask"] = "ids"; },
       "input 'ids' has two roles"},
      {[](json &m) { m["state"]["pad"] = ""; }, "must not be empty"},
      {[](json &m) { m["state"].erase("mask"); },
       "is true, and there is no mask"},
      {[](json &m) { m["state"]["logits"] = "x"; }, "has no output 'x'"},
      {[](json &m) { m["state"]["tensors"][0]["kind"] = "x"; },
       "not one of conv, ssm, key, value"},
      {[](json &m) { m["state"]["tensors"][0]["output"] = "present.key"; },
       "differ in type"},
      {[](json &m) { m["code"]["file"] = "../model.so"; },
       "not the plain name"},
      {[](json &m) { m["code"]["file"] = "/etc/passwd"; },
       "not the plain name"},
      {[](json &m) { m["weights"]["file"] = ".."; }, "not the plain name"},
      {[](json &m) { m["weights"]["file"] = ""; }, "must not be empty"},
      {[](json &m) { m["code"]["bytes"] = 5; }, "the manifest says 5"},
      {[](json &m) { m["code"]["sha256"] = "12"; }, "64 hexadecimal digits"},
      {[](json &m) { m["code"]["sha256"] = std::string(64, '0'); }, "damaged"},
      {[](json &m) { m["target"]["triple"] = "riscv64-unknown-linux-gnu"; },
       "compiled for riscv64"},
      {[](json &m) { m["target"]["triple"] = "x86_64-pc-windows-msvc"; },
       "compiled for"},
  };
  for (const Case &c : cases) {
    json changed = good;
    c.change(changed);
    toy::writeAll(file("manifest.json"), changed.dump());
    expect(c.expected);
  }
  toy::writeAll(file("manifest.json"), std::string(100000, '['));
  expect("nested too deeply");
}

TEST_F(BadBundle, ForeignCode) {
  // Code that the manifest vouches for but that is no shared object.
  bundle::Manifest manifest = toy::manifest();
  std::string junk = testing::TempDir() + "jarana_junk.so";
  toy::writeAll(junk, std::string(5000, 'x'));
  toy::writeBundle(folder, manifest, junk);
  expect("cannot load");
}

TEST_F(BadBundle, ProcessorLacksAnExtension) {
  // No processor has it, and no runtime knows it.
  bundle::Manifest manifest = toy::manifest();
  manifest.target.cpu = "future";
  manifest.target.features = "+telepathy,-levitation";
  toy::writeBundle(folder, manifest);
  expect("compiled for future, and its code uses what this processor lacks: "
         "telepathy");
}

TEST_F(BadBundle, ReplacedWhileOpen) {
  // A process that has a bundle open and opens its successor of the same name
  // gets the new code with the new weights.
  Bundle old(folder);
  std::string before = old.manifest();
  fs::rename(folder, folder + ".old");
  bundle::Manifest manifest = toy::manifest();
  manifest.generator = "newer";
  toy::writeBundle(folder, manifest);
  Bundle again(folder);
  EXPECT_NE(again.manifest(), before);
  Bundle twice(folder);
  std::vector<int64_t> ids = {1, 2};
  Session a(old), b(twice);
  a.prefill(ids);
  b.prefill(ids);
  EXPECT_EQ(a.sample(), b.sample());
  fs::remove_all(folder + ".old");
}

TEST(Sessions, ModelsWithoutRoles) {
  std::string folder = testing::TempDir() + "jarana_stateless.jarana";
  bundle::Manifest manifest = toy::manifest();
  manifest.state.reset();
  manifest.stateRefusal = "node 'mean' mixes positions";
  toy::writeBundle(folder, manifest);
  Bundle bundle(folder);
  EXPECT_FALSE(bundle.hasState());
  EXPECT_THROW(Session session(bundle), RuntimeError);
  EXPECT_NE(std::string(jarana_last_error()).find("no states"),
            std::string::npos);
  EXPECT_NE(
      std::string(jarana_last_error()).find("node 'mean' mixes positions"),
      std::string::npos);

  manifest = toy::manifest();
  manifest.state->mask.clear();
  manifest.state->pads = false;
  toy::writeBundle(folder, manifest);
  EXPECT_THROW(Session session{Bundle(folder)}, RuntimeError);
  EXPECT_NE(std::string(jarana_last_error())
                .find("cannot fill the model's input 'mask'"),
            std::string::npos);

  manifest = toy::manifest();
  manifest.entries["main"].inputs[3].shape[1] = {-1, "width"};
  toy::writeBundle(folder, manifest);
  EXPECT_THROW(Session session{Bundle(folder)}, RuntimeError);
  EXPECT_NE(std::string(jarana_last_error())
                .find("state 'past.state' has the size 'width'"),
            std::string::npos);
  fs::remove_all(folder);
}

} // namespace
