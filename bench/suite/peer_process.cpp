#include "bench/suite/peer_process.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

// Only used for names of files; the standard library's spare us a library of Boost.
#define BOOST_PROCESS_USE_STD_FS
#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <boost/process/async_pipe.hpp>
#include <boost/process/child.hpp>
#include <boost/process/env.hpp>
#include <boost/process/environment.hpp>
#include <boost/process/error.hpp>
#include <boost/process/exe.hpp>
#include <boost/process/extend.hpp>
#include <boost/process/io.hpp>
#include <boost/process/posix.hpp>
#include <istream>
#include <sstream>

#include "tensor/error.hpp"
#include "tensor/interrupt.hpp"

namespace carousel {

namespace bp = boost::process;
using ErrorCode = boost::system::error_code;

struct PeerProcess::Process {
  std::string name;
  std::chrono::milliseconds limit;
  boost::asio::io_context context;
  bp::async_pipe requests{context}, replies{context};
  boost::asio::streambuf read;
  std::string request;  // the last one, and what came of it
  ErrorCode result;
  bp::child child;

  // To the program and to those that it has started.
  void send(int signal) {
    if (child.valid()) kill(-child.id(), signal);
  }
  [[noreturn]] void fail(const std::string& what) const {
    throw EnvironmentError(fmt::format("{} {}; --no-peers measures without it", name, what));
  }
};

namespace {

// In the new process: a group of its own, so that a signal reaches all that it will start. When we
// end, the kernel kills the program, and hangs up a stopped group that it leaves behind.
void begin_peer() {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
}

}  // namespace

// The program runs while this lives.
class PeerProcess::Turn {
 public:
  explicit Turn(Process& process) : process_(process) { process_.send(SIGCONT); }
  ~Turn() { process_.send(SIGSTOP); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  Process& process_;
};

PeerProcess::PeerProcess(const std::filesystem::path& program, std::chrono::milliseconds limit)
    : process_(std::make_unique<Process>()) {
  Process& p = *process_;
  p.name = program.filename();
  p.limit = limit;
  // Writing to a peer that has ended is an error to report, not the end of this process.
  signal(SIGPIPE, SIG_IGN);
  bp::environment environment = boost::this_process::environment();
  for (const auto& variable : hampering_variables) environment.erase(variable);
  std::error_code error;
  p.child = bp::child(bp::exe = program.string(), environment, (bp::std_in < p.requests),
                      (bp::std_out > p.replies),
                      bp::extend::on_exec_setup([](const auto&) { begin_peer(); }), error);
  if (error) p.fail("can't be started: " + error.message());
  p.send(SIGSTOP);
}

PeerProcess::~PeerProcess() {
  if (!process_) return;
  process_->send(SIGKILL);
  std::error_code ignored;
  process_->child.wait(ignored);
}

PeerProcess::PeerProcess(PeerProcess&&) noexcept = default;

std::string PeerProcess::ask(const std::string& line) {
  Process& p = *process_;
  const Turn turn(p);
  p.request = line + '\n';
  p.result = boost::asio::error::would_block;
  boost::asio::async_write(p.requests, boost::asio::buffer(p.request), [&p](ErrorCode error, auto) {
    if (error) p.result = error;
  });
  boost::asio::async_read_until(p.replies, p.read, '\n',
                                [&p](ErrorCode error, auto) { p.result = error; });
  p.context.restart();
  const auto end = std::chrono::steady_clock::now() + p.limit;
  while (!p.context.stopped() && std::chrono::steady_clock::now() < end) {
    poll_stop();
    p.context.run_for(std::min<std::chrono::milliseconds>(p.limit, std::chrono::milliseconds(50)));
  }
  if (p.result == boost::asio::error::would_block) {
    p.replies.close();
    p.fail(fmt::format("has not answered '{}' in {} s", line, p.limit.count() / 1000));
  }
  if (p.result) p.fail(fmt::format("ended without an answer to '{}'", line));
  std::istream in(&p.read);
  std::string reply;
  std::getline(in, reply);
  if (reply.starts_with("error ")) p.fail(fmt::format("says of '{}': {}", line, reply.substr(6)));
  return reply;
}

std::vector<std::string> PeerProcess::implementations(const std::string& cell) {
  const std::string reply = ask("list " + cell);
  std::istringstream in(reply);
  std::string word;
  if (!(in >> word) || word != "implementations") {
    process_->fail(fmt::format("answers '{}' where a list was expected", reply.substr(0, 60)));
  }
  std::vector<std::string> names;
  while (in >> word) names.push_back(word);
  return names;
}

peers::Reply PeerProcess::run(const peers::Request& request) {
  const std::string reply = ask(peers::to_line(request));
  try {
    return peers::parse_reply(reply, request.repeats);
  } catch (const std::runtime_error& error) {
    process_->fail(fmt::format("answers '{}': {}", reply.substr(0, 60), error.what()));
  }
}

}  // namespace carousel
