#pragma once
// What most files of the framework read, compiled once (framework/CMakeLists.txt). A file includes
// what it needs all the same: the build with the address sanitizer and scripts/lint go without this
// one.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tensor/error.hpp"
#include "tensor/tensor.hpp"
