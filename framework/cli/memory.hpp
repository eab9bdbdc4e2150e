#pragma once

namespace carousel {

/// Ends the program with code 3 and a message, at once: what would have to be unwound, and the
/// libraries between, may want memory again. What was saved is whole.
[[noreturn]] void end_for_want_of_memory();

}  // namespace carousel
