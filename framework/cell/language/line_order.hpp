#pragma once

#include <vector>

#include "cell/language/syntax.hpp"

namespace carousel {

/// The same statements, where one that reads what only lines below it set stands behind these. In a
/// variant a changed line may read other values than the line in whose place it stands. Where
/// there is no such order, all stay where they are.
std::vector<Statement> in_order(std::vector<Statement> statements);

}  // namespace carousel
