#include "stack_decoder.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace carousel::phrases {
namespace {

constexpr std::size_t language = 4, jumps = 5, words = 6, phrases = 7, further_score = 8;
constexpr double unknown_word = -10.0;  // of each score of a word that the table does not know
constexpr double never = -1e30;

std::size_t at(int i) { return static_cast<std::size_t>(i); }

// A translation of the source words [first, last).
struct Step {
  int first = 0, last = 0;
  Words target;
  Features features;      // but for trigrams and jumps
  double score = 0.0;     // of these
  double estimate = 0.0;  // with the trigrams inside
};

// The source words that are translated, a bit each, and how.
struct Partial {
  std::uint64_t covered = 0;
  int last_end = 0;  // behind the phrase that was translated last
  int before_last = Trigrams::begin, last = Trigrams::begin;
  double score = 0.0, estimate = 0.0;
  int from = -1;  // the partial before it
  int step = -1;
  double trigrams = 0.0, jumped = 0.0;  // of the last step
};

class Search {
 public:
  Search(const PhraseTable& table, const Trigrams& trigrams, const PhraseScore& further,
         const Words& source, const Features& weights, const DecoderOptions& options,
         const std::function<int(int)>& unknown)
      : trigrams_(trigrams),
        weights_(weights),
        options_(options),
        length_(static_cast<int>(source.size())) {
    for (int first = 0; first < length_; ++first) {
      const int longest = std::min(length_, first + PhraseTable::longest);
      for (int last = first + 1; last <= longest; ++last) {
        add_steps(table, further, source, first, last, unknown);
      }
    }
    estimate_rest();
  }

  std::vector<Translated> run() {
    std::vector<std::vector<int>> stacks(at(length_) + 1);
    all_.push_back({});
    stacks[0].push_back(0);
    for (int count = 0; count < length_; ++count) {
      prune(stacks[at(count)]);
      for (const int partial : stacks[at(count)]) expand(partial, stacks);
    }
    return finished(stacks[at(length_)]);
  }

 private:
  void add_steps(const PhraseTable& table, const PhraseScore& further, const Words& source,
                 int first, int last, const std::function<int(int)>& unknown) {
    const Words phrase(source.begin() + first, source.begin() + last);
    std::vector<Step> found;
    for (const Option& option : table.options(phrase)) {
      Features features(option.scores.begin(), option.scores.end());
      features.resize(feature_count, 0.0);
      if (further) features[further_score] = further(phrase, option.target);
      found.push_back(made(first, last, option.target, std::move(features)));
    }
    if (found.empty() && last == first + 1) {
      Features features(feature_count, 0.0);
      std::fill_n(features.begin(), language, unknown_word);
      found.push_back(made(first, last, {unknown(phrase[0])}, std::move(features)));
    }
    const auto kept = std::min(found.size(), at(options_.options));
    std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(kept), found.end(),
                      [](const Step& a, const Step& b) { return a.estimate > b.estimate; });
    found.resize(kept);
    for (Step& step : found) steps_.push_back(std::move(step));
  }

  Step made(int first, int last, const Words& target, Features features) const {
    features[words] = static_cast<double>(target.size());
    features[phrases] = 1.0;
    Step step{first, last, target, std::move(features)};
    step.score = score_of(step.features, weights_);
    // As if nothing were known of what stands in front.
    double logs = 0.0;
    int a = Trigrams::begin, b = Trigrams::begin;
    for (std::size_t i = 0; i < target.size(); ++i) {
      if (i > 0) logs += trigrams_.log_p(a, b, target[i]);
      else logs += trigrams_.log_p(Trigrams::end, Trigrams::end, target[i]);
      a = i > 0 ? b : Trigrams::end;
      b = target[i];
    }
    step.estimate = step.score + weights_[language] * logs;
    return step;
  }

  // The best estimate of each stretch of the source, of phrases side by side.
  void estimate_rest() {
    rest_.assign(at(length_) + 1, std::vector<double>(at(length_) + 1, never));
    for (const Step& step : steps_) {
      double& best = rest_[at(step.first)][at(step.last)];
      best = std::max(best, step.estimate);
    }
    for (int size = 1; size <= length_; ++size) {
      for (int first = 0; first + size <= length_; ++first) {
        double& best = rest_[at(first)][at(first + size)];
        for (int cut = first + 1; cut < first + size; ++cut) {
          best = std::max(best, rest_[at(first)][at(cut)] + rest_[at(cut)][at(first + size)]);
        }
      }
    }
  }

  double rest_of(std::uint64_t covered) const {
    double sum = 0.0;
    for (int first = 0; first < length_;) {
      if (covered >> first & 1) {
        ++first;
        continue;
      }
      int last = first;
      while (last < length_ && !(covered >> last & 1)) ++last;
      sum += rest_[at(first)][at(last)];
      first = last;
    }
    return sum;
  }

