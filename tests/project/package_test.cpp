// The installed package as a user meets it: the worked example by the commands of its README, and
// a program that links to the library. All is built out of tree against a temporary prefix, by the
// compiler and with the sanitizers of this build, which the package passes on.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "command_line.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

// The lines of the first block of shell commands.
std::string commands_of(const fs::path& readme) {
  const std::string text = file_text(readme);
  const std::string fence = "```sh\n";
  const auto begin = text.find(fence) + fence.size();
  return text.substr(begin, text.find("```", begin) - begin);
}

class Package : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>();
    const CommandResult install =
        run_shell("cmake --install '" + fs::path(CAROUSEL_BINARY).parent_path().string() +
                  "' --prefix '" + prefix().string() + "'");
    ASSERT_EQ(install.code, 0) << install.text;
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static fs::path prefix() { return *folder_ / "prefix"; }

  // Runs commands in a new folder that holds a copy of `source`.
  static CommandResult run_in_copy(const fs::path& source, const std::string& name,
                                   const std::string& commands) {
    fs::copy(source, *folder_ / name, fs::copy_options::recursive);
    return run_shell("set -e; export CXX=" CAROUSEL_CXX " PREFIX='" + prefix().string() +
                     "'; cd '" + (*folder_ / name).string() + "'\n" + commands);
  }

  static inline std::unique_ptr<TemporaryFolder> folder_;
};

TEST_F(Package, HoldsTheCommandTheHeadersTheExampleAndTheDocuments) {
  for (const char* file :
       {"include/carousel/cell/plugin.hpp", "include/carousel/cell/language/parser.hpp",
        "share/carousel/plugin/README.md", "share/doc/carousel/README.md",
        "share/doc/carousel/docs/plugins.md"}) {
    EXPECT_TRUE(fs::is_regular_file(prefix() / file)) << file;
  }
  const CommandResult version = run_shell((prefix() / "bin/carousel").string() + " --version");
  EXPECT_EQ(version.code, 0) << version.text;
}

TEST_F(Package, TheExampleIsBuiltLoadedAndTrainedAsItsReadmeSays) {
  const CommandResult example =
      run_in_copy(prefix() / "share/carousel/plugin", "example",
                  commands_of(prefix() / "share/carousel/plugin/README.md"));
  ASSERT_EQ(example.code, 0) << example.text;
  EXPECT_THAT(example.text, AllOf(HasSubstr("Light GRU with squareplus for relu"),
                                  HasSubstr("c = squareplus(W_c @ x + U_c @ h[t-1] + b_c)")));

  std::ofstream(*folder_ / "example/study.yaml") << R"(name: small
dataset: chords
cells:
  - {name: li_gru_squareplus, hidden: 4}
seeds: [1]
train: {epochs: 1}
)";
  const std::string in_example = "cd '" + (*folder_ / "example").string() + "'; ";
  const std::string carousel = (prefix() / "bin/carousel").string();
  const CommandResult compare = run_shell(
      in_example + carousel + " compare study.yaml --plugin build/libsquareplus_cell.so --out run");
  EXPECT_EQ(compare.code, 0) << compare.text;
  EXPECT_THAT(
      file_text(*folder_ / "example/run/results.csv"),
      AllOf(HasSubstr("small,li_gru_squareplus,,next_frame,chords,4,"), HasSubstr(",1,done,")));

  // A program of one's own: 2 (35 + 49 + 7) parameters. At 1.5 the root is 2.5: the value is 2, the
  // slope 2 / 2.5, the second derivative 2 / 2.5^3.
  const CommandResult user =
      run_in_copy(CAROUSEL_SOURCE_DIR "/tests/project/package", "user",
                  "cmake -G Ninja -B build -DCMAKE_PREFIX_PATH=$PREFIX && cmake --build build && "
                  "build/package_user ../example/build/libsquareplus_cell.so");
  ASSERT_EQ(user.code, 0) << user.text;
  EXPECT_THAT(user.text, HasSubstr("version 0.1.0: 182 parameters, squareplus(1.5) = 2.000000, "
                                   "0.800000, 0.128000"));

  const fs::path packages = prefix() / "lib/python3/dist-packages";
  if (!fs::exists(packages)) return;  // the Python package is left out of this build
  const CommandResult python =
      run_shell(in_example + "PYTHONPATH='" + packages.string() +
                "' /usr/bin/python3 -c \"import carousel, numpy; "
                "carousel.load_plugin('build/libsquareplus_cell.so', check_gradients=True); "
                "cell = carousel.Cell('li_gru_squareplus', 3, 4); "
                "print(cell.scan(numpy.ones((2, 1, 3), 'f'), cell.init(1)).outputs.shape)\"");
  EXPECT_EQ(python.code, 0) << python.text;
  EXPECT_EQ(python.text, "(2, 1, 4)\n");
}

// The program of docs/cpp.md.
TEST_F(Package, AProgramTrainsACharacterModelOfItsOwn) {
  const CommandResult built = run_in_copy(
      CAROUSEL_SOURCE_DIR "/tests/project/program", "program",
      "cmake -G Ninja -B build -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH=$PREFIX && cmake "
      "--build build && for i in $(seq 100); do printf 'the cat sat on the mat. '; done >text && "
      "build/char_model text model.h5");
  ASSERT_EQ(built.code, 0) << built.text;
  const std::string last = "update 150: ";
  const auto at = built.text.find(last);
  ASSERT_NE(at, built.text.npos) << built.text;
  EXPECT_LT(std::stod(built.text.substr(at + last.size())), 0.3) << built.text;
  EXPECT_TRUE(fs::is_regular_file(*folder_ / "program/model.h5"));
}

}  // namespace
}  // namespace carousel
