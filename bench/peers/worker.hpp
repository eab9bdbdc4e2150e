#pragma once
// The loop of a peer program.

#include <algorithm>
#include <chrono>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "protocol.hpp"

namespace carousel::peers {

/// A training step with all that can be made beforehand: memory, descriptors, compiled code.
class Step {
 public:
  virtual ~Step() = default;
  /// The work that is timed: forward, and back to all gradients.
  virtual void run() = 0;
  /// Of the gradients of the last run.
  virtual Fingerprint fingerprint() const = 0;
};

/// An implementation of a cell.
struct Offer {
  std::string implementation;
  std::string cell;
  int warm_up;  // runs before the first that is timed
  std::function<std::unique_ptr<Step>(const Request&)> make;
};

/// Keeps the last step of each implementation, so that turns with other implementations cost no
/// new set-up.
class Worker {
 public:
  explicit Worker(std::vector<Offer> offers) : offers_(std::move(offers)) {}

  /// Answers requests until the input ends.
  void serve() {
    for (std::string line; std::getline(std::cin, line);) {
      std::string reply;
      try {
        reply = line.starts_with("list ") ? list(line.substr(5)) : time(parse_request(line));
      } catch (const std::exception& error) {
        reply = std::string("error ") + error.what();
        std::replace(reply.begin(), reply.end(), '\n', ' ');  // a reply is one line
      }
      std::cout << reply << std::endl;
    }
  }

 private:
  struct Kept {
    Request request;
    std::unique_ptr<Step> step;
  };

  std::string list(const std::string& cell) const {
    std::string names = "implementations";
    for (const Offer& offer : offers_) {
      if (offer.cell == cell) names += ' ' + offer.implementation;
    }
    return names;
  }

  Step& step_for(const Request& r) {
    Kept& kept = kept_[r.implementation];
    if (kept.step && kept.request.cell == r.cell && kept.request.sizes == r.sizes &&
        kept.request.threads == r.threads) {
      return *kept.step;
    }
    kept = {};  // the memory goes before the new one comes
    for (const Offer& offer : offers_) {
      if (offer.implementation != r.implementation || offer.cell != r.cell) continue;
      kept = {r, offer.make(r)};
      for (int i = 0; i < offer.warm_up; ++i) kept.step->run();
      return *kept.step;
    }
    throw std::runtime_error("unsupported: " + r.implementation + " has no " + r.cell);
  }

  std::string time(const Request& request) {
    using Clock = std::chrono::steady_clock;
    Step& step = step_for(request);
    Reply reply;
    for (int i = 0; i < request.repeats; ++i) {
      const auto start = Clock::now();
      step.run();
      const std::chrono::duration<double, std::milli> spent = Clock::now() - start;
      reply.milliseconds.push_back(spent.count());
    }
    reply.fingerprint = step.fingerprint();
    return to_line(reply);
  }

  std::vector<Offer> offers_;
  std::map<std::string, Kept> kept_;
};

}  // namespace carousel::peers
