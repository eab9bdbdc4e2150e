#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "bench/peers/protocol.hpp"

namespace carousel {

/// A peer program as a child process, spoken to a line at a time. Outside its turns it is stopped,
/// with all processes that it has started: threads that wait for work would take the cores from
/// whose turn it is. It ends with the object, and with this process however that ends.
class PeerProcess {
 public:
  /// Starts the program, without the environment variables that would hold its library back.
  /// limit: the longest that an answer may take. Throws EnvironmentError when it does not start.
  /// The program is killed when the calling thread ends.
  explicit PeerProcess(const std::filesystem::path& program,
                       std::chrono::milliseconds limit = std::chrono::minutes(2));
  ~PeerProcess();
  PeerProcess(PeerProcess&&) noexcept;

  /// Its implementations of a cell. Throws EnvironmentError, with the program's name, when it
  /// ends, answers what it should not, or does not answer in time, and Interrupted in a StopScope;
  /// so does run().
  std::vector<std::string> implementations(const std::string& cell);
  /// Runs training steps. The first request for other sizes includes the set-up.
  peers::Reply run(const peers::Request& request);

 private:
  struct Process;
  class Turn;
  std::string ask(const std::string& line);

  std::unique_ptr<Process> process_;
};

/// Variables by which an environment holds the libraries of the peers, and OpenBLAS in our own
/// process, back from the best kernels of the processor.
inline const std::vector<std::string> hampering_variables = {
    "OPENBLAS_CORETYPE", "DNNL_MAX_CPU_ISA", "ONEDNN_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY"};

}  // namespace carousel
