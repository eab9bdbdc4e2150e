// Parameters go to every layout and back bit by bit, and what does not fit is said with both sides.

#include "exchange/layout_arrays.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <iterator>
#include <sstream>

#include "cell/derived.hpp"
#include "exchange/exchange_fixtures.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr Index input = 3, hidden = 4, projection = 2;

// Random numbers, a zero of either sign and the smallest numbers among them.
Tensor<double> drawn(const Shape& shape, const std::string& name) {
  Tensor<double> array =
      initialise<double>(Initialiser::normal(0.7), shape, Random(7, name)).clone();
  array.data()[0] = -0.0;
  if (array.numel() > 2) array.data()[1] = 0.0, array.data()[2] = -5e-324;
  return array;
}

struct Form {
  int layers = 1, directions = 1;
};
constexpr Form forms[] = {{1, 1}, {1, 2}, {2, 1}, {3, 2}};

StackArrays drawn_stack(const Layout& layout, const Form& form) {
  const Index wide = layout.cell == "lstmp" ? projection : hidden;
  StackArrays stack;
  for (int layer = 0; layer < form.layers; ++layer) {
    const Cell cell = reference_of(layout, layout.cell == "lstmp" ? projection : 0);
    const StepProgram program = cell.build({layer == 0 ? input : wide * form.directions, hidden});
    stack.emplace_back();
    for (int direction = 0; direction < form.directions; ++direction) {
      NamedArrays& arrays = stack.back().emplace_back();
      for (const ProgramParameter& p : program.parameters) {
        arrays[p.name] = drawn(p.shape, fmt::format("{}/{}/{}", layer, direction, p.name));
      }
    }
  }
  return stack;
}

// Whether an array of any layer and direction is such a tensor.
bool names(const std::string& name, const LayoutTensor& tensor) {
  const std::string own = name.substr(name.rfind('/') + 1);
  return own == tensor.name || own.starts_with(tensor.name + "_l");
}

// Of blocks that lie as rows, behind an axis for directions.
void clear_block(Tensor<double>& array, Index k, Index blocks) {
  const Index directions = array.shape()[0], size = array.numel() / directions / blocks;
  for (Index direction = 0; direction < directions; ++direction) {
    std::fill_n(array.data() + (direction * blocks + k) * size, size, 0.0);
  }
}

bool same_bits(const StackArrays& one, const StackArrays& other) {
  return std::ranges::equal(one, other, [](const auto& a, const auto& b) {
    return std::ranges::equal(
        a, b, [](const auto& c, const auto& d) { return carousel::same_bits(c, d); });
  });
}

class EachLayout : public testing::TestWithParam<Layout> {
 protected:
  NamedArrays theirs(const StackArrays& ours) {
    return theirs_of(GetParam(), catalogue().find(GetParam().cell), ours, "ours");
  }
  StackArrays ours(const NamedArrays& theirs) {
    return ours_of(GetParam(), catalogue().find(GetParam().cell), theirs, "file");
  }
};

TEST_P(EachLayout, OursComeBackBitByBit) {
  for (const Form& form : forms) {
    const StackArrays stack = drawn_stack(GetParam(), form);
    EXPECT_TRUE(same_bits(ours(theirs(stack)), stack)) << form.layers << form.directions;
  }
}

// All of theirs, but for what they do not read, which comes back as zero.
TEST_P(EachLayout, TheirsComeBackBitByBit) {
  for (const Form& form : forms) {
    NamedArrays start = theirs(drawn_stack(GetParam(), form));
    for (auto& [name, array] : start) array = drawn(array.shape(), "theirs/" + name);
    NamedArrays back = theirs(ours(start));
    for (const LayoutTensor& tensor : GetParam().tensors) {
      std::istringstream words(tensor.blocks);
      const std::vector<std::string> blocks{std::istream_iterator<std::string>(words), {}};
      for (auto& [name, array] : start) {
        if (!names(name, tensor)) continue;
        for (std::size_t k = 0; k < blocks.size(); ++k) {
          if (blocks[k] == "0") clear_block(array, Index(k), std::ssize(blocks));
        }
      }
    }
    EXPECT_TRUE(carousel::same_bits(back, start)) << form.layers << form.directions;
  }
}

