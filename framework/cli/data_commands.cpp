#include "cli/data_commands.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "data/data_sets.hpp"
#include "data/mat_music.hpp"
#include "data/music.hpp"
#include "data/music_writer.hpp"
#include "io/files.hpp"

namespace carousel {
namespace {

// JSB_Chorales.mat is the set jsb_chorales, and so with the others.
std::string set_name(const std::filesystem::path& file) {
  std::string name = file.stem().string();
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name;
}

// What is there already is replaced by a whole new file that was read back, or stays.
void write_checked(const std::filesystem::path& file, const SequenceSet& set,
                   const std::string& digest) {
  const std::filesystem::path temporary = file.string() + ".tmp";
  try {
    write_music(temporary, set);
    if (music_digest(read_music(temporary)) != digest) {
      throw EnvironmentError(
          fmt::format("{}: reads back otherwise than it was written", temporary.string()));
    }
    replace_file(temporary, file);
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    throw;
  }
}

void print_split(const char* name, const SequenceSplit& split) {
  double notes = 0.0;
  for (const float note : split.frames) notes += note;
  std::printf("%-5s  %5lld sequences  %7lld steps  %8.0f notes\n", name,
              static_cast<long long>(split.sequences()), static_cast<long long>(split.total()),
              notes);
}

}  // namespace

int import_command(const ImportArguments& arguments, const CommonOptions& common) {
  if (arguments.kind != "music") {
    fail_input("import: got '{}', expected 'music' and a MAT-file, or 'weights' and their file",
               arguments.kind);
  }
  const std::filesystem::path source = arguments.file;
  const bool is_ours = arguments.digest_only && source.extension() == ".h5";
  const SequenceSet set = is_ours ? read_music(source) : read_mat_music(source);
  const std::string digest = music_digest(set);
  if (arguments.digest_only) {
    std::printf("%s\n", digest.c_str());
    return 0;
  }
  const std::filesystem::path file = common.out.empty() ? data_folders(common.data_dir).front() /
                                                              "music" / (set_name(source) + ".h5")
                                                        : std::filesystem::path(common.out);
  if (file.has_parent_path()) make_folder(file.parent_path());
  write_checked(file, set, digest);
  if (!common.quiet) {
    print_split("train", set.train);
    print_split("valid", set.valid);
    print_split("test", set.test);
    std::printf("SHA-256 of the content: %s\nwritten: %s\n", digest.c_str(), file.c_str());
  }
  return 0;
}

int data_command(bool as_json, const CommonOptions& common) {
  boost::json::array all;
  for (const DataSet& set : data_sets()) {
    const auto place = place_of(set, common.data_dir);
    if (!as_json) {
      const std::string where = !place           ? "missing"
                                : place->empty() ? "made by a rule"
                                                 : place->string();
      std::printf("%-16s %-10s %s\n%*s%s\n", set.name.c_str(), kind_name(set.kind),
                  set.title.c_str(), 28, "", where.c_str());
      continue;
    }
    boost::json::object object{
        {"name", set.name}, {"kind", kind_name(set.kind)}, {"title", set.title}};
    if (place) object["place"] = place->string();
    else object["place"] = nullptr;
    all.push_back(std::move(object));
  }
  if (as_json) std::cout << boost::json::serialize(all) << "\n";
  else std::printf("\nscripts/get-data gets those that are missing; docs/data.md says more.\n");
  return 0;
}

}  // namespace carousel
