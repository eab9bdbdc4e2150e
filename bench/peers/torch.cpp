// A peer of `carousel bench`: the layers of libtorch, and custom cells of it as TorchScript and
// eager.

#include <cblas.h>
#include <malloc.h>
#include <torch/script.h>
#include <torch/torch.h>

#include "worker.hpp"

namespace carousel::peers {
namespace {

using torch::Tensor;

// A tensor that holds those of ours with these names one below the other; a name that is empty
// has no counterpart there, and its rows are zeros.
struct Stacked {
  std::vector<std::string> names;
  Tensor tensor;
};

std::vector<Block> blocks_of(const std::vector<std::string>& names, const Tensor& tensor) {
  const std::int64_t columns = tensor.dim() == 1 ? 1 : tensor.size(-1);
  const std::int64_t rows = tensor.numel() / columns / std::int64_t(names.size());
  std::vector<Block> blocks;
  float* data = tensor.data_ptr<float>();
  for (const auto& name : names) {
    if (!name.empty()) blocks.push_back({name, rows, columns, data, columns});
    data += rows * columns;
  }
  return blocks;
}

using Forward = std::function<Tensor(const std::vector<Tensor>&)>;

// Forward and back of a function of `wrt` that gives the outputs.
class TorchStep : public Step {
 public:
  TorchStep(const Request& r, std::vector<Stacked> wrt, Forward forward)
      : forward_(std::move(forward)) {
    torch::set_num_threads(r.threads);
    openblas_set_num_threads(r.threads);
    const auto fill_all = [&](const std::vector<std::string>& names, const Tensor& tensor) {
      tensor.detach().zero_();
      for (const Block& block : blocks_of(names, tensor)) fill(block, r.sizes.hidden);
    };
    for (Stacked& s : wrt) {
      fill_all(s.names, s.tensor);
      names_.push_back(s.names);
      wrt_.push_back(s.tensor.requires_grad_());
    }
    cotangent_ = torch::empty({r.sizes.steps, r.sizes.batch, r.sizes.hidden});
    fill_all({"cotangent"}, cotangent_);
  }

  void run() override { gradients_ = torch::autograd::grad({forward_(wrt_)}, wrt_, {cotangent_}); }

  Fingerprint fingerprint() const override {
    Fingerprint print;
    for (std::size_t i = 0; i < gradients_.size(); ++i) {
      const Tensor gradient = gradients_[i].contiguous();
      for (const Block& block : blocks_of(names_[i], gradient)) print.add(block);
    }
    return print;
  }

