#pragma once

namespace carousel {

/// Version of the project, "0.1.0".
const char* version();
/// Commit that the program was built from, with "-dirty" for uncommitted changes.
const char* commit();

}  // namespace carousel
