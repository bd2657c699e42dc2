// Evaluates many small models by the reference operators in one process: for
// each folder CASE in a folder, CASE/model.onnx on CASE/inputs.safetensors
// against CASE/outputs.safetensors, with the tolerances of CASE/case.json
// ({"rtol", "atol"}, numpy.allclose's meaning). Prints "pass CASE" or "fail
// CASE: reason".
#include "lib/reference/RunReference.h"
#include "lib/reference/TensorIO.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <unistd.h>

using namespace jarana;
using namespace jarana::reference;
namespace fs = std::filesystem;

namespace {
constexpr unsigned secondsPerCase = 20;

bool close(double actual, double expected, double rtol, double atol) {
  if (actual == expected || (std::isnan(actual) && std::isnan(expected)))
    return true;
  return std::fabs(actual - expected) <= atol + rtol * std::fabs(expected);
}

/// Throws at the first difference.
void compare(const std::string &what, const Tensor &actual,
             const Tensor &expected, double rtol, double atol) {
  if (actual.dtype != expected.dtype || actual.shape != expected.shape)
    throw Error(what + " is " + name(actual.dtype) + toText(actual.shape) +
                ", expected " + name(expected.dtype) + toText(expected.shape));
  for (int64_t i = 0; i < expected.size(); ++i) {
    bool same = isFloat(expected.dtype)
                    ? close(actual.reals[i], expected.reals[i], rtol, atol)
                    : actual.ints[i] == expected.ints[i];
    if (!same)
      throw Error(what + "[" + std::to_string(i) + "] differs: " +
                  (isFloat(expected.dtype)
                       ? std::to_string(actual.reals[i]) + ", expected " +
                             std::to_string(expected.reals[i])
                       : std::to_string(actual.ints[i]) + ", expected " +
                             std::to_string(expected.ints[i])));
  }
}

void check(const fs::path &folder) {
  nlohmann::json settings;
  std::ifstream(folder / "case.json") >> settings;
  auto expected = readTensors(folder / "outputs.safetensors");
  auto actual = evaluateModel(folder / "model.onnx",
                              readTensors(folder / "inputs.safetensors"));
  for (const auto &[name, tensor] : expected) {
    auto found = actual.find(name);
    if (found == actual.end())
      throw Error("there is no output '" + name + "'");
    compare("output '" + name + "'", found->second, tensor, settings["rtol"],
            settings["atol"]);
  }
}
} // namespace

int main(int argc, char **argv) {
  if (argc != 2) {
    std::cerr << "usage: reference-nodes FOLDER\n";
    return 2;
  }
  std::vector<fs::path> folders;
  for (const auto &entry : fs::directory_iterator(argv[1]))
    if (entry.is_directory())
      folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  for (const fs::path &folder : folders) {
    alarm(
        secondsPerCase); // a case that hangs ends the process, as a crash does
    std::string reason;
    try {
      check(folder);
    } catch (const std::exception &error) {
      reason = error.what();
      std::replace(reason.begin(), reason.end(), '\n', ' ');
    }
    std::cout << (reason.empty() ? "pass " : "fail ")
              << folder.filename().string()
              << (reason.empty() ? "" : ": " + reason) << std::endl;
  }
  return 0;
}
