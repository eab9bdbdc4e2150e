#include "io/files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>

#include "temporary_folder.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

TEST(Files, ComeBackAsTheyWereWritten) {
  const TemporaryFolder folder;
  const std::string text("a\0b\r\n\xff\n\n", 8);
  write_text(folder / "a", text);
  EXPECT_EQ(read_text(folder / "a"), text);
  write_text(folder / "a", "");
  EXPECT_EQ(read_text(folder / "a"), "");
}

TEST(Files, ThatCannotBeReadAreNamed) {
  const TemporaryFolder folder;
  EXPECT_THAT(error_of<InputError>([&] { read_text(folder / "none.txt"); }),
              AllOf(HasSubstr("none.txt"), HasSubstr("does it exist,")));
  EXPECT_THAT(error_of<InputError>([&] { read_text(folder.path()); }), HasSubstr("can't read"));
}

TEST(Files, OfNamesThatTheSystemRefusesAreNotThere) {
  const TemporaryFolder folder;
  write_text(folder / "a", "");
  EXPECT_TRUE(is_there(folder / "a") && is_file(folder / "a"));
  EXPECT_TRUE(is_there(folder.path()) && !is_file(folder.path()));
  for (const fs::path& refused : {folder / std::string(300, 'b'), folder / "a" / "b"}) {
    EXPECT_FALSE(is_there(refused)) << refused;
    EXPECT_FALSE(is_file(refused)) << refused;
  }
}

// A new file takes the old one's place: who has the old one open still sees all of it.
TEST(Files, AReaderSeesTheOldTextOrTheNew) {
  const TemporaryFolder folder;
  write_text(folder / "a", "the old text");
  std::ifstream reader(folder / "a");
  write_text(folder / "a", "new");
  EXPECT_EQ(read_text(folder / "a"), "new");
  std::string seen;
  std::getline(reader, seen);
  EXPECT_EQ(seen, "the old text");
  EXPECT_FALSE(fs::exists(folder / "a.tmp"));
}

TEST(Files, ADiskThatIsFullLeavesTheOldText) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  const TemporaryFolder folder;
  write_text(folder / "a", "the old text");
  fs::create_symlink("/dev/full", folder / "a.tmp");
  EXPECT_THAT(error_of<EnvironmentError>([&] { write_text(folder / "a", "new"); }),
              HasSubstr("/a.tmp: can't write it"));
  EXPECT_EQ(read_text(folder / "a"), "the old text");
  EXPECT_FALSE(fs::exists(fs::symlink_status(folder / "a.tmp")));
}

TEST(Files, AFolderInTheWayIsNamed) {
  const TemporaryFolder folder;
  make_folder(folder / "a" / "inside");
  EXPECT_THAT(error_of<EnvironmentError>([&] { write_text(folder / "a", "new"); }),
              HasSubstr("in its place"));
  EXPECT_FALSE(fs::exists(folder / "a.tmp"));
  EXPECT_THROW(write_text(folder / "no" / "a", "new"), EnvironmentError);
  write_text(folder / "file", "");
  EXPECT_THAT(error_of<EnvironmentError>([&] { make_folder(folder / "file" / "inside"); }),
              AllOf(HasSubstr("file/inside"), HasSubstr("can't make this folder")));
}

TEST(FolderLock, IsHeldOnceAndLetGo) {
  const TemporaryFolder folder, other;
  std::optional<FolderLock> first(folder.path());
  EXPECT_THAT(error_of<InputError>([&] { FolderLock second(folder.path()); }),
              HasSubstr(folder.path().string() + ": another process is working"));
  const FolderLock elsewhere(other.path());
  first.reset();
  const FolderLock again(folder.path());
}

TEST(FolderLock, OfAProcessThatWasKilledIsFree) {
  const TemporaryFolder folder;
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const FolderLock lock(folder.path());
    if (write(ready[1], "x", 1) == 1) pause();
    _exit(1);
  }
  char byte;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  EXPECT_THROW(FolderLock(folder.path()), InputError);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_NO_THROW(FolderLock(folder.path()));
  close(ready[0]);
  close(ready[1]);
}

TEST(FolderLock, NeedsAFolder) {
  const TemporaryFolder folder;
  EXPECT_THAT(error_of<EnvironmentError>([&] { FolderLock(folder / "none"); }),
              AllOf(HasSubstr("none: can't open this folder"), HasSubstr("No such file")));
}

}  // namespace
}  // namespace carousel