 private:
  Forward forward_;
  std::vector<Tensor> wrt_, gradients_;
  std::vector<std::vector<std::string>> names_;
  Tensor cotangent_;
};

// The layers have a second bias for each gate. It stays zero where the cell has none.
std::unique_ptr<Step> nn_lstm(const Request& r) {
  const auto [T, B, I, H] = r.sizes;
  torch::nn::LSTM layer(torch::nn::LSTMOptions(I, H));
  auto p = layer->named_parameters();
  return std::make_unique<TorchStep>(
      r,
      std::vector<Stacked>{{{"W_i", "W_f", "W_g", "W_o"}, p["weight_ih_l0"]},
                           {{"U_i", "U_f", "U_g", "U_o"}, p["weight_hh_l0"]},
                           {{"b_i", "b_f", "b_g", "b_o"}, p["bias_ih_l0"]},
                           {{"", "", "", ""}, p["bias_hh_l0"]},
                           {{"x"}, torch::empty({T, B, I})},
                           {{"h"}, torch::empty({1, B, H})},
                           {{"c"}, torch::empty({1, B, H})}},
      [layer](const auto& v) mutable {
        return std::get<0>(layer->forward(v[4], std::make_tuple(v[5], v[6])));
      });
}

std::unique_ptr<Step> nn_gru(const Request& r) {
  const auto [T, B, I, H] = r.sizes;
  torch::nn::GRU layer(torch::nn::GRUOptions(I, H));
  auto p = layer->named_parameters();
  return std::make_unique<TorchStep>(
      r,
      std::vector<Stacked>{{{"W_r", "W_z", "W_n"}, p["weight_ih_l0"]},
                           {{"U_r", "U_z", "U_n"}, p["weight_hh_l0"]},
                           {{"b_r", "b_z", "b_n"}, p["bias_ih_l0"]},
                           {{"", "", "d_n"}, p["bias_hh_l0"]},
                           {{"x"}, torch::empty({T, B, I})},
                           {{"h"}, torch::empty({1, B, H})}},
      [layer](const auto& v) mutable { return std::get<0>(layer->forward(v[4], v[5])); });
}

std::unique_ptr<Step> custom_lstm(const Request& r, Forward forward) {
  const auto [T, B, I, H] = r.sizes;
  return std::make_unique<TorchStep>(
      r,
      std::vector<Stacked>{{{"x"}, torch::empty({T, B, I})},
                           {{"h"}, torch::empty({B, H})},
                           {{"c"}, torch::empty({B, H})},
                           {{"W_i", "W_f", "W_o", "W_g"}, torch::empty({4 * H, I})},
                           {{"U_i", "U_f", "U_o", "U_g"}, torch::empty({4 * H, H})},
                           {{"b_i", "b_f", "b_o", "b_g"}, torch::empty({4 * H})}},
      std::move(forward));
}

std::unique_ptr<Step> custom_gru(const Request& r, Forward forward) {
  const auto [T, B, I, H] = r.sizes;
  return std::make_unique<TorchStep>(
      r,
      std::vector<Stacked>{{{"x"}, torch::empty({T, B, I})},
                           {{"h"}, torch::empty({B, H})},
                           {{"W_z", "W_r", "W_c"}, torch::empty({3 * H, I})},
                           {{"U_z", "U_r"}, torch::empty({2 * H, H})},
                           {{"U_c"}, torch::empty({H, H})},
                           {{"b_z", "b_r", "b_c"}, torch::empty({3 * H})}},
      std::move(forward));
}

// The whole loop is inside the script. One product with the inputs of all steps, one for all gates
// that can share it; the sigmoid gates beside each other need one op.
const char* const script = R"(
def lstm(x, h, c, w, u, b):
    outputs = []
    n = h.size(1)
    ut = u.t()
    for a in torch.linear(x, w, b).unbind(0):
        gates = torch.addmm(a, h, ut)
        ifo, g = gates.split_with_sizes([3 * n, n], 1)
        i, f, o = torch.sigmoid(ifo).chunk(3, 1)
        c = f * c + i * torch.tanh(g)
        h = o * torch.tanh(c)
        outputs.append(h)
    return torch.stack(outputs)

def gru(x, h, w, u_zr, u_c, b):
    outputs = []
    n = h.size(1)
    ut_zr = u_zr.t()
    ut_c = u_c.t()
    zr_in, c_in = torch.linear(x, w, b).split_with_sizes([2 * n, n], 2)
    c_steps = c_in.unbind(0)
    t = 0
    for a in zr_in.unbind(0):
        z, r = torch.sigmoid(torch.addmm(a, h, ut_zr)).chunk(2, 1)
        c = torch.tanh(torch.addmm(c_steps[t], r * h, ut_c))
        h = torch.lerp(h, c, z)
        outputs.append(h)
        t += 1
    return torch.stack(outputs)
)";

Forward scripted(const char* function) {
  return [function](const std::vector<Tensor>& v) {
    static const auto unit = torch::jit::compile(script);
    return unit->get_function(function)(std::vector<c10::IValue>(v.begin(), v.end())).toTensor();
  };
}

Tensor eager_lstm(const std::vector<Tensor>& v) {
  Tensor h = v[1], c = v[2];
  const std::int64_t n = h.size(1);
  const Tensor ut = v[4].t();
  std::vector<Tensor> outputs;
  for (const Tensor& a : torch::linear(v[0], v[3], v[5]).unbind(0)) {
    const auto gates = torch::addmm(a, h, ut).split_with_sizes({3 * n, n}, 1);
    const auto ifo = torch::sigmoid(gates[0]).chunk(3, 1);
    c = ifo[1] * c + ifo[0] * torch::tanh(gates[1]);
    h = ifo[2] * torch::tanh(c);
    outputs.push_back(h);
  }
  return torch::stack(outputs);
}

Tensor eager_gru(const std::vector<Tensor>& v) {
  Tensor h = v[1];
  const std::int64_t n = h.size(1);
  const Tensor ut_zr = v[3].t(), ut_c = v[4].t();
  const auto in = torch::linear(v[0], v[2], v[5]).split_with_sizes({2 * n, n}, 2);
  const auto zr_steps = in[0].unbind(0), c_steps = in[1].unbind(0);
  std::vector<Tensor> outputs;
  for (std::size_t t = 0; t < zr_steps.size(); ++t) {
    const auto zr = torch::sigmoid(torch::addmm(zr_steps[t], h, ut_zr)).chunk(2, 1);
    const Tensor c = torch::tanh(torch::addmm(c_steps[t], zr[1] * h, ut_c));
    h = torch::lerp(h, c, zr[0]);
    outputs.push_back(h);
  }
  return torch::stack(outputs);
}

}  // namespace
}  // namespace carousel::peers

int main() {
  using namespace carousel::peers;
  // Memory is kept from step to step, instead of new zeroed pages from the system each time.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 2'000'000'000);
  // TorchScript watches its first runs of each size before it settles on its code.
  const int plain = 2, watched = 5;
  const auto as = [](auto make, Forward forward) {
    return [=](const Request& r) { return make(r, forward); };
  };
  Worker({{"torch_nn", "lstm", plain, nn_lstm},
          {"torch_nn", "gru_reset_after", plain, nn_gru},
          {"torch_script", "lstm", watched, as(custom_lstm, scripted("lstm"))},
          {"torch_script", "gru_reset_before", watched, as(custom_gru, scripted("gru"))},
          {"torch_eager", "lstm", plain, as(custom_lstm, eager_lstm)},
          {"torch_eager", "gru_reset_before", plain, as(custom_gru, eager_gru)}})
      .serve();
}
