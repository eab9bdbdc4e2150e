#include "data/mat_music.hpp"

#include <H5Cpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/music.hpp"
#include "data/music_writer.hpp"
#include "mat_file.hpp"
#include "music_file.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::HasSubstr;

using Rows = std::vector<std::vector<double>>;

// Frames with two notes each, which tell step and sequence apart.
Rows frames(std::size_t steps, std::size_t first_key) {
  Rows rows(steps, std::vector<double>(88, 0.0));
  for (std::size_t t = 0; t < steps; ++t) rows[t][first_key + t] = rows[t][87 - t] = 1.0;
  return rows;
}

template <class T>
std::vector<std::vector<T>> as(const Rows& rows) {
  std::vector<std::vector<T>> converted;
  for (const auto& row : rows) converted.emplace_back(row.begin(), row.end());
  return converted;
}

std::vector<float> flat(std::initializer_list<Rows> sequences) {
  std::vector<float> all;
  for (const Rows& rows : sequences) {
    for (const auto& row : rows) all.insert(all.end(), row.begin(), row.end());
  }
  return all;
}

class MatMusic : public testing::Test {
 protected:
  std::string error() {
    return error_of<InputError>([&] { read_mat_music(path_); });
  }
  // A set whose training split is one cell.
  std::string error_with(matvar_t* cell) {
    {
      MatFile file(path_);
      file.cells("traindata", {MatFile::matrix(frames(2, 0)), cell});
      file.cells("validdata", {MatFile::matrix(frames(2, 0))});
      file.cells("testdata", {MatFile::matrix(frames(2, 0))});
    }
    return error();
  }
  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "Set.mat";
};

TEST_F(MatMusic, ReadsEveryClassOfNumbers) {
  {
    MatFile file(path_);
    file.cells("traindata", {MatFile::matrix(frames(3, 5)), MatFile::matrix(frames(2, 30))});
    file.cells("validdata", {MatFile::matrix(as<std::uint8_t>(frames(4, 7))),
                             MatFile::matrix(as<float>(frames(2, 8))),
                             MatFile::matrix(as<std::int16_t>(frames(2, 9)))});
    file.cells("testdata", {MatFile::matrix(as<std::uint8_t>(frames(5, 1)), MAT_F_LOGICAL),
                            MatFile::matrix(as<std::int64_t>(frames(2, 2)))});
  }
  const SequenceSet set = read_mat_music(path_);
  EXPECT_EQ(set.train.width, 88);
  EXPECT_EQ(set.train.lengths, (std::vector<Index>{3, 2}));
  EXPECT_EQ(set.train.frames, flat({frames(3, 5), frames(2, 30)}));
  EXPECT_EQ(set.valid.lengths, (std::vector<Index>{4, 2, 2}));
  EXPECT_EQ(set.valid.frames, flat({frames(4, 7), frames(2, 8), frames(2, 9)}));
  EXPECT_EQ(set.test.lengths, (std::vector<Index>{5, 2}));
  EXPECT_EQ(set.test.frames, flat({frames(5, 1), frames(2, 2)}));
}

TEST_F(MatMusic, NamesTheCellRowAndColumn) {
  Rows rows = frames(3, 5);
  rows[1][40] = 2.0;
  EXPECT_THAT(error_with(MatFile::matrix(rows)),
              HasSubstr("Set.mat: traindata, cell 2, row 2, column 41: got 2, expected 0 or 1"));
  rows[1][40] = 0.5;
  EXPECT_THAT(error_with(MatFile::matrix(rows)), HasSubstr("got 0.5"));
  rows[1][40] = 0.0;
  EXPECT_EQ(error_with(MatFile::matrix(rows)), "nothing was thrown");
  for (auto& row : rows) row.pop_back();
  EXPECT_THAT(error_with(MatFile::matrix(rows)),
              HasSubstr("traindata, cell 2: got a matrix of 3 x 87, expected steps x 88"));
  EXPECT_THAT(error_with(MatFile::matrix(frames(1, 5))), HasSubstr("got 1 steps"));
  std::size_t dims[] = {2, 88};
  std::string text(2 * 88, 'x');
  EXPECT_THAT(error_with(Mat_VarCreate(nullptr, MAT_C_CHAR, MAT_T_UINT8, 2, dims, text.data(), 0)),
              HasSubstr("traindata, cell 2: expected a full matrix of numbers"));
}

