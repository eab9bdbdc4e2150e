#include "report/format.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

namespace carousel {
namespace {

constexpr std::string_view kEllipsis = "…";

struct Range {
  std::uint32_t first, last;
};

// The blocks that terminals draw two columns wide; enough for names of cells and data sets.
constexpr std::array<Range, 10> kWide = {{{0x1100, 0x115F},
                                          {0x2E80, 0xA4CF},
                                          {0xAC00, 0xD7A3},
                                          {0xF900, 0xFAFF},
                                          {0xFE30, 0xFE6F},
                                          {0xFF00, 0xFF60},
                                          {0xFFE0, 0xFFE6},
                                          {0x1F300, 0x1F64F},
                                          {0x1F900, 0x1FAFF},
                                          {0x20000, 0x3FFFD}}};

struct Glyph {
  std::string_view bytes;
  int width = 1;
};

int width_of(std::uint32_t code) {
  if ((code >= 0x300 && code <= 0x36F) || (code >= 0x200B && code <= 0x200D)) return 0;
  for (const Range& range : kWide) {
    if (code >= range.first && code <= range.last) return 2;
  }
  return 1;
}

std::size_t sequence_length(unsigned char lead) {
  if (lead >= 0xF0) return 4;
  if (lead >= 0xE0) return 3;
  return lead >= 0xC0 ? 2 : 1;
}

std::vector<Glyph> glyphs_of(std::string_view text) {
  std::vector<Glyph> glyphs;
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = std::min(sequence_length(lead), text.size() - at);
    std::uint32_t code = length == 1 ? lead : lead & (0xFFU >> (length + 1));
    for (std::size_t k = 1; k < length; ++k) {
      code = (code << 6) | (static_cast<unsigned char>(text[at + k]) & 0x3FU);
    }
    glyphs.push_back({text.substr(at, length), width_of(code)});
    at += length;
  }
  return glyphs;
}

std::string spaces_up_to(std::string_view text, int width) {
  return std::string(static_cast<std::size_t>(std::max(0, width - display_width(text))), ' ');
}

}  // namespace

int display_width(std::string_view text) {
  int width = 0;
  for (const Glyph& glyph : glyphs_of(text)) width += glyph.width;
  return width;
}

std::string shorten(std::string_view text, int width) {
  if (display_width(text) <= width) return std::string(text);
  const std::vector<Glyph> glyphs = glyphs_of(text);
  const int tail_room = (width - 1) / 2;
  const int head_room = width - 1 - tail_room;
  std::size_t head = 0;
  for (int used = 0; used + glyphs[head].width <= head_room; ++head) used += glyphs[head].width;
  std::size_t tail = glyphs.size();
  for (int used = 0; used + glyphs[tail - 1].width <= tail_room; --tail) {
    used += glyphs[tail - 1].width;
  }
  std::string cut;
  for (std::size_t at = 0; at < head; ++at) cut += glyphs[at].bytes;
  cut += kEllipsis;
  for (std::size_t at = tail; at < glyphs.size(); ++at) cut += glyphs[at].bytes;
  return cut;
}

std::string pad_left(std::string_view text, int width) {
  return spaces_up_to(text, width).append(text);
}

std::string pad_right(std::string_view text, int width) {
  return std::string(text).append(spaces_up_to(text, width));
}

std::string wrap(std::string_view text, int width) {
  std::string lines;
  int used = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string word = shorten(text.substr(0, end), width);
    text.remove_prefix(std::min(end + 1, text.size()));
    const int needed = display_width(word);
    if (used > 0) lines += used + 1 + needed > width ? '\n' : ' ';
    used = used > 0 && used + 1 + needed <= width ? used + 1 + needed : needed;
    lines += word;
  }
  return lines + "\n";
}

std::string listed(const std::vector<std::string>& entries, std::size_t most) {
  const std::size_t shown = entries.size() <= most + 1 ? entries.size() : most;
  std::string text;
  for (std::size_t k = 0; k < shown; ++k) {
    const bool last = k + 1 == entries.size();
    text += (k == 0 ? "" : last ? " and " : ", ") + entries[k];
  }
  return shown == entries.size() ? text
                                 : text + fmt::format(" and {} others", entries.size() - shown);
}

std::string format_figure(double value, int decimals) {
  if (!std::isfinite(value)) return "-";
  return std::abs(value) < 1e4 ? fmt::format("{:.{}f}", value, decimals)
                               : fmt::format("{:.{}e}", value, decimals);
}

std::string format_figure(const Statistic& statistic, int decimals) {
  if (!std::isfinite(statistic.mean) || !std::isfinite(statistic.low)) {
    return format_figure(statistic.mean, decimals);
  }
  return format_figure(statistic.mean, decimals) + " ± " +
         format_figure(statistic.half_width(), decimals);
}

std::string format_figure(const SummaryRow& row, const MetricInfo& metric, Split split) {
  const Statistic statistic = row.figure(metric.name, split);
  return split == Split::test ? format_figure(statistic, metric.decimals)
                              : format_figure(statistic.mean, metric.decimals);
}

std::string title_with_unit(const MetricInfo& metric) {
  return metric.unit.empty() ? metric.title : metric.title + ", " + metric.unit;
}

std::string title_with_direction(const MetricInfo& metric) {
  return title_with_unit(metric) +
         (metric.better == Better::lower ? " (lower is better)" : " (higher is better)");
}

std::string format_seconds(double seconds) {
  if (!std::isfinite(seconds)) return "-";
  return seconds < 99.95 ? fmt::format("{:.1f}", seconds) : fmt::format("{:.0f}", seconds);
}

std::string format_count(double mean) {
  if (!std::isfinite(mean)) return "-";
  return mean == std::floor(mean) ? fmt::format("{:.0f}", mean) : fmt::format("{:.1f}", mean);
}

std::string format_rate(double rate) { return rate == 0.0 ? "-" : fmt::format("{:.4g}", rate); }

std::string format_p(double p) {
  if (std::isnan(p)) return "-";
  return p < 0.001 ? "< 0.001" : fmt::format("{:.3f}", p);
}

std::string format_bytes(std::int64_t bytes) {
  const auto count = static_cast<double>(bytes);
  if (bytes == 0) return "-";
  if (count < 1e6) return fmt::format("{:.0f} kB", count / 1e3);
  return count < 1e9 ? fmt::format("{:.1f} MB", count / 1e6)
                     : fmt::format("{:.1f} GB", count / 1e9);
}

std::string format_solved(const SummaryRow& row) {
  return row.finished == 0 ? "-" : fmt::format("{}/{}", row.solved, row.finished);
}

std::string format_seeds(const SummaryRow& row) {
  if (row.finished == row.seeds) return fmt::format("{}", row.seeds);
  return fmt::format("{}/{}", row.finished, row.seeds);
}

}  // namespace carousel
