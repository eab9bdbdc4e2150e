// A peer of `carousel bench`: the hand-fused cells of oneDNN.

#include <omp.h>

#include <cstring>
#include <dnnl.hpp>
#include <unordered_map>

#include "worker.hpp"

namespace carousel::peers {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;
using Arguments = std::unordered_map<int, memory>;

// A gate of ours at its place in oneDNN's order. sign -1: theirs is 1 - ours, so that its weights
// have the other sign.
struct Gate {
  const char* name;
  float sign = 1.0f;
};

// gates: of W and U. biases: LBR-GRU has one more, that inside the reset.
struct Layout {
  std::vector<Gate> gates, biases;
  bool has_c;
};

// oneDNN: h = u h[t-1] + (1 - u) o.
const Layout lstm_layout{{{"i"}, {"f"}, {"g"}, {"o"}}, {{"b_i"}, {"b_f"}, {"b_g"}, {"b_o"}}, true};
const Layout gru_layout{{{"z", -1}, {"r"}, {"c"}}, {{"b_z", -1}, {"b_r"}, {"b_c"}}, false};
const Layout lbr_gru_layout{{{"z"}, {"r"}, {"n"}}, {{"b_z"}, {"b_r"}, {"b_n"}, {"d_n"}}, false};

// Tensors in the layouts that the caller keeps them in, and weights in that which oneDNN likes.
struct Descriptors {
  memory::desc x, h, c, w, u, b, y, any_w, any_u;

  // type: of all but c and the biases.
  Descriptors(const Layout& layout, const Sizes& s, memory::data_type type) {
    const auto gates = memory::dim(layout.gates.size());
    const auto biases = memory::dim(layout.biases.size());
    const auto f32 = memory::data_type::f32;
    x = {{s.steps, s.batch, s.input}, type, Tag::tnc};
    y = {{s.steps, s.batch, s.hidden}, type, Tag::tnc};
    h = {{1, 1, s.batch, s.hidden}, type, Tag::ldnc};
    if (layout.has_c) c = {h.dims(), f32, Tag::ldnc};
    w = {{1, 1, s.input, gates, s.hidden}, type, Tag::ldigo};
    u = {{1, 1, s.hidden, gates, s.hidden}, type, Tag::ldigo};
    any_w = {w.dims(), type, Tag::any};
    any_u = {u.dims(), type, Tag::any};
    b = {{1, 1, biases, s.hidden}, f32, Tag::ldgo};
  }
};

constexpr auto training = dnnl::prop_kind::forward_training;
constexpr auto back = dnnl::prop_kind::backward;
constexpr auto in_time = dnnl::rnn_direction::unidirectional_left2right;

// The final states are left out: nobody reads them. d: of values; g: of gradients, in float.
struct Lstm {
  using Forward = dnnl::lstm_forward;
  using Backward = dnnl::lstm_backward;
  static Forward::desc forward(const Descriptors& d) {
    return {training, in_time, d.x, d.h, d.c, d.any_w, d.any_u, d.b, d.y, {}, {}};
  }
  static Backward::desc backward(const Descriptors& d, const Descriptors& g) {
    return {back, in_time, d.x, d.h, d.c, d.any_w, d.any_u, d.b, d.y, {},
            {},   g.x,     g.h, g.c, g.w, g.u,     g.b,     g.y, {},  {}};
  }
};

template <class ForwardKind, class BackwardKind>
struct Gru {
  using Forward = ForwardKind;
  using Backward = BackwardKind;
  static typename Forward::desc forward(const Descriptors& d) {
    return {training, in_time, d.x, d.h, d.any_w, d.any_u, d.b, d.y, {}};
  }
  static typename Backward::desc backward(const Descriptors& d, const Descriptors& g) {
    return {back, in_time, d.x, d.h, d.any_w, d.any_u, d.b, d.y,
            {},   g.x,     g.h, g.w, g.u,     g.b,     g.y, {}};
  }
};

class OneDnnStep : public Step {
 public:
  template <class Kind>
  OneDnnStep(Kind, const Layout& layout, memory::data_type type, const Request& request)
      : layout_(layout),
        sizes_(request.sizes),
        plain_(layout, request.sizes, memory::data_type::f32),
        used_(layout, request.sizes, type) {
    omp_set_num_threads(request.threads);
    const typename Kind::Forward::primitive_desc forward(Kind::forward(used_), engine_);
    const typename Kind::Backward::primitive_desc backward(Kind::backward(used_, plain_), engine_,
                                                           forward);
    forward_ = typename Kind::Forward(forward);
    backward_ = typename Kind::Backward(backward);
    make_arguments(forward, backward);
    const auto& given = backward_arguments_;
    for (const Block& block : blocks(x_, h_, DNNL_ARG_SRC_ITER_C, w_, u_, DNNL_ARG_BIAS)) {
      fill(block, sizes_.hidden);
    }
    fill(matrix("cotangent", given.at(DNNL_ARG_DIFF_DST_LAYER), sizes_.hidden), sizes_.hidden);
  }

