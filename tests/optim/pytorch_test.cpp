// Three updates of torch.optim 1.13 on a small function, in double.
//
//   import torch
//   def run(make):
//       p = torch.tensor([0.5, -1.25, 2.0], dtype=torch.float64, requires_grad=True)
//       o = make([p])
//       for t in range(1, 4):
//           o.zero_grad()
//           (0.5 * t * (p * p).sum() + torch.sin(p).sum()).backward()
//           o.step()
//           print([repr(x) for x in p.tolist()])
//   run(lambda p: torch.optim.SGD(p, lr=0.1))
//   run(lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9))
//   run(lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True))
//   run(lambda p: torch.optim.Adam(p, lr=0.1))

#include <gtest/gtest.h>

#include "fixtures.hpp"

namespace carousel {
namespace {

using Path = std::vector<std::vector<double>>;

template <class T>
void expect_path(const OptimiserOptions& options, const Path& path, double tolerance) {
  ParameterSet<T> set({{"p", {3}, Initialiser::zeros()}}, 1);
  set.restore({Tensor<T>::from({3}, {T(0.5), T(-1.25), T(2)})});
  Optimiser<T> optimiser(options, set);
  for (std::size_t t = 0; t < path.size(); ++t) {
    Tensor<T> g = set.value(0).clone();
    for (T& v : g.values()) v = static_cast<T>(t + 1) * v + std::cos(v);
    optimiser.update(set, {g});
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_NEAR(set.value(0).data()[i], path[t][i], tolerance) << "update " << t + 1 << ", " << i;
    }
  }
}

void expect_both(const OptimiserOptions& options, const Path& path) {
  expect_path<double>(options, path, 1e-14);
  expect_path<float>(options, path, 2e-6);
}

OptimiserOptions options_of(const char* rule) {
  OptimiserOptions options;
  options.rule = rule;
  options.learning_rate = 0.1;
  return options;
}

TEST(Pytorch, PlainSgd) {
  OptimiserOptions options = options_of("sgd");
  options.momentum = 0.0;
  expect_both(options, {{0.3622417438109627, -1.156532236239527, 1.8416146836547143},
                        {0.19628291863646674, -0.9654774268443129, 1.5000437525046768},
                        {0.0393182154879696, -0.7327366331122186, 1.0429612708836793}});
}

TEST(Pytorch, SgdWithMomentum) {
  expect_both(options_of("sgd"), {{0.3622417438109627, -1.156532236239527, 1.8416146836547143},
                                  {0.07230048806633316, -0.8813564394598871, 1.3574969677939195},
                                  {-0.3100755343305757, -0.43290180029369907, 0.4933733697339168}});
}

TEST(Pytorch, SgdWithNesterovMomentum) {
  OptimiserOptions options = options_of("sgd");
  options.nesterov = true;
  expect_both(options, {{0.23825931324082916, -1.072411248855101, 1.699067898943957},
                        {-0.14849596439205603, -0.680007546101412, 0.94943481136745},
                        {-0.46949781073010155, -0.23699116036431792, -0.0827005163674409}});
}

TEST(Pytorch, Adam) {
  expect_both(options_of("adam"), {{0.4000000007259093, -1.1500000010698876, 1.9000000006313718},
                                   {0.30003437789044624, -1.0536080937470726, 1.804509381072197},
                                   {0.19977865422961033, -0.9572828454746564, 1.709294676040083}});
}

}  // namespace
}  // namespace carousel