// Where ours has moved, it goes to the first place alone; in float it may be the sum's rounding.
TEST(Layouts, TwoBiasesComeBackWhereOursIsTheirSum) {
  const Layout& layout = find_layout("pytorch-rnn-tanh");
  const Cell& cell = catalogue().find("rnn_tanh");
  NamedArrays theirs = theirs_of(layout, cell, drawn_stack(layout, {1, 1}), "ours");
  theirs["bias_ih_l0"] = Tensor<double>::from({4}, {1.0, 0.1, 0.3, -0.0});
  theirs["bias_hh_l0"] = Tensor<double>::from({4}, {2.0, 0.2, -0.3, 5.0});
  StackArrays ours = ours_of(layout, cell, theirs, "file");
  EXPECT_THAT(ours[0][0].at("b_h").values(), testing::ElementsAre(3.0, 0.1 + 0.2, 0.0, 5.0));
  ours[0][0]["b_h"] = Tensor<double>::from({4}, {3.5, double(float(0.1 + 0.2)), 0.0, 5.0});
  const NamedArrays back = theirs_of(layout, cell, ours, "ours");
  EXPECT_THAT(back.at("bias_ih_l0").values(), testing::ElementsAre(3.5, 0.1, 0.3, -0.0));
  EXPECT_THAT(back.at("bias_hh_l0").values(), testing::ElementsAre(0.0, 0.2, -0.3, 5.0));
  EXPECT_TRUE(std::signbit(back.at("bias_ih_l0").data()[3]));

  theirs["bias_hh_l0"] = Tensor<double>::full({4}, -0.0);
  EXPECT_TRUE(carousel::same_bits(
      theirs_of(layout, cell, ours_of(layout, cell, theirs, "file"), "ours"), theirs));

  theirs["bias_hh_l0"] = theirs["bias_ih_l0"] = Tensor<double>::full({4}, 1e308);
  EXPECT_THAT(error_of<InputError>([&] { ours_of(layout, cell, theirs, "file"); }),
              HasSubstr("file: the sum of the two biases of 'b_h' is not finite"));

  ours[0][0].erase("b_h/second");
  ours[0][0]["b_h/first"] = Tensor<double>::zeros({5});
  EXPECT_THAT(error_of<InputError>([&] { theirs_of(layout, cell, ours, "w.npz"); }),
              AllOf(HasSubstr("\n  b_h/first: got [5], expected [4]"),
                    HasSubstr("\n  b_h/second: got nothing, expected [4]")));
}

TEST(Layouts, SummandsGoByTheReferencesNamesToo) {
  const auto one = Tensor<double>::from({1}, {1.0});
  const StackArrays stack{{{{"k", one}, {"k/first", one}, {"k/second", one}, {"own", one}}}};
  const NamedArrays known = renamed(stack, {{"k", "b_z"}})[0][0];
  std::vector<std::string> names;
  for (const auto& [name, array] : known) names.push_back(name);
  EXPECT_THAT(names, testing::ElementsAre("b_z", "b_z/first", "b_z/second", "own"));
}

// bias=False, use_bias=False, an operator without B.
TEST_P(EachLayout, WithoutBiasesOursAreZero) {
  for (const Form& form : forms) {
    StackArrays stack = drawn_stack(GetParam(), form);
    NamedArrays whole = theirs(stack), without = whole;
    std::erase_if(without, [](const auto& entry) {
      const std::string own = entry.first.substr(entry.first.rfind('/') + 1);
      return own.starts_with("bias") || own == "B";
    });
    ASSERT_LT(without.size(), whole.size());
    EXPECT_FALSE(lacks_biases(GetParam(), whole));
    EXPECT_TRUE(lacks_biases(GetParam(), without));
    for (auto& layer : stack) {
      for (NamedArrays& scan : layer) {
        for (auto& [name, array] : scan) {
          if (name[0] == 'b' || name[0] == 'd') array = Tensor<double>::zeros(array.shape());
        }
      }
    }
    const StackArrays got = ours(without);
    for (std::size_t layer = 0; layer < stack.size(); ++layer) {
      for (std::size_t direction = 0; direction < stack[layer].size(); ++direction) {
        for (const auto& [name, array] : stack[layer][direction]) {
          EXPECT_THAT(got[layer][direction].at(name).values(),
                      testing::ElementsAreArray(array.values()))
              << name;
        }
      }
    }
  }
}