  // The weights change in each training step, so putting them into the layouts that oneDNN likes
  // is part of it, and with bf16 so is rounding. It adds to the gradients of parameters, which
  // therefore begin as zeros.
  void run() override {
    for (auto& [reorder, from, to] : before_forward_) reorder.execute(stream_, from, to);
    forward_.execute(stream_, forward_arguments_);
    for (auto& [reorder, from, to] : before_backward_) reorder.execute(stream_, from, to);
    for (const int id :
         {DNNL_ARG_DIFF_WEIGHTS_LAYER, DNNL_ARG_DIFF_WEIGHTS_ITER, DNNL_ARG_DIFF_BIAS}) {
      const memory& gradient = backward_arguments_.at(id);
      std::memset(gradient.get_data_handle(), 0, gradient.get_desc().get_size());
    }
    backward_.execute(stream_, backward_arguments_);
    stream_.wait();
  }

  Fingerprint fingerprint() const override {
    Fingerprint print;
    const auto& given = backward_arguments_;
    for (const Block& block :
         blocks(given.at(DNNL_ARG_DIFF_SRC_LAYER), given.at(DNNL_ARG_DIFF_SRC_ITER),
                DNNL_ARG_DIFF_SRC_ITER_C, given.at(DNNL_ARG_DIFF_WEIGHTS_LAYER),
                given.at(DNNL_ARG_DIFF_WEIGHTS_ITER), DNNL_ARG_DIFF_BIAS)) {
      print.add(block);
    }
    return print;
  }

 private:
  struct Reorder {
    dnnl::reorder reorder;
    memory from, to;
  };

  static float* floats(const memory& m) { return static_cast<float*>(m.get_data_handle()); }

  static Block matrix(const char* name, const memory& m, std::int64_t columns) {
    const auto rows = std::int64_t(m.get_desc().get_size() / sizeof(float)) / columns;
    return {name, rows, columns, floats(m), columns};
  }

  // The tensors, or their gradients, by the names of the cell.
  std::vector<Block> blocks(const memory& x, const memory& h, int c, const memory& w,
                            const memory& u, int b) const {
    const std::int64_t hidden = sizes_.hidden;
    const auto& given = backward_arguments_;
    std::vector<Block> all{matrix("x", x, sizes_.input), matrix("h", h, hidden)};
    if (layout_.has_c) all.push_back(matrix("c", given.at(c), hidden));
    const auto width = std::int64_t(layout_.gates.size()) * hidden;
    std::int64_t at = 0;
    for (const Gate& gate : layout_.gates) {
      all.push_back({std::string("W_") + gate.name, hidden, sizes_.input, floats(w) + at, 1, width,
                     gate.sign});
      all.push_back(
          {std::string("U_") + gate.name, hidden, hidden, floats(u) + at, 1, width, gate.sign});
      at += hidden;
    }
    at = 0;
    for (const Gate& bias : layout_.biases) {
      all.push_back({bias.name, hidden, 1, floats(given.at(b)) + at, 1, 1, bias.sign});
      at += hidden;
    }
    return all;
  }

