#include "place_shares.hpp"

#include <fmt/format.h>

#include <map>
#include <numeric>
#include <tuple>

#include "io/csv.hpp"
#include "line_reader.hpp"

namespace carousel::phrases {

std::vector<std::vector<double>> read_norms(const std::filesystem::path& path) {
  LineReader line(path);
  std::vector<std::vector<double>> norms;
  while (line.next()) {
    std::vector<double>& of_sentence = norms.emplace_back();
    for (const std::string_view word : words_of(line.text())) {
      of_sentence.push_back(line.number(word));
      if (of_sentence.back() < 0.0) line.fail(word, "a norm, which is 0 or more");
    }
    if (!(std::accumulate(of_sentence.begin(), of_sentence.end(), 0.0) > 0.0)) {
      line.fail(line.text(), "norms of gradients, at least one above 0");
    }
  }
  return norms;
}

std::vector<PlaceShare> place_shares(const std::vector<std::vector<double>>& norms, int width) {
  std::map<std::tuple<int, CountedFrom, int>, PlaceShare> sums;  // by bin, end and place
  const auto add = [&](int words, CountedFrom from, int place, double share) {
    const int bin = (words - 1) / width;
    PlaceShare& sum = sums[{bin, from, place}];
    sum.least_words = bin * width + 1;
    sum.most_words = (bin + 1) * width;
    sum.from = from;
    sum.place = place;
    ++sum.sentences;
    sum.share += share;
    sum.even += 1.0 / words;
  };
  for (const std::vector<double>& of_sentence : norms) {
    const double total = std::accumulate(of_sentence.begin(), of_sentence.end(), 0.0);
    const int words = static_cast<int>(of_sentence.size());
    for (int k = 0; k < words; ++k) {
      const double share = of_sentence[static_cast<std::size_t>(k)] / total;
      add(words, CountedFrom::start, k + 1, share);
      add(words, CountedFrom::end, words - k, share);
    }
  }
  std::vector<PlaceShare> means;
  for (auto& [where, sum] : sums) {
    sum.share /= sum.sentences;
    sum.even /= sum.sentences;
    means.push_back(sum);
  }
  return means;
}

std::string shares_csv(const std::vector<PlaceShare>& shares) {
  CsvText csv({"words", "from", "place", "sentences", "share", "even"});
  for (const PlaceShare& one : shares) {
    csv.add({fmt::format("{}-{}", one.least_words, one.most_words),
             one.from == CountedFrom::start ? "start" : "end", std::to_string(one.place),
             std::to_string(one.sentences), csv_number(one.share, 5), csv_number(one.even, 5)});
  }
  return csv.text();
}

}  // namespace carousel::phrases