// Every parameter of the cell is taken once; what is added has something to be added to.
TEST_P(EachLayout, NamesEachParameterOnce) {
  std::vector<std::string> named, expected;
  for (const LayoutTensor& tensor : GetParam().tensors) {
    std::istringstream words(tensor.blocks);
    for (std::string word; words >> word;) {
      const bool added = word.starts_with('+');
      const std::string name = word.substr(std::min(word.find_first_not_of("+-"), word.size()));
      if (added) EXPECT_THAT(named, testing::Contains(name));
      else if (name != "0") named.push_back(name);
    }
  }
  const Cell cell = catalogue().find(GetParam().cell);
  for (const auto& p : cell.build({input, hidden}).parameters) expected.push_back(p.name);
  EXPECT_THAT(named, testing::UnorderedElementsAreArray(expected));
}

// docs/exchange.md has a line for each tensor.
TEST_P(EachLayout, StandsInTheDocs) {
  const std::string docs = file_text(CAROUSEL_SOURCE_DIR "/docs/exchange.md");
  EXPECT_THAT(docs, HasSubstr(fmt::format("| `{}` | {} | `{}` |", GetParam().kind, GetParam().layer,
                                          GetParam().cell)));
  for (const LayoutTensor& tensor : GetParam().tensors) {
    EXPECT_THAT(docs, HasSubstr(fmt::format("`{}`: {}", tensor.name, tensor.blocks)));
  }
}

INSTANTIATE_TEST_SUITE_P(All, EachLayout, testing::ValuesIn(layouts()), [](const auto& instance) {
  std::string name = instance.param.kind;
  std::ranges::replace(name, '-', '_');
  return name;
});

TEST(Layouts, AMisspelledKindIsAnswered) {
  EXPECT_THAT(error_of<InputError>([] { find_layout("pytorch-lsmt"); }),
              AllOf(HasSubstr("no kind of layout 'pytorch-lsmt'"),
                    HasSubstr("did you mean 'pytorch-lstm'?"), HasSubstr("keras-gru-reset-after")));
}

// A gate by hand: rows 2 and 3 of PyTorch's GRU are z with two units, the biases are added, and the
// candidate keeps both.
TEST(Layouts, BlocksOfPyTorchsGruAreThoseOfItsEquations) {
  const auto counted = [](const Shape& shape, double first) {
    auto array = Tensor<double>::uninitialised(shape);
    for (Index k = 0; k < array.numel(); ++k) array.data()[k] = first + double(k);
    return array;
  };
  const NamedArrays theirs{{"weight_ih_l0", counted({6, 1}, 0)},
                           {"weight_hh_l0", counted({6, 2}, 10)},
                           {"bias_ih_l0", counted({6}, 100)},
                           {"bias_hh_l0", counted({6}, 1000)}};
  const NamedArrays ours =
      ours_of(find_layout("pytorch-gru"), catalogue().find("gru_reset_after"), theirs, "f")[0][0];
  const auto expect = [&](const char* name, const std::vector<double>& values) {
    EXPECT_THAT(ours.at(name).values(), testing::ElementsAreArray(values)) << name;
  };
  expect("W_r", {0, 1});
  expect("W_z", {2, 3});
  expect("W_n", {4, 5});
  expect("U_z", {14, 15, 16, 17});
  expect("b_r", {1100, 1102});
  expect("b_z", {1104, 1106});
  expect("b_n", {104, 105});
  expect("d_n", {1004, 1005});
}

// Elements of a column of Keras are a row of ours, and z has the other sense.
TEST(Layouts, BlocksOfKerasGruAreTransposedAndNegated) {
  const NamedArrays theirs{{"kernel", Tensor<double>::from({2, 3}, {1, 2, 3, 4, 5, 6})},
                           {"recurrent_kernel", Tensor<double>::from({1, 3}, {7, 8, 9})},
                           {"bias", Tensor<double>::from({3}, {10, 11, 12})}};
  const NamedArrays ours = ours_of(find_layout("keras-gru-reset-before"),
                                   catalogue().find("gru_reset_before"), theirs, "f")[0][0];
  EXPECT_THAT(ours.at("W_z").values(), testing::ElementsAre(-1, -4));
  EXPECT_THAT(ours.at("W_r").values(), testing::ElementsAre(2, 5));
  EXPECT_THAT(ours.at("W_c").values(), testing::ElementsAre(3, 6));
  EXPECT_THAT(ours.at("U_z").values(), testing::ElementsAre(-7));
  EXPECT_THAT(ours.at("b_z").values(), testing::ElementsAre(-10));
  EXPECT_THAT(ours.at("b_c").values(), testing::ElementsAre(12));
}

