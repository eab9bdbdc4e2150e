#include "cell/language/words.hpp"

#include <algorithm>
#include <map>

namespace carousel {

const std::vector<std::string>& initialiser_names() {
  static const std::vector<std::string> words = {
      "zeros",    "ones",   "constant", "uniform", "normal",      "glorot",   "orthogonal",
      "identity", "chrono", "minus",    "sparse",  "permutation", "spectral", "hippo"};
  return words;
}

bool is_plain_initialiser(std::string_view word) {
  static const std::vector<std::string> words = {"zeros",    "ones",        "glorot", "orthogonal",
                                                 "identity", "permutation", "hippo"};
  return contains(words, word);
}

const std::vector<std::string>& distribution_names() {
  static const std::vector<std::string> words = {"normal", "uniform", "bernoulli", "dropout"};
  return words;
}

const std::vector<std::string>& group_names() {
  static const std::vector<std::string> words = {"simple", "lstm",   "gru",        "linear",
                                                 "matrix", "memory", "orthogonal", "continuous",
                                                 "timing", "nested"};
  return words;
}

bool contains(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string_view advice_for_word(std::string_view word) {
  static const std::map<std::string_view, std::string_view> advice = {
      {"if", "write where(condition, a, b)"},
      {"else", "write where(condition, a, b)"},
      {"for", "write repeat k in 1..n { .. }"},
      {"while", "write repeat k in 1..n { .. }"},
      {"and", "write a * b, since conditions are 1 or 0"},
      {"or", "write max(a, b), since conditions are 1 or 0"},
      {"not", "write 1 - a, since conditions are 1 or 0"},
      {"return", "write output NAME"},
      {"lambda", "write def NAME(a) = .."},
      {"let", "write NAME = expression"},
      {"parameter", "write param"},
      {"weight", "write param NAME : [size, size]"},
      {"bias", "write param NAME : [size]"},
      {"matmul", "write A @ b"},
      {"mm", "write A @ b"},
      {"bmm", "write A @ b"},
      {"mv", "write A @ b"},
      {"linear", "write W @ x + b"},
      {"Linear", "write W @ x + b"},
      {"cat", "write concat(a, b)"},
      {"concatenate", "write concat(a, b)"},
      {"hstack", "write concat(a, b)"},
      {"chunk", "write slices, v[a:b]"},
      {"split", "write slices, v[a:b]"},
      {"power", "write a ^ n, or pow(a, b)"},
      {"arctanh", "write atanh(a)"},
      {"arcsinh", "write asinh(a)"},
      {"gather", "write take(v, places)"},
      {"normalize", "write unit(v)"},
      {"einsum", "write A @ b, outer(a, b) or sum(a * b, axis = k)"},
      {"argmin", "write argmax(-v)"},
      {"lstsq", "write solve(A, b)"},
      {"square", "write a ^ 2"},
      {"rsqrt", "write 1 / sqrt(a)"},
      {"maximum", "write max(a, b)"},
      {"minimum", "write min(a, b)"},
      {"clamp", "write min(max(a, low), high)"},
      {"clip", "write min(max(a, low), high)"},
      {"fmod", "write mod(a, b)"},
      {"remainder", "write mod(a, b)"},
      {"swish", "write silu(a)"},
      {"logistic", "write sigmoid(a)"},
      {"real", "write re(z)"},
      {"imag", "write im(z)"},
      {"angle", "keep the angle as a value of its own, and write exp(complex(0, angle))"},
      {"sgn", "write sign(a)"},
      {"relu6", "write min(relu(a), 6)"},
      {"selu", "write 1.0507 * elu(a) with its constants"},
      {"step", "write heaviside(a)"},
      {"inv", "write inverse(M)"},
      {"matrix_exp", "write expm(M)"},
      {"detach", "write stop_gradient(a)"},
      {"view", "write reshape(v, [n, m])"},
      {"len", "write size(v)"},
      {"var", "write mean((v - mean(v)) ^ 2)"},
      {"std", "write sqrt(mean((v - mean(v)) ^ 2))"},
      {"repeat_interleave", "write repeat_elements(v, n)"},
      {"zeros_like", "write 0 * a"},
      {"ones_like", "write 0 * a + 1"},
      {"dropout", "write noise NAME : [size] dropout(rate), and a product with it"},
      {"mask", "write noise NAME : [size] bernoulli(p)"},
      {"autograd", "write grad(expression, value)"},
      {"backward", "write grad(expression, value)"},
      {"xavier", "write init glorot"},
      {"xavier_uniform", "write init glorot"},
      {"glorot_uniform", "write init glorot"},
      {"kaiming_uniform", "write init uniform(a)"},
      {"kaiming", "write init uniform(a)"},
      {"zero", "write init zeros"},
      {"one", "write init ones"},
      {"eye", "write init identity"},
      {"gaussian", "write init normal(s)"},
      {"randn", "write init normal(s)"},
      {"rand", "write init uniform(a, b)"},
  };
  const auto found = advice.find(word);
  return found == advice.end() ? std::string_view() : found->second;
}

std::string_view advice_for_character(char32_t code) {
  static const std::map<char32_t, std::string_view> advice = {
      {U'⊙', "write *"},
      {U'∘', "write *"},
      {U'⊗', "write * for elementwise products, outer(a, b) for outer ones"},
      {U'∗', "write *"},
      {U'×', "write *"},
      {U'·', "write @ for the matrix product, * for elementwise"},
      {U'⋅', "write @ for the matrix product, * for elementwise"},
      {U'•', "write @ for the matrix product, * for elementwise"},
      {U'÷', "write /"},
      {U'⊕', "write +"},
      {U'−', "write -"},
      {U'–', "write -"},
      {U'—', "write -"},
      {U'≤', "write <="},
      {U'≥', "write >="},
      {U'≠', "write !="},
      {U'←', "write ="},
      {U'≔', "write ="},
      {U'√', "write sqrt(a)"},
      {U'∑', "write sum(v)"},
      {U'Σ', "write sum(v)"},
      {U'ᵀ', "write transpose(A)"},
      {U'⊤', "write transpose(A)"},
      {U'²', "write ^ 2"},
      {U'³', "write ^ 3"},
      {U'⁻', "write ^ -1, or inverse(A) for a matrix"},
      {U'′', "write h[t-1] for h of the step before"},
      {U'’', "write h[t-1] for h of the step before"},
      {U'ₜ', "write h for this step, h[t-1] for the one before"},
      {U'₋', "write h[t-1] for the step before"},
      {U'₀', "write initial h = .. for the state before the first step"},
      {U'“', "write \""},
      {U'”', "write \""},
      {U'„', "write \""},
      {U'…', "write .. in bounds"},
      {U'\u00a0', "this space is not an ordinary one: type it anew"},
      {U'\u200b', "this invisible space can go"},
      {U'\ufeff', "this invisible mark can go"},
      {U'σ', "write sigmoid(a), or sigma for a name"},
      {U'∞', "there is no infinity: choose a large number"},
      {U'α', "write alpha"},
      {U'β', "write beta"},
      {U'γ', "write gamma"},
      {U'δ', "write delta"},
      {U'Δ', "write delta"},
      {U'ε', "write epsilon"},
      {U'ζ', "write zeta"},
      {U'η', "write eta"},
      {U'θ', "write theta"},
      {U'κ', "write kappa"},
      {U'λ', "write lambda"},
      {U'Λ', "write Lambda"},
      {U'μ', "write mu"},
      {U'ν', "write nu"},
      {U'ξ', "write xi"},
      {U'π', "write 3.141592653589793"},
      {U'ρ', "write rho"},
      {U'τ', "write tau"},
      {U'φ', "write phi"},
      {U'ϕ', "write phi"},
      {U'χ', "write chi"},
      {U'ψ', "write psi"},
      {U'ω', "write omega"},
      {U'Ω', "write Omega"},
  };
  const auto found = advice.find(code);
  return found == advice.end() ? std::string_view() : found->second;
}

std::string_view advice_for_operator(std::string_view text) {
  static const std::map<std::string_view, std::string_view> advice = {
      {"**", "write a ^ n"},
      {"//", "write floor(a / b)"},
      {"&&", "write a * b, since conditions are 1 or 0"},
      {"||", "write max(a, b), since conditions are 1 or 0"},
      {"&", "write a * b, since conditions are 1 or 0"},
      {"|", "write max(a, b), since conditions are 1 or 0"},
      {"!", "write 1 - a, since conditions are 1 or 0"},
      {"~", "write 1 - a, since conditions are 1 or 0"},
      {"+=", "a name is set once: write NAME = expression, with a new name"},
      {"-=", "a name is set once: write NAME = expression, with a new name"},
      {"*=", "a name is set once: write NAME = expression, with a new name"},
      {"/=", "a name is set once: write NAME = expression, with a new name"},
      {"@=", "a name is set once: write NAME = expression, with a new name"},
      {":=", "write ="},
      {"%", "write mod(a, b)"},
      {"?", "write where(condition, a, b)"},
      {"'", "write h[t-1] for h of the step before; strings stand in \"..\""},
      {";", "one statement a line"},
      {"\\",
       "a statement goes on behind an operator or a comma at the end of a line, and in brackets"},
      {".", "write transpose(A) for A.T, f(a) for a.f()"},
  };
  const auto found = advice.find(text);
  return found == advice.end() ? std::string_view() : found->second;
}

}  // namespace carousel