  // The memory of an argument in the layout of the primitive: the caller's own memory, or one that
  // a reorder fills before the primitive runs.
  template <class Primitive>
  memory in_layout(const Primitive& primitive, int id, const memory& ours,
                   std::vector<Reorder>& reorders) {
    const memory::desc wanted = primitive.query_md(dnnl::query::exec_arg_md, id);
    if (wanted == ours.get_desc()) return ours;
    memory theirs(wanted, engine_);
    reorders.push_back({dnnl::reorder(ours, theirs), ours, theirs});
    return theirs;
  }

  template <class Forward, class Backward>
  void make_arguments(const Forward& forward, const Backward& backward) {
    const auto make = [&](const memory::desc& desc) { return memory(desc, engine_); };
    const Descriptors& d = plain_;
    auto& f = forward_arguments_;
    auto& b = backward_arguments_;
    x_ = make(d.x);
    h_ = make(d.h);
    w_ = make(d.w);
    u_ = make(d.u);
    f = {{DNNL_ARG_SRC_LAYER, in_layout(forward, DNNL_ARG_SRC_LAYER, x_, before_forward_)},
         {DNNL_ARG_SRC_ITER, in_layout(forward, DNNL_ARG_SRC_ITER, h_, before_forward_)},
         {DNNL_ARG_BIAS, make(d.b)},
         {DNNL_ARG_DST_LAYER, make(used_.y)},
         {DNNL_ARG_WORKSPACE, make(forward.workspace_desc())}};
    if (layout_.has_c) f[DNNL_ARG_SRC_ITER_C] = make(d.c);
    b = f;
    f[DNNL_ARG_WEIGHTS_LAYER] = in_layout(forward, DNNL_ARG_WEIGHTS_LAYER, w_, before_forward_);
    f[DNNL_ARG_WEIGHTS_ITER] = in_layout(forward, DNNL_ARG_WEIGHTS_ITER, u_, before_forward_);
    b[DNNL_ARG_WEIGHTS_LAYER] = in_layout(backward, DNNL_ARG_WEIGHTS_LAYER, w_, before_backward_);
    b[DNNL_ARG_WEIGHTS_ITER] = in_layout(backward, DNNL_ARG_WEIGHTS_ITER, u_, before_backward_);
    b[DNNL_ARG_DIFF_DST_LAYER] = make(d.y);
    b[DNNL_ARG_DIFF_SRC_LAYER] = make(d.x);
    b[DNNL_ARG_DIFF_SRC_ITER] = make(d.h);
    if (layout_.has_c) b[DNNL_ARG_DIFF_SRC_ITER_C] = make(d.c);
    b[DNNL_ARG_DIFF_BIAS] = make(d.b);
    b[DNNL_ARG_DIFF_WEIGHTS_LAYER] = make(d.w);
    b[DNNL_ARG_DIFF_WEIGHTS_ITER] = make(d.u);
  }

  const Layout& layout_;
  Sizes sizes_;
  Descriptors plain_, used_;  // in float; of what the primitives read
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  dnnl::primitive forward_, backward_;
  Arguments forward_arguments_, backward_arguments_;
  std::vector<Reorder> before_forward_, before_backward_;
  memory x_, h_, w_, u_;  // in float
};

template <class Kind>
Offer offer(const char* cell, const Layout& layout, const char* name = "onednn",
            memory::data_type type = memory::data_type::f32) {
  return {name, cell, 2, [&layout, type](const Request& request) {
            return std::make_unique<OneDnnStep>(Kind{}, layout, type, request);
          }};
}

}  // namespace
}  // namespace carousel::peers

int main() {
  using namespace carousel::peers;
  Worker(
      {offer<Lstm>("lstm", lstm_layout),
       offer<Gru<dnnl::gru_forward, dnnl::gru_backward>>("gru_reset_before", gru_layout),
       offer<Gru<dnnl::lbr_gru_forward, dnnl::lbr_gru_backward>>("gru_reset_after", lbr_gru_layout),
       offer<Lstm>("lstm", lstm_layout, "onednn_bf16", dnnl::memory::data_type::bf16)})
      .serve();
}
