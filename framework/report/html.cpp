#include "report/html.hpp"

#include <algorithm>

#include "tensor/error.hpp"

namespace carousel {

std::string escape_html(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\'': escaped += "&#39;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

std::string escape_json_for_script(std::string_view json) {
  std::string escaped;
  escaped.reserve(json.size());
  for (std::size_t at = 0; at < json.size(); ++at) {
    const char next = at + 1 < json.size() ? json[at + 1] : '\0';
    if (json[at] == '<' && next == '/') {
      escaped += "<\\";
    } else if (json[at] == '<' && next == '!') {
      escaped += "\\u003c";  // "<!--" would change how the end of the element is found
    } else {
      escaped += json[at];
    }
  }
  return escaped;
}

std::string html_table(const Sheet& sheet) {
  const auto kind = [&](std::size_t k) {
    return sheet.columns[k].number ? " class=\"number\"" : "";
  };
  const auto kind_in = [&](const SheetRow& row, std::size_t k) {
    return std::ranges::count(row.best, k) > 0 ? " class=\"number best\"" : kind(k);
  };
  std::string html = "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"" +
                     escape_html(sheet.title) +
                     "\">\n<table style=\"--columns:" + std::to_string(sheet.columns.size()) +
                     "\">\n<thead><tr>";
  for (std::size_t k = 0; k < sheet.columns.size(); ++k) {
    html += std::string("<th scope=\"col\"") + kind(k) + ">" + escape_html(sheet.columns[k].title) +
            "</th>";
  }
  html += "</tr></thead>\n<tbody>\n";
  for (const SheetRow& row : sheet.rows) {
    html += "<tr>";
    if (!row.heading.empty()) {
      html += "<th class=\"group\" colspan=\"" + std::to_string(sheet.columns.size()) +
              "\"><span>" + escape_html(row.heading) + "</span></th></tr>\n";
      continue;
    }
    for (std::size_t k = 0; k < sheet.columns.size(); ++k) {
      const std::string tag = k == 0 ? "th" : "td";
      html += "<" + tag + (k == 0 ? " scope=\"row\"" : "") + kind_in(row, k) + ">" +
              escape_html(row.texts.at(k)) + "</" + tag + ">";
    }
    html += "</tr>\n";
  }
  return html + "</tbody>\n</table>\n</div>\n";
}

std::string figure_html(const std::string& caption, const std::string& picture) {
  return "<figure>\n<figcaption>" + escape_html(caption) +
         "</figcaption>\n<div class=\"scroll\">\n" + picture + "</div>\n</figure>\n";
}

std::string side_by_side(const std::vector<CellFigure>& figures, const char* box) {
  std::string html;
  for (auto first = figures.begin(); first != figures.end(); ++first) {
    const auto belongs = [&](const CellFigure& other) {
      return other.dataset == first->dataset && other.title == first->title;
    };
    if (std::any_of(figures.begin(), first, belongs)) continue;
    html += fmt::format("<h3>{}: {}</h3>\n<div class=\"{}\">\n", escape_html(first->dataset),
                        escape_html(first->title), box);
    for (const CellFigure& one : figures) {
      if (belongs(one)) html += one.figure;
    }
    html += "</div>\n";
  }
  return html;
}

std::string html_fold(const std::string& title, const std::string& html) {
  return "<details><summary>" + escape_html(title) + "</summary>\n" + html + "</details>\n";
}

std::string html_details(const std::string& title, const std::string& text) {
  return html_fold(title, "<pre>" + escape_html(text) + "</pre>");
}

std::string fill_template(std::string_view text,
                          const std::vector<std::pair<std::string, std::string>>& values) {
  std::string filled;
  while (true) {
    const std::size_t open = text.find("{{");
    filled += text.substr(0, open);
    if (open == std::string_view::npos) return filled;
    const std::size_t close = text.find("}}", open);
    if (close == std::string_view::npos) fail_bug("an unclosed {{{{ in the page template");
    const std::string_view name = text.substr(open + 2, close - open - 2);
    const auto found = std::find_if(values.begin(), values.end(),
                                    [&](const auto& value) { return value.first == name; });
    if (found == values.end()) fail_bug("the page template asks for the unknown text '{}'", name);
    filled += found->second;
    text.remove_prefix(close + 2);
  }
}

}  // namespace carousel
