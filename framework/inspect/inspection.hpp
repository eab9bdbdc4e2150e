#pragma once

#include <string>
#include <vector>

#include "inspect/activations.hpp"
#include "inspect/gradient_reach.hpp"
#include "task/exhibit.hpp"

namespace carousel {

/// How much an inspection looks at.
struct InspectOptions {
  int examples = 32;                     ///< of the validation split, for gradients and values
  int jacobian_steps = 100;              ///< of the first example, for Jacobians and exponents
  std::vector<std::string> probes = {};  ///< values beside the gates; "grad:h": only that state
};

/// A matrix among the parameters of a scan.
struct MatrixFigures {
  std::string name;              ///< of the parameter: "layers/0/forward/U_f"
  Shape shape;                   ///< [out, in]
  double largest = 0.0;          ///< singular value
  double smallest = 0.0;         ///< singular value
  double spectral_radius = 0.0;  ///< NaN where it is not square
};

/// The Jacobian of a scan's states at one step, see step_jacobian().
struct JacobianFigures {
  int step = 0;                  ///< from 1, in the order in which the scan goes
  double spectral_radius = 0.0;  ///< largest absolute eigenvalue
  double largest = 0.0;          ///< singular value
  double median = 0.0;           ///< singular value
  double smallest = 0.0;         ///< singular value
};

/// How long an element of a state remembers by itself.
struct Memory {
  std::string state;       ///< its name
  int unit = 0;            ///< from 1
  double keeps = 0.0;      ///< share that a step hands on: the geometric mean of its absolute value
  double half_life = 0.0;  ///< steps until half is left; infinite where nothing fades
};

/// The Jacobians of one scan along the first example.
struct ScanDynamics {
  std::string place;                       ///< of the scan's parameters
  Index size = 0;                          ///< elements of all states
  std::vector<JacobianFigures> jacobians;  ///< a step each; empty where there are too many elements
  std::vector<double> exponents;           ///< lyapunov_exponents()
  std::vector<Memory> memory;              ///< an entry for each element of a state
};

/// Scans with more state elements than this have no Jacobians: they grow with the square.
inline constexpr Index most_state_elements = 1024;

/// What was found inside a model.
struct Inspection {
  std::vector<GradientReach> gradients;  ///< by scan and state
  std::vector<Activation> values;        ///< gates, probes, and the states, by scan
  std::vector<MatrixFigures> matrices;   ///< in the order of the parameters
  std::vector<ScanDynamics> dynamics;    ///< by scan
};

/// Inspects a model on the first examples of a split. Throws InputError where the cell has no value
/// of a name.
Inspection inspect(const HeardModel& model, const Problem& problem, const InspectOptions& options);

}  // namespace carousel
