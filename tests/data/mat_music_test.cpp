#include "data/mat_music.hpp"

#include <H5Cpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>

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
                            MatFile::matrix(as<std::int64_t>(frames(2, 2))),
                            MatFile::matrix(as<std::uint64_t>(frames(2, 3)))});
  }
  const SequenceSet set = read_mat_music(path_);
  EXPECT_EQ(set.train.width, 88);
  EXPECT_EQ(set.train.lengths, (std::vector<Index>{3, 2}));
  EXPECT_EQ(set.train.frames, flat({frames(3, 5), frames(2, 30)}));
  EXPECT_EQ(set.valid.lengths, (std::vector<Index>{4, 2, 2}));
  EXPECT_EQ(set.valid.frames, flat({frames(4, 7), frames(2, 8), frames(2, 9)}));
  EXPECT_EQ(set.test.lengths, (std::vector<Index>{5, 2, 2}));
  EXPECT_EQ(set.test.frames, flat({frames(5, 1), frames(2, 2), frames(2, 3)}));
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
  std::u16string text(2 * 88, u'x');
  EXPECT_THAT(error_with(Mat_VarCreate(nullptr, MAT_C_CHAR, MAT_T_UINT16, 2, dims, text.data(), 0)),
              HasSubstr("traindata, cell 2: expected a full matrix of real numbers"));
}

