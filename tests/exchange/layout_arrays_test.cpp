// Parameters go to every layout and back bit by bit, and what does not fit is said with both sides.

#include "exchange/layout_arrays.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

// Of theirs: all but a second bias, which comes back as zero, and the first as the sum of both.
TEST_P(EachLayout, TheirsComeBackBitByBit) {
  for (const Form& form : forms) {
    NamedArrays start = theirs(drawn_stack(GetParam(), form));
    for (auto& [name, array] : start) array = drawn(array.shape(), "theirs/" + name);
    const NamedArrays back = theirs(ours(start));
    // What is added or not read has changed: set it as it comes back, and all must be as it was.
    const NamedArrays again = theirs(ours(back));
    EXPECT_TRUE(carousel::same_bits(again, back));
    ASSERT_EQ(back.size(), start.size());
    for (const LayoutTensor& tensor : GetParam().tensors) {
      if (tensor.blocks.find_first_of("+0") != tensor.blocks.npos || tensor.name == "bias_ih") {
        continue;
      }
      int compared = 0;
      for (const auto& [name, array] : start) {
        if (name.find(tensor.name) == name.npos) continue;
        if (name.find("recurrent_" + tensor.name) != name.npos) continue;
        EXPECT_EQ(bytes_of(back.at(name)), bytes_of(array)) << name;
        ++compared;
      }
      EXPECT_GT(compared, 0) << tensor.name;
    }
  }
}

// PyTorch's two biases: the first comes back as the sum of both, bit by bit, and the second as
// zero, but where the reset stands between them.
TEST(Layouts, TwoBiasesComeBackAsTheirSum) {
  for (const char* kind : {"pytorch-lstm", "pytorch-gru", "pytorch-rnn-tanh"}) {
    const Layout& layout = find_layout(kind);
    const Cell& cell = catalogue().find(layout.cell);
    NamedArrays start = theirs_of(layout, cell, drawn_stack(layout, {1, 1}), "ours");
    for (auto& [name, array] : start) array = drawn(array.shape(), "theirs/" + name);
    const NamedArrays back = theirs_of(layout, cell, ours_of(layout, cell, start, "file"), "ours");
    std::istringstream words(layout.tensors[3].blocks);
    Index k = 0;
    for (std::string word; words >> word;) {
      for (const Index end = k + hidden; k < end; ++k) {
        const double first = start.at("bias_ih_l0").data()[k],
                     second = start.at("bias_hh_l0").data()[k];
        const bool added = word.starts_with('+');
        EXPECT_EQ(back.at("bias_ih_l0").data()[k], added ? first + second : first) << kind << k;
        EXPECT_EQ(back.at("bias_hh_l0").data()[k], added ? 0.0 : second) << kind << k;
      }
    }
    EXPECT_EQ(k, start.at("bias_hh_l0").numel());
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
