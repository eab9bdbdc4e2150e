#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "report/sheet.hpp"

namespace carousel {

/// The text with `&`, `<`, `>`, `"` and `'` replaced by entities: safe between tags and in
/// attributes.
std::string escape_html(std::string_view text);

/// Serialised JSON made safe inside a `<script>` element: `"</"` becomes `"<\/"` and `"<!"` becomes
/// `"\u003c!"`. Both read back as the same JSON.
std::string escape_json_for_script(std::string_view json);

/// The sheet as a `<table>` whose first column names the rows, in a box that scrolls sideways; its
/// title names the box for screen readers. The notes are not in it.
std::string html_table(const Sheet& sheet);

/// A `<figure>` with its caption, plain text, over a picture, HTML, in a box that scrolls sideways.
std::string figure_html(const std::string& caption, const std::string& picture);

/// The picture of one cell among those of several.
struct CellFigure {
  std::string dataset;  ///< name of the problem
  std::string title;    ///< of the picture
  std::string figure;   ///< HTML: a `<figure>`
};

/// The figures of the same data set and title one behind the other in a `<div>` of the class `box`,
/// below a heading; in the order in which they first appear.
std::string side_by_side(const std::vector<CellFigure>& figures, const char* box);

/// A `<details>` element around HTML; the title is plain text.
std::string html_fold(const std::string& title, const std::string& html);

/// A `<details>` element with preformatted text in it. Both arguments are plain text.
std::string html_details(const std::string& title, const std::string& text);

/// The template with every "{{name}}" replaced by its value, which goes in as it is. What a value
/// holds is never taken for a name. Throws BugError for an unknown name.
std::string fill_template(std::string_view text,
                          const std::vector<std::pair<std::string, std::string>>& values);

}  // namespace carousel
