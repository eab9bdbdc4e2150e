#include "tensor/interrupt.hpp"

namespace carousel {

StopScope::StopScope(const std::atomic<bool>& stop) : before_(detail::stop_flag.exchange(&stop)) {}
StopScope::~StopScope() { detail::stop_flag = before_; }

void detail::interrupt() { throw Interrupted("stopped"); }

}  // namespace carousel
