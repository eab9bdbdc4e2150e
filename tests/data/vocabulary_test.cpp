#include "data/vocabulary.hpp"

#include <gtest/gtest.h>

namespace carousel {
namespace {

TEST(Vocabulary, NumbersSymbolsAsTheyCome) {
  Vocabulary vocabulary;
  EXPECT_EQ(vocabulary.add("b"), 0);
  EXPECT_EQ(vocabulary.add("é"), 1);
  EXPECT_EQ(vocabulary.add("b"), 0) << "is known";
  EXPECT_EQ(vocabulary.size(), 2);
  EXPECT_EQ(vocabulary.text(1), "é");
  EXPECT_EQ(vocabulary.find("é"), 1);
  EXPECT_EQ(vocabulary.find("c"), std::nullopt);
}

TEST(Vocabulary, TakesFrequentSymbolsByCountThenByBytes) {
  Vocabulary vocabulary;
  vocabulary.add("<unk>");
  add_frequent(vocabulary, {{"z", 3}, {"a", 2}, {"B", 2}, {"<unk>", 9}, {"é", 2}, {"c", 1}}, 2);
  std::vector<std::string> texts;
  for (Index k = 0; k < vocabulary.size(); ++k) texts.push_back(vocabulary.text(k));
  EXPECT_EQ(texts, (std::vector<std::string>{"<unk>", "z", "B", "a", "é"}));
  EXPECT_EQ(vocabulary.find("c"), std::nullopt);
}

}  // namespace
}  // namespace carousel