TEST_F(MatMusic, NamesTheVariable) {
  { MatFile(path_).cells("traindata", {MatFile::matrix(frames(2, 0))}); }
  EXPECT_THAT(error(), HasSubstr("there is no variable 'validdata'; variables: traindata"));
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

// Files made by hand, to be wrong in one place.
class MatMusicByHand : public testing::Test {
 protected:
  using Bytes = std::string;

  Bytes number(std::uint32_t value, std::size_t width = 4) const {
    Bytes bytes;
    for (std::size_t i = 0; i < width; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xff);
    if (big_endian_) std::reverse(bytes.begin(), bytes.end());
    return bytes;
  }
  Bytes element(std::uint32_t type, const Bytes& data) const {
    return number(type) + number(static_cast<std::uint32_t>(data.size())) + data +
           Bytes(type == 15 ? 0 : (8 - data.size() % 8) % 8, '\0');
  }
  Bytes array(std::uint32_t kind, std::uint32_t rows, std::uint32_t columns, const Bytes& name,
              const Bytes& rest) const {
    return element(14, element(6, number(kind) + number(0)) +
                           element(5, number(rows) + number(columns)) + element(1, name) + rest);
  }
  // Up to four bytes, which stand in the tag itself.
  Bytes small(std::uint32_t type, const Bytes& data) const {
    const Bytes tag = number(static_cast<std::uint32_t>(data.size()) << 16 | type);
    return tag + data + Bytes(4 - std::min<std::size_t>(data.size(), 4), '\0');
  }
  // 2 x 88 numbers of 16 bits, of which `missing` bytes are not there.
  Bytes matrix(std::size_t missing = 0, std::uint32_t rows = 2) const {
    Bytes values = number(0, 2) + number(1, 2);
    for (int i = 2; i < 2 * 88; ++i) values += number(0, 2);
    values.resize(values.size() - missing);
    return array(6, rows, 88, "", element(4, values));
  }
  static Bytes packed(const Bytes& bytes) {
    Bytes to(compressBound(bytes.size()), '\0');
    uLongf size = to.size();
    compress(reinterpret_cast<Bytef*>(to.data()), &size,
             reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
    to.resize(size);
    return to;
  }
  // Writes a file whose `cells` cells of traindata are as given; `front` stands before it.
  void write(const Bytes& cells, std::uint32_t count = 1, const Bytes& front = {}) const {
    Bytes bytes(124, ' ');
    bytes += number(0x0100, 2) + (big_endian_ ? "MI" : "IM") + front;
    for (const char* name : {"traindata", "validdata", "testdata"}) {
      const bool first = std::string(name) == "traindata";
      const Bytes all = array(1, 1, first ? count : 1, name, first ? cells : matrix());
      bytes += is_packed_ ? element(15, packed(all)) : all;
    }
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  std::string error_with(const Bytes& cells, std::uint32_t count = 1) const {
    write(cells, count);
    return error_of<InputError>([&] { read_mat_music(path_); });
  }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "Set.mat";
  bool big_endian_ = false, is_packed_ = false;
};

TEST_F(MatMusicByHand, IsReadInBothOrdersOfBytes) {
  for (const bool big_endian : {false, true}) {
    for (const bool is_packed : {false, true}) {
      big_endian_ = big_endian;
      is_packed_ = is_packed;
      ASSERT_EQ(error_with(matrix() + matrix(), 2), "nothing was thrown");
      const SequenceSet set = read_mat_music(path_);
      EXPECT_EQ(set.train.lengths, (std::vector<Index>{2, 2}));
      EXPECT_EQ(set.train.frame(1, 1)[0], 1.0f);
      EXPECT_EQ(set.train.frame(1, 0)[0], 0.0f);
    }
  }
}

// Names of up to four letters, and numbers of up to four bytes, stand beside their size.
TEST_F(MatMusicByHand, SmallElementsStandInTheirTag) {
  const auto variable = [&](const Bytes& name, const Bytes& values) {
    return element(
        14, element(6, number(6) + number(0)) + element(5, number(2) + number(2)) + name + values);
  };
  for (const bool big_endian : {false, true}) {
    big_endian_ = big_endian;
    const Bytes four = small(2, "abcd");
    write(matrix(), 1, variable(small(1, "four"), four) + variable(small(1, "x"), four));
    EXPECT_EQ(read_mat_music(path_).train.lengths, (std::vector<Index>{2}));
    std::string bytes = file_text(path_);
    bytes.replace(bytes.find("traindata"), 9, "otherdata");
    std::ofstream(path_, std::ios::binary) << bytes;
    EXPECT_THAT(
        error_of<InputError>([&] { read_mat_music(path_); }),
        HasSubstr("no variable 'traindata'; variables: four, x, otherdata, validdata, testdata"));
    const auto cell = [&](const Bytes& values) {
      return element(14, element(6, number(6) + number(0)) + element(5, number(2) + number(1)) +
                             element(1, "") + values);
    };
    EXPECT_THAT(error_with(cell(small(2, "ab"))), HasSubstr("got a matrix of 2 x 1, expected"));
    EXPECT_THAT(error_with(cell(small(4, "abcd"))), HasSubstr("got a matrix of 2 x 1, expected"));
    EXPECT_THAT(error_with(cell(small(2, "abcd"))),
                HasSubstr("cell 1: 4 bytes for its 2 numbers of 1 bytes, and 0 behind them"));
    EXPECT_THAT(error_with(cell(small(2, "abcde"))),
                HasSubstr("cell 1: cut short or damaged: an element of 5 bytes where 4 are left"));
    EXPECT_THAT(error_with(cell(element(16, "ab"))),
                HasSubstr("2 bytes for its 2 numbers of 0 bytes"))
        << "text is no number";
  }
}

// An array without a name, and elements that are none, stand in no list.
TEST_F(MatMusicByHand, OtherElementsAreLeftOut) {
  for (const bool is_packed : {false, true}) {
    is_packed_ = is_packed;
    write(matrix(), 1, matrix() + element(9, "12345678"));
    EXPECT_EQ(read_mat_music(path_).train.lengths, (std::vector<Index>{2}));
  }
  is_packed_ = false;
  write(matrix(), 1, array(6, 2, 1, "first", element(2, "ab")) + matrix());
  std::string bytes = file_text(path_);
  bytes.replace(bytes.find("testdata"), 8, "restdata");
  std::ofstream(path_, std::ios::binary) << bytes;
  EXPECT_THAT(
      error_of<InputError>([&] { read_mat_music(path_); }),
      HasSubstr("no variable 'testdata'; variables: first, traindata, validdata, restdata"));
  bytes.resize(128);
  std::ofstream(path_, std::ios::binary) << bytes;
  EXPECT_THAT(error_of<InputError>([&] { read_mat_music(path_); }),
              HasSubstr("no variable 'traindata'; variables: none that can be read"));
}

// Every variable that is asked for is whole, but what stands behind them is not.
TEST_F(MatMusicByHand, IsLookedAtToItsEnd) {
  write(matrix());
  std::ofstream(path_, std::ios::binary | std::ios::app) << "abc";
  EXPECT_THAT(error_of<InputError>([&] { read_mat_music(path_); }),
              HasSubstr("an element of 8 bytes where 3 are left"));
}

TEST_F(MatMusicByHand, RefusesAnArrayWithoutItsParts) {
  const Bytes flags = element(6, number(6) + number(0)), values = element(2, "ab");
  const auto error = [&](const Bytes& parts) { return error_with(element(14, parts)); };
  for (const Bytes& dims : {element(6, number(2) + number(1)), element(5, number(2)),
                            element(5, number(2) + "123456"), element(5, "")}) {
    EXPECT_THAT(error(flags + dims + element(1, "") + values),
                HasSubstr("cell 1: an array without its dimensions"));
  }
  EXPECT_THAT(
      error(flags + element(5, number(2) + number(1) + number(1)) + element(1, "") + values),
      HasSubstr("cell 1: expected a matrix of steps x 88 real numbers"));
  const Bytes dims = element(5, number(2) + number(1)) + element(1, "");
  EXPECT_THAT(error(element(5, number(6) + number(0)) + dims + values),
              HasSubstr("cell 1: an array without its flags"));
  EXPECT_THAT(error(element(6, number(6)) + dims + values),
              HasSubstr("cell 1: an array without its flags"));
  EXPECT_THAT(error_with(array(16, 2, 88, "", values)),
              HasSubstr("cell 1: expected a full matrix of real numbers"));
  EXPECT_THAT(error_with(matrix(static_cast<std::size_t>(-1))),
              HasSubstr("353 bytes for its 176 numbers"))
      << "one byte more";
}

TEST_F(MatMusicByHand, SaysHowMuchOfAnElementIsThere) {
  write(matrix());
  const auto size = std::filesystem::file_size(path_);
  // testdata: 16 bytes of flags, 16 of dimensions, 16 of its name, each of them without the tags,
  // and the cell.
  const auto whole = static_cast<std::uintmax_t>(matrix().size() + 3 * 16);
  for (const auto missing : {std::uintmax_t{1}, std::uintmax_t{9}, std::uintmax_t{30}}) {
    write(matrix());
    std::filesystem::resize_file(path_, size - missing);
    EXPECT_THAT(
        error_of<InputError>([&] { read_mat_music(path_); }),
        HasSubstr(fmt::format("an element of {} bytes where {} are left", whole, whole - missing)));
  }
  std::filesystem::resize_file(path_, size - whole - 3);
  EXPECT_THAT(error_of<InputError>([&] { read_mat_music(path_); }),
              HasSubstr("an element of 8 bytes where 5 are left"));
}

// What is missing is not taken for silence.
TEST_F(MatMusicByHand, RefusesShortData) {
  for (const bool is_packed : {false, true}) {
    is_packed_ = is_packed;
    EXPECT_THAT(error_with(matrix(2)), HasSubstr("Set.mat: traindata, cell 1: 350 bytes for its "
                                                 "176 numbers of 2 bytes, and 0 behind them"));
    EXPECT_THAT(error_with(matrix(1)), HasSubstr("351 bytes for its 176 numbers"));
    EXPECT_THAT(error_with(matrix(352)), HasSubstr("0 bytes for its 176 numbers"));
    EXPECT_THAT(error_with(matrix(0, 3)), HasSubstr("352 bytes for its 264 numbers"));
    EXPECT_THAT(error_with(matrix(0, 0x7fffffff)), HasSubstr("for its 188978560936 numbers"));
    EXPECT_THAT(error_with(matrix(0, 0x80000000)), HasSubstr("dimension 1 is -2147483648"));
    EXPECT_THAT(error_with(matrix(), 2), HasSubstr("traindata: cut short or damaged"));
    EXPECT_THAT(error_with(matrix() + matrix()),
                HasSubstr("traindata: 408 bytes behind its 1 cells"));
    EXPECT_THAT(error_with(element(14, "")), HasSubstr("cell 1: got a matrix of 0 x 0"));
    EXPECT_THAT(error_with(element(9, "12345678")), HasSubstr("cell 1: expected an array"));
    EXPECT_THAT(error_with(array(6, 2, 88, "", "")), HasSubstr("cell 1: cut short or damaged"));
    EXPECT_THAT(error_with(array(0x0806, 2, 88, "", "")),
                HasSubstr("cell 1: expected a full matrix"));
  }
}

TEST_F(MatMusicByHand, RefusesWhatCannotBeUnpacked) {
  is_packed_ = true;
  write(matrix());
  std::string bytes = file_text(path_);
  const std::size_t last = 128 + 8 + static_cast<unsigned char>(bytes[128 + 4]) - 1;
  bytes[last] ^= 1;  // of the checksum
  std::ofstream(path_, std::ios::binary) << bytes;
  EXPECT_THAT(error_of<InputError>([&] { read_mat_music(path_); }),
              HasSubstr("Set.mat: what is compressed can't be unpacked"));
}

TEST_F(MatMusicByHand, SaysHowToSaveAnotherVersion) {
  write(matrix());
  std::string bytes = file_text(path_);
  bytes[124] = 0;
  bytes[125] = 2;
  std::ofstream(path_, std::ios::binary) << bytes;
  EXPECT_THAT(error_of<InputError>([&] { read_mat_music(path_); }),
              HasSubstr("version 7.3, expected version 5: save it with '-v7'"));
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
