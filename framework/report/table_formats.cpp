#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "report/cautions.hpp"
#include "report/table.hpp"

namespace carousel {
namespace {

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

// A line break in a name would end the row.
char printable(char c) { return std::iscntrl(static_cast<unsigned char>(c)) != 0 ? '?' : c; }

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

// Marks that mean something in GitHub's Markdown where they stand: "_" not inside a word, "]" only
// before "(", a link.
std::string escape_markdown(std::string_view text) {
  std::string escaped;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const char before = at > 0 ? text[at - 1] : ' ';
    const char after = at + 1 < text.size() ? text[at + 1] : ' ';
    const bool mark = std::string_view("\\`*<&|~$").find(c) != std::string_view::npos ||
                      (c == '_' && !(is_word(before) && is_word(after))) ||
                      (c == ']' && after == '(');
    if (mark) escaped += '\\';
    escaped += printable(c);
  }
  return escaped;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

std::string escape_latex(std::string_view text) {
  std::string escaped;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = printable(text[at]);
    const bool number_follows = at + 1 < text.size() && is_digit(text[at + 1]);
    const bool starts = at == 0 || text[at - 1] == ' ' || text[at - 1] == '[';
    switch (c) {
      case '\\': escaped += "\\textbackslash{}"; break;
      case '~': escaped += "\\textasciitilde{}"; break;
      case '^': escaped += "\\textasciicircum{}"; break;
      case '<': escaped += "$<$"; break;
      case '>': escaped += "$>$"; break;
      case '-': escaped += starts && number_follows ? "$-$" : "-"; break;
      // At the start of a row these would be taken for an argument of the row before.
      case '[':
      case '*': escaped += at == 0 ? fmt::format("{{{}}}", c) : std::string(1, c); break;
      case '&':
      case '%':
      case '$':
      case '#':
      case '_':
      case '{':
      case '}': escaped += '\\'; [[fallthrough]];
      default: escaped += c;
    }
  }
  replace_all(escaped, "±", "$\\pm$");
  replace_all(escaped, " - ", " $-$ ");
  return escaped == "-" ? "--" : escaped;
}

std::string markdown_row(const std::vector<std::string>& texts) {
  std::string line = "|";
  for (const std::string& text : texts) line += " " + text + " |";
  return line + "\n";
}

std::string latex_row(const std::vector<std::string>& texts,
                      const std::vector<std::size_t>& bold = {}) {
  std::vector<std::string> escaped;
  for (const std::string& text : texts) escaped.push_back(escape_latex(text));
  for (const std::size_t column : bold) escaped[column] = "\\textbf{" + escaped[column] + "}";
  return fmt::format("{} \\\\\n", fmt::join(escaped, " & "));
}

std::string markdown_of(const Sheet& sheet) {
  std::string text = "## " + escape_markdown(sheet.title) + "\n\n";
  std::vector<std::string> titles, rule;
  for (const SheetColumn& column : sheet.columns) {
    titles.push_back(escape_markdown(column.title));
    rule.push_back(column.number ? "---:" : "---");
  }
  text += markdown_row(titles);
  text += "|" + fmt::format("{}", fmt::join(rule, "|")) + "|\n";
  for (const SheetRow& row : sheet.rows) {
    std::vector<std::string> texts(sheet.columns.size());
    std::transform(row.texts.begin(), row.texts.end(), texts.begin(), escape_markdown);
    for (const std::size_t best : row.best) texts[best] = "**" + texts[best] + "**";
    if (!row.heading.empty()) texts[0] = "**" + escape_markdown(row.heading) + "**";
    text += markdown_row(texts);
  }
  for (const std::string& note : notes_of(sheet)) text += "\n" + escape_markdown(note) + "\n";
  return text + "\n";
}

std::string latex_of(const Sheet& sheet) {
  std::vector<std::string> titles;
  std::string alignment;
  for (const SheetColumn& column : sheet.columns) {
    titles.push_back(column.title);
    alignment += column.number ? 'r' : 'l';
  }
  std::string text = "\\begin{table*}\n\\centering\n\\small\n\\setlength{\\tabcolsep}{3pt}\n";
  text += "\\caption{" + escape_latex(sheet.title) + "}\n";
  text +=
      "\\begin{adjustbox}{max width=\\linewidth}\n\\begin{tabular}{" + alignment + "}\n\\toprule\n";
  text += latex_row(titles) + "\\midrule\n";
  for (std::size_t at = 0; at < sheet.rows.size(); ++at) {
    const SheetRow& row = sheet.rows[at];
    if (row.heading.empty()) {
      text += latex_row(row.texts, row.best);
      continue;
    }
    if (at > 0) text += "\\midrule\n";
    text += fmt::format("\\multicolumn{{{}}}{{l}}{{\\emph{{{}}}}} \\\\\n", titles.size(),
                        escape_latex(row.heading));
  }
  text += "\\bottomrule\n\\end{tabular}\n\\end{adjustbox}\n";
  for (const std::string& note : notes_of(sheet)) {
    text += "\n\\smallskip\n\\parbox{\\linewidth}{\\footnotesize " + escape_latex(note) + "}\n";
  }
  return text + "\\end{table*}\n\n";
}

}  // namespace

std::string table_markdown(const Report& report) {
  std::string text;
  for (const Sheet& sheet : report.sheets) text += markdown_of(sheet);
  if (text.empty()) return "No trials.\n";
  const std::vector<std::string> cautions = cautions_of(report);
  if (!cautions.empty()) text += "## Cautions\n\n";
  for (const std::string& caution : cautions) text += "- " + escape_markdown(caution) + "\n";
  if (!cautions.empty()) text += "\n";
  text.pop_back();
  return text;
}

std::string table_latex(const Report& report) {
  std::string text = "% needs \\usepackage{booktabs,adjustbox}\n";
  for (const Sheet& sheet : report.sheets) text += latex_of(sheet);
  return text;
}

}  // namespace carousel