TEST(Layouts, SaysAllThatDoesNotFit) {
  const Layout& layout = find_layout("pytorch-lstm");
  const Cell& cell = catalogue().find("lstm");
  const NamedArrays whole = theirs_of(layout, cell, drawn_stack(layout, {2, 1}), "ours");
  const auto refusal = [&](NamedArrays arrays) {
    return error_of<InputError>([&] { ours_of(layout, cell, arrays, "m.pt"); });
  };
  NamedArrays wrong = whole;
  wrong.erase("bias_hh_l1");
  wrong["bias_ih_l0"] = Tensor<double>::zeros({15});
  wrong["weight_hr_l0"] = Tensor<double>::zeros({2, 4});
  EXPECT_THAT(refusal(wrong),
              AllOf(HasSubstr("m.pt does not fit pytorch-lstm of 2 layers, input 3, hidden 4:"),
                    HasSubstr("\n  bias_hh_l1: got nothing, expected [16]"),
                    HasSubstr("\n  bias_ih_l0: got [15], expected [16]"),
                    HasSubstr("\n  weight_hr_l0: got [2, 4], expected no such array")));
  EXPECT_THAT(refusal({{"rnn.weight_ih_l0", Tensor<double>::zeros({16, 3})}}),
              AllOf(HasSubstr("m.pt: there is no weight_ih_l0 as pytorch-lstm has it, expected "
                              "weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0"),
                    HasSubstr("got\n  rnn.weight_ih_l0 [16, 3]")));
  wrong = whole;
  wrong["weight_ih_l0"] = Tensor<double>::zeros({15, 3});
  EXPECT_THAT(refusal(wrong), HasSubstr("there is no weight_ih_l0 as pytorch-lstm has it"));
  wrong = whole;
  wrong["bias_ih_l0"] = Tensor<double>::full({16}, std::nan(""));
  EXPECT_THAT(refusal(wrong), HasSubstr("array 'bias_ih_l0' holds nan at [0]"));
}

TEST(Layouts, OursOfAnotherCellAreRefused) {
  const Layout& layout = find_layout("onnx-lstm");
  const Cell& cell = catalogue().find("lstm");
  StackArrays stack = drawn_stack(find_layout("onnx-lstm-peephole"), {1, 1});
  EXPECT_THAT(error_of<InputError>([&] { theirs_of(layout, cell, stack, "run"); }),
              AllOf(HasSubstr("run does not fit onnx-lstm, which is cell lstm of ours"),
                    HasSubstr("p_o: got [4], expected no such array")));
  stack = {{{{"W_h", Tensor<double>::zeros({4, 3})}}}};
  EXPECT_THAT(error_of<InputError>([&] { theirs_of(layout, cell, stack, "run"); }),
              HasSubstr("run has no matrix 'W_i', expected a cell with the equations of lstm"));
}

TEST(Layouts, EquationsCountAndFirstValuesDoNot) {
  const auto refusal = [](const char* kind, const StepProgram& program) {
    const Layout& layout = find_layout(kind);
    return error_of<InputError>(
        [&] { reference_names(layout, catalogue().find(layout.cell), program, "it"); });
  };
  const auto built = [](const char* cell) { return catalogue().find(cell).build({3, 4}); };
  for (const char* cell : {"lstm", "lstm_gers", "lstm_chrono", "np"}) {
    EXPECT_EQ(refusal("pytorch-lstm", built(cell)), "nothing was thrown") << cell;
  }
  EXPECT_EQ(refusal("pytorch-rnn-relu", built("irnn")), "nothing was thrown");
  EXPECT_EQ(refusal("onnx-lstm-input-forget", built("cifg")), "nothing was thrown");
  // The same parameters, and other equations.
  EXPECT_THAT(refusal("keras-gru-reset-before", built("gru_cho")),
              HasSubstr("it: its equations are not those of gru_reset_before"));
  EXPECT_THAT(refusal("pytorch-rnn-tanh", built("rnn_relu")), HasSubstr("are not those of"));
  EXPECT_THAT(refusal("pytorch-lstm", with_zoneout(built("lstm"), {{"h", 0.1}})),
              HasSubstr("are not those of"));
}

