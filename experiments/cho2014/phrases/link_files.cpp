#include "link_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>

#include "line_reader.hpp"

namespace carousel::phrases {
namespace {

std::optional<int> place_in(std::string_view text) {
  int place = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), place);
  const bool is_whole = error == std::errc() && end == text.data() + text.size();
  return is_whole && place >= 0 ? std::optional(place) : std::nullopt;
}

Links links_in(const LineReader& line) {
  Links links;
  for (const std::string_view link : words_of(line.text())) {
    const std::size_t dash = std::min(link.find('-'), link.size());
    const auto source = place_in(link.substr(0, dash));
    const auto target = place_in(link.substr(std::min(dash + 1, link.size())));
    if (!source || !target) line.fail(link, "a link `s-t` of two places, from 0");
    links.emplace_back(*source, *target);
  }
  std::sort(links.begin(), links.end());
  links.erase(std::unique(links.begin(), links.end()), links.end());
  return links;
}

}  // namespace

std::string links_text(const std::vector<Links>& links) {
  std::string text;
  for (const Links& of_pair : links) {
    std::string line;
    for (const auto& [s, t] : of_pair)
      line += fmt::format("{}{}-{}", line.empty() ? "" : " ", s, t);
    text += line + "\n";
  }
  return text;
}

LinkAgreement compare_links(const std::filesystem::path& found,
                            const std::filesystem::path& expected) {
  LineReader of_found(found), of_expected(expected);
  LinkAgreement sums;
  while (of_found.next()) {
    of_expected.next_beside(of_found);
    const Links a = links_in(of_found), b = links_in(of_expected);
    Links both;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
    sums.found += static_cast<double>(a.size());
    sums.expected += static_cast<double>(b.size());
    sums.both += static_cast<double>(both.size());
  }
  of_expected.expect_end(of_found);
  return sums;
}

}  // namespace carousel::phrases
