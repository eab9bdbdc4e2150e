#pragma once

namespace carousel {

/// Lists the tasks with their options: as text, or as JSON, an array of objects with "name",
/// "title", "reference" and "options". Returns the program's exit code.
int tasks_command(bool as_json);

}  // namespace carousel
