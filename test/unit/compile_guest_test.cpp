// Compiling is for programs that have other things to do as well: it leaves
// alone what belongs to the whole process. (Handlers of signals are not looked
// at: lld installs LLVM's while it writes its output.)
#include "jarana/compiler.h"

#include <gtest/gtest.h>

#include <clocale>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;

struct Process {
  std::string locale, folder, environment;

  Process() {
    locale = std::setlocale(LC_ALL, nullptr);
    folder = fs::current_path();
    for (char **variable = environ; *variable; ++variable)
      environment += std::string(*variable) + "\n";
  }
};

TEST(CompileGuest, LeavesTheProcessAsItWas) {
  fs::path work = fs::path(testing::TempDir()) / "compile_guest";
  fs::remove_all(work);
  fs::create_directories(work);
  mode_t before = ::umask(027);
  Process atFirst;
  jarana::CompileOptions options;
  options.model = DEMO_MODEL;
  options.output = work / "demo.jarana";
  std::vector<std::string> made, gone;
  options.temporary = [&](const std::string &path, bool isMade) {
    EXPECT_TRUE(!isMade || fs::exists(path)) << path;
    (isMade ? made : gone).push_back(path);
  };
  jarana::CompileResult result = jarana::compileModel(options);
  ASSERT_TRUE(result.ok) << result.errors.front();
  Process atLast;
  EXPECT_EQ(::umask(before), mode_t(027));
  EXPECT_EQ(atFirst.locale, atLast.locale);
  EXPECT_EQ(atFirst.folder, atLast.folder);
  EXPECT_EQ(atFirst.environment, atLast.environment);
  EXPECT_EQ(made.size(), 3u);
  EXPECT_EQ(made, gone);
  // As readable as the mask lets anything be.
  struct stat status;
  ASSERT_EQ(::stat(options.output.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0750u);
  fs::remove_all(work);
}

} // namespace