TEST_F(MatMusic, NamesTheVariable) {
  { MatFile(path_).cells("traindata", {MatFile::matrix(frames(2, 0))}); }
  EXPECT_THAT(error(), HasSubstr("there is no variable 'validdata', or it is damaged; variables: "
                                 "traindata"));
  {
    MatFile file(path_);
    matvar_t* matrix = MatFile::matrix(frames(2, 0));
    file.cells("other", {matrix});
    file.cells("traindata", {});
  }
  EXPECT_THAT(error(), HasSubstr("traindata holds no sequence"));
}

TEST_F(MatMusic, RefusesOtherFilesAndHalfOnes) {
  EXPECT_THAT(error(), HasSubstr("there is no such file"));
  MusicFile({2}).write(path_);
  EXPECT_THAT(error(), HasSubstr("not a MAT-file"));
  std::ofstream(path_)
      << "traindata, validdata and testdata, but as text, and longer than a header "
         "of 128 bytes is, so that it is not too short to be one of these files";
  EXPECT_THAT(error(), HasSubstr("not a MAT-file"));
  ASSERT_EQ(error_with(MatFile::matrix(frames(9, 3))), "nothing was thrown");
  const auto size = std::filesystem::file_size(path_);
  for (const auto part : {size - 1, size - 20, size / 2, std::uintmax_t{130}}) {
    std::filesystem::resize_file(path_, part);
    EXPECT_THAT(error(), HasSubstr("cut short"));
  }
}

TEST(MusicWriter, WritesTheLayoutThatIsRead) {
  const TemporaryFolder folder;
  wandering_notes().write(folder / "theirs.h5");
  const SequenceSet theirs = read_music(folder / "theirs.h5");
  write_music(folder / "ours.h5", theirs);
  const SequenceSet ours = read_music(folder / "ours.h5");
  for (const auto part : {&SequenceSet::train, &SequenceSet::valid, &SequenceSet::test}) {
    EXPECT_EQ((ours.*part).lengths, (theirs.*part).lengths);
    EXPECT_EQ((ours.*part).frames, (theirs.*part).frames);
  }
  const H5::H5File file((folder / "ours.h5").string(), H5F_ACC_RDONLY);
  std::int64_t pitch = 0, keys = 0;
  file.openGroup("/").openAttribute("lowest_midi_pitch").read(H5::PredType::NATIVE_INT64, &pitch);
  file.openGroup("/").openAttribute("keys").read(H5::PredType::NATIVE_INT64, &keys);
  EXPECT_EQ(pitch, 21);
  EXPECT_EQ(keys, 88);
  EXPECT_EQ(file.openDataSet("train/notes").getCreatePlist().getNfilters(), 1);
  EXPECT_THROW(write_music(folder / "nowhere/set.h5", ours), EnvironmentError);
}

// python3, with n[s] the 88 * sum(l[s]) notes of split s as bytes:
// hashlib.sha256(b"".join(struct.pack(f"<{len(l[s])}q", *l[s]) + n[s] for s in
// range(3))).hexdigest()
TEST(MusicDigest, IsSha256OfLengthsAndNotes) {
  SequenceSet set;
  Index key = 39;
  for (SequenceSplit* split : {&set.train, &set.valid, &set.test}) {
    split->width = 88;
    for (const Index length : {3, 2}) {
      std::vector<float> frames(static_cast<std::size_t>(length * 88), 0.0f);
      frames[static_cast<std::size_t>(key++)] = 1.0f;
      split->add(frames);
    }
  }
  EXPECT_EQ(music_digest(set), "6343d2a9dc528854c4e40eb1a68894707610e09a0555e4040b0dfc449da4adfa");
}

}  // namespace
}  // namespace carousel
