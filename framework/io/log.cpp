#include "io/log.hpp"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>

#include "tensor/error.hpp"

namespace carousel {

RunLog::RunLog(const std::filesystem::path& folder) {
  try {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>((folder / "run.log").string());
    logger_ = std::make_shared<spdlog::logger>("run", sink);
    logger_->set_pattern("%Y-%m-%d %H:%M:%S %l %v");
    logger_->flush_on(spdlog::level::info);
  } catch (const spdlog::spdlog_ex& error) {
    throw EnvironmentError(
        fmt::format("{}: can't write run.log ({})", folder.string(), error.what()));
  }
}

void RunLog::info(const std::string& text) { logger_->info(text); }
void RunLog::warn(const std::string& text) { logger_->warn(text); }

}  // namespace carousel
