// A study from YAML: every key is read and checked by itself.

#include "io/characters.hpp"
#include "study/key_reader.hpp"

namespace carousel {

bool holds(const TextRule& rule, const std::string& text) {
  if (text.size() > rule.most) return false;
  std::string_view rest = text;
  while (!rest.empty()) {
    const Character c = first_character(rest);
    const bool new_line = c.code == '\n' && rule.kind == TextRule::Kind::lines;
    if (!c.printable() && !new_line) return false;
    rest.remove_prefix(c.bytes);
  }
  return rule.kind != TextRule::Kind::file_name ||
         (!text.empty() && text[0] != '.' && text.find('/') == std::string::npos);
}

StudyOptions read_keys(const std::string& yaml, const std::string& source,
                       const std::vector<std::string>& overrides) {
  YAML::Node root = load_yaml(yaml, source);
  if (root.IsNull()) root = YAML::Node(YAML::NodeType::Map);
  if (!root.IsMap()) fail_input("{}: expected keys and values", source);
  for (const std::string& text : overrides) apply_override(root, text);
  StudyOptions options;
  KeyReader reader(root, source, overrides, "");
  visit_fields(options, reader);
  reader.expect_no_more();
  reader.check_settings(options);
  return options;
}

}  // namespace carousel
