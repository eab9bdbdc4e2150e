#pragma once

#include <memory>
#include <span>
#include <vector>

#include "tensor/shape.hpp"

namespace carousel {

/// How samples become frames of log-mel energies.
struct LogMelForm {
  int sample_rate = 8000;  ///< Hz
  Index window = 200;      ///< samples of a frame
  Index hop = 80;          ///< samples from the start of a frame to that of the next
  Index mels = 40;         ///< elements of a frame
};

/// Log-mel energies: how loud each part of the spectrum is in a short stretch of sound, as an ear
/// might tell it. A frame of N samples is weighed with Hann's window, 0.5 - 0.5 cos(2 pi n / N),
/// and followed by zeros up to the next power of two; of its Fourier transform X the power |X_k|^2
/// is summed with the weights of each filter; an element is the natural logarithm of that sum +
/// 1e-6.
///
/// The filters are those of HTK (Young et al., The HTK Book, section 5.4): triangles on the scale
/// Mel(f) = 2595 log10(1 + f / 700) whose peaks lie evenly between 20 Hz and half of the sample
/// rate. Each rises from the peak before it, 0, to its own, 1, and falls to the one behind it. HTK
/// sums |X_k| where it is not told to take the power.
///
/// Not for several threads at a time.
class LogMel {
 public:
  /// Throws InputError when a filter would have no frequency of the transform below it.
  explicit LogMel(const LogMelForm& form);
  ~LogMel();

  /// Frames that lie wholly in so many samples: 1 + floor((samples - window) / hop), or 0.
  Index frames(Index samples) const;
  /// The frames of a recording, [frames, mels]. samples: in units of full scale.
  std::vector<float> operator()(std::span<const float> samples) const;

  /// Points of the transform: the window, or the next power of two.
  Index points() const { return points_; }
  /// The weights of filter `mel`, 0 to mels - 1, of each frequency k = 0 .. points / 2, which is
  /// that of k * sample_rate / points Hz.
  std::span<const double> filter(Index mel) const;

 private:
  struct Transform;

  LogMelForm form_;
  Index points_ = 0;
  std::vector<double> window_;   // weights of the samples of a frame
  std::vector<double> filters_;  // [mels, points / 2 + 1]
  std::unique_ptr<Transform> transform_;
};

}  // namespace carousel
