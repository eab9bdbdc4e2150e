// The verdicts as Markdown, CSV and HTML.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "claim.hpp"
#include "io/csv.hpp"
#include "measures.hpp"
#include "report/html.hpp"
#include "report/page.hpp"
#include "report/sheet.hpp"
#include "report/svg.hpp"

namespace carousel::claims {
namespace {

const char* words_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::holds: return "holds";
    case Verdict::does_not: return "does not hold";
    case Verdict::undecided: return "undecided";
  }
  return "";
}

const char* words_of(Side95 side) {
  switch (side) {
    case Side95::supports: return "for";
    case Side95::contradicts: return "against";
    case Side95::neither: return "open";
  }
  return "";
}

// Three significant digits, as a ratio.
std::string ratio_text(double log_ratio) {
  const double ratio = std::exp(log_ratio);
  return ratio >= 1e5 || ratio < 1e-3 ? fmt::format("{:.1e}", ratio) : fmt::format("{:.3g}", ratio);
}

std::string effect_text(const Estimate& effect) {
  if (!std::isfinite(effect.value)) return "-";
  if (effect.low == effect.high) return ratio_text(effect.value);
  return fmt::format("{} [{}, {}]", ratio_text(effect.value), ratio_text(effect.low),
                     ratio_text(effect.high));
}

Estimate overall(const Claim& claim) {
  std::vector<Estimate> effects;
  for (const Contrast& one : claim.contrasts) effects.push_back(one.effect);
  return mean_effect(effects);
}

// "3 for, 1 against, 0 open"
std::string sides_text(const Claim& claim) {
  return fmt::format("{} for, {} against, {} open", count_of(Side95::supports, claim),
                     count_of(Side95::contradicts, claim), count_of(Side95::neither, claim));
}

std::string studies_of(const Claim& claim) {
  std::string text;
  std::set<std::string> known;
  for (const Contrast& one : claim.contrasts) {
    if (known.insert(one.study).second) text += (text.empty() ? "" : ", ") + one.study;
  }
  return text;
}

Sheet verdict_sheet(const std::vector<Claim>& claims) {
  Sheet sheet{"Verdicts",
              {{"claim", false},
               {"verdict", false},
               {"effect", false},
               {"comparisons", false},
               {"study", false}},
              {},
              {}};
  for (const Claim& claim : claims) {
    sheet.rows.push_back(
        {"",
         {claim.text, words_of(verdict_of(claim)), effect_text(overall(claim)) + ": " + claim.ratio,
          sides_text(claim), studies_of(claim)}});
  }
  return sheet;
}

std::string forest_svg(const Claim& claim) {
  // Ratios of many powers of ten are drawn by their logarithms.
  const bool powers = std::ranges::any_of(
      claim.contrasts, [](const Contrast& c) { return std::abs(c.effect.value) > std::log(20.0); });
  const auto place = [&](double log_ratio) {
    return powers ? log_ratio / std::log(10.0) : std::exp(log_ratio);
  };
  std::vector<Statistic> figures;
  for (const Contrast& one : claim.contrasts) {
    Statistic& figure = figures.emplace_back();
    figure.mean = place(one.effect.value);
    figure.low = place(one.effect.low);
    figure.high = place(one.effect.high);
  }
  const double level = place(std::log(claim.threshold));
  RowChart chart("Effect on each task; the table has the numbers", figures, Better::lower, {level});
  chart.add_level(level, "", "zero");
  for (std::size_t k = 0; k < figures.size(); ++k) {
    const Contrast& one = claim.contrasts[k];
    chart.add_row(one.task, effect_text(one.effect));
    const char* kind = side_of(one.effect, claim) == Side95::neither ? "unsure" : "sure";
    chart.add_interval(figures[k], kind);
    chart.add_mark(figures[k].mean, kind);
  }
  return chart.finish((powers ? "power of ten of: " : "") + claim.ratio);
}

}  // namespace

std::string verdicts_markdown(const std::vector<Claim>& claims) {
  std::string text =
      "| claim | verdict | effect with its interval | comparisons | study "
      "|\n|---|---|---|---|---|\n";
  for (const SheetRow& row : verdict_sheet(claims).rows) {
    text += fmt::format("| {} |\n", fmt::join(row.texts, " | "));
  }
  return text;
}

std::string contrasts_csv(const std::vector<Claim>& claims) {
  CsvText csv(
      {"claim", "verdict", "task", "study", "seeds", "ratio", "low", "high", "threshold", "side"});
  for (const Claim& claim : claims) {
    for (const Contrast& one : claim.contrasts) {
      csv.add({claim.text, words_of(verdict_of(claim)), one.task, one.study,
               fmt::format("{}", one.seeds), csv_number(std::exp(one.effect.value)),
               csv_number(std::exp(one.effect.low)), csv_number(std::exp(one.effect.high)),
               csv_number(claim.threshold), words_of(side_of(one.effect, claim))});
    }
  }
  return csv.text();
}

std::string verdicts_page(const std::vector<Claim>& claims) {
  std::string body = html_table(verdict_sheet(claims));
  body +=
      "<p class=\"note\">Effects are ratios, with their 95 % intervals; a claim says that its "
      "ratio "
      "is above 1, or above the line drawn. It holds where the interval is for it in two thirds of "
      "the comparisons, three or more, and against it in none; it does not hold where one is "
      "against it. The effect of a claim is the geometric mean over its tasks.</p>\n";
  for (const Claim& claim : claims) {
    body += fmt::format("<section>\n<h2>{}: {}</h2>\n", escape_html(claim.text),
                        words_of(verdict_of(claim)));
    body += figure_html(sides_text(claim), forest_svg(claim)) + "</section>\n";
  }
  return plain_page("Claims about recurrent networks", body);
}

}  // namespace carousel::claims