  static std::uint64_t bits(int first, int last) {
    const std::uint64_t up_to_last =
        last == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << last) - 1;
    return up_to_last & ~((std::uint64_t{1} << first) - 1);
  }

  void expand(int number, std::vector<std::vector<int>>& stacks) {
    for (std::size_t k = 0; k < steps_.size(); ++k) {
      const Step& step = steps_[k];
      const Partial before = all_[at(number)];
      const std::uint64_t own = bits(step.first, step.last);
      const int jump = std::abs(step.first - before.last_end);
      if ((before.covered & own) || jump > options_.distortion) continue;
      Partial next = before;
      next.covered |= own;
      const bool whole = next.covered == bits(0, length_);
      int gap = 0;  // the first one must stay within reach
      while (gap < length_ && (next.covered >> gap & 1)) ++gap;
      if (!whole && step.last - gap > options_.distortion) continue;
      next.last_end = step.last;
      next.from = number;
      next.step = static_cast<int>(k);
      next.jumped = -static_cast<double>(jump);
      next.trigrams = 0.0;
      for (const int word : step.target) {
        next.trigrams += trigrams_.log_p(next.before_last, next.last, word);
        next.before_last = next.last;
        next.last = word;
      }
      if (whole) next.trigrams += trigrams_.log_p(next.before_last, next.last, Trigrams::end);
      next.score += step.score + weights_[language] * next.trigrams + weights_[jumps] * next.jumped;
      next.estimate = next.score + rest_of(next.covered);
      push(next, stacks[at(static_cast<int>(__builtin_popcountll(next.covered)))]);
    }
  }

  // Of those that go on alike the better one stays; of whole translations all do.
  void push(const Partial& next, std::vector<int>& stack) {
    const auto state = std::tuple(next.covered, next.last_end, next.before_last, next.last);
    const bool whole = next.covered == bits(0, length_);
    if (!whole) {
      const auto [found, is_new] = alike_.try_emplace(state, static_cast<int>(all_.size()));
      if (!is_new) {
        Partial& other = all_[at(found->second)];
        if (next.score > other.score) other = next;
        return;
      }
    }
    stack.push_back(static_cast<int>(all_.size()));
    all_.push_back(next);
  }

  void prune(std::vector<int>& stack) const {
    const auto kept = std::min(stack.size(), at(options_.stack));
    std::partial_sort(stack.begin(), stack.begin() + static_cast<std::ptrdiff_t>(kept), stack.end(),
                      [&](int a, int b) {
                        const double x = all_[at(a)].estimate, y = all_[at(b)].estimate;
                        return x != y ? x > y : a < b;
                      });
    stack.resize(kept);
  }

  std::vector<Translated> finished(std::vector<int>& stack) const {
    std::sort(stack.begin(), stack.end(), [&](int a, int b) {
      const double x = all_[at(a)].score, y = all_[at(b)].score;
      return x != y ? x > y : a < b;
    });
    std::vector<Translated> best;
    std::set<Words> known;
    for (const int number : stack) {
      if (static_cast<int>(best.size()) >= options_.best) break;
      Translated one = whole(number);
      if (known.insert(one.target).second) best.push_back(std::move(one));
    }
    return best;
  }

  Translated whole(int number) const {
    Translated one{{}, Features(feature_count, 0.0), all_[at(number)].score};
    std::vector<int> path;
    for (int n = number; all_[at(n)].step >= 0; n = all_[at(n)].from) path.push_back(n);
    for (auto n = path.rbegin(); n != path.rend(); ++n) {
      const Partial& partial = all_[at(*n)];
      const Step& step = steps_[at(partial.step)];
      one.target.insert(one.target.end(), step.target.begin(), step.target.end());
      for (std::size_t k = 0; k < feature_count; ++k) one.features[k] += step.features[k];
      one.features[language] += partial.trigrams;
      one.features[jumps] += partial.jumped;
    }
    return one;
  }

  const Trigrams& trigrams_;
  const Features& weights_;
  DecoderOptions options_;
  int length_;
  std::vector<Step> steps_;
  std::vector<std::vector<double>> rest_;  // [first][behind the last]
  std::vector<Partial> all_;
  std::map<std::tuple<std::uint64_t, int, int, int>, int> alike_;
};

}  // namespace

const std::vector<std::string>& feature_names() {
  static const std::vector<std::string> names = {"p(e|f)",   "p(f|e)",   "lex(e|f)",
                                                 "lex(f|e)", "trigrams", "jumps",
                                                 "words",    "phrases",  "further"};
  return names;
}

double score_of(const Features& features, const Features& weights) {
  double sum = 0.0;
  for (std::size_t k = 0; k < features.size(); ++k) sum += features[k] * weights[k];
  return sum;
}

Features first_weights() { return {0.2, 0.2, 0.2, 0.2, 0.5, 0.3, 1.0, 0.2, 0.0}; }

std::vector<Translated> StackDecoder::translate(const Words& source, const Features& weights,
                                                const DecoderOptions& options,
                                                const std::function<int(int)>& unknown) const {
  if (source.empty() || source.size() > 64) return {};
  return Search(table_, trigrams_, further_, source, weights, options, unknown).run();
}

}  // namespace carousel::phrases