// A gate of another name, terms in another order: the names of the reference are found.
TEST(Layouts, ACellInOtherWordsIsKnown) {
  CellRegistry registry;
  registry.add_text(
      "cell own\nparam A, B, C : [hidden, input]\nparam a, b, c : [hidden, hidden]\n"
      "param k, l, m, n : [hidden]\nu = sigmoid(k + a @ h[t-1] + A @ x)\n"
      "v = sigmoid(B @ x + b @ h[t-1] + l)\nw = tanh(v * (c @ h[t-1] + n) + C @ x + m)\n"
      "h = u * h[t-1] + (1 - u) * w\noutput h\n",
      "own");
  const Layout& layout = find_layout("pytorch-gru");
  const ReferenceNames names = reference_names(layout, catalogue().find(layout.cell),
                                               registry.find("own").build({3, 4}), "own");
  const ReferenceNames expected{{"A", "W_z"}, {"a", "U_z"}, {"k", "b_z"}, {"B", "W_r"},
                                {"b", "U_r"}, {"l", "b_r"}, {"C", "W_n"}, {"c", "U_n"},
                                {"m", "b_n"}, {"n", "d_n"}};
  EXPECT_EQ(names, expected);
}

TEST(ModelArrays, StacksAndWhatIsAroundThemAreToldApart) {
  const auto one = Tensor<double>::from({1}, {1.0});
  const ModelArrays model = model_arrays({{"encoder/0/forward/W_h", one},
                                          {"encoder/0/backward/W_h", one},
                                          {"layers/0/forward/fast.W", one},
                                          {"layers/1/forward/fast.W", one},
                                          {"layers/0/norm/gain", one},
                                          {"output/W", one}});
  ASSERT_EQ(model.stacks.size(), 2);
  EXPECT_EQ(model.stacks.at("encoder").size(), 1);
  EXPECT_EQ(model.stacks.at("encoder")[0].size(), 2);
  EXPECT_EQ(model.stacks.at("layers").size(), 2);
  EXPECT_TRUE(model.stacks.at("layers")[1][0].contains("fast.W"));
  EXPECT_EQ(model.others.size(), 2);
  const auto refusal = [&](NamedArrays arrays) {
    return error_of<InputError>([&] { model_arrays(arrays); });
  };
  EXPECT_THAT(refusal({{"layers/1/forward/W", one}}),
              HasSubstr("there are no parameters of layers/0/forward"));
  EXPECT_THAT(refusal({{"layers/0/backward/W", one}}),
              HasSubstr("there are no parameters of layers/0/forward"));
}

TEST(ModelArrays, LayersWithoutRecurrenceHaveTheirOwnNames) {
  const Layout& layout = find_layout("keras-lstm");
  NamedArrays model = named_arrays(drawn_stack(layout, {1, 1}), "layers");
  model["output/W"] = Tensor<double>::from({2, 3}, {1, 2, 3, 4, 5, 6});
  model["output/b"] = Tensor<double>::from({2}, {7, 8});
  model["symbols/table"] = Tensor<double>::from({1, 3}, {1, 2, 3});
  const Cell& cell = catalogue().find("lstm");
  const NamedArrays keras = model_in_layout(layout, cell, model, {}, "run");
  EXPECT_EQ(keras.at("output/kernel").shape(), (Shape{3, 2}));
  EXPECT_THAT(keras.at("output/kernel").values(), testing::ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_TRUE(keras.contains("output/bias") && keras.contains("symbols/embeddings") &&
              keras.contains("layers/recurrent_kernel"));
  const NamedArrays torch = model_in_layout(find_layout("pytorch-lstm"), cell, model, {}, "run");
  EXPECT_EQ(bytes_of(torch.at("output.weight")), bytes_of(model.at("output/W")));
  EXPECT_TRUE(torch.contains("output.bias") && torch.contains("symbols.weight") &&
              torch.contains("layers.weight_hh_l0"));
  model["layers/0/norm/gain"] = Tensor<double>::full({4}, 1.0);
  EXPECT_THAT(error_of<InputError>([&] { model_in_layout(layout, cell, model, {}, "run"); }),
              HasSubstr("it has layer norm ('layers/0/norm/gain')"));
}

}  // namespace
}  // namespace carousel
