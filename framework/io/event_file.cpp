#include "io/event_file.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <boost/crc.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "io/array_bytes.hpp"
#include "io/machine.hpp"
#include "io/png.hpp"
#include "tensorboard.pb.h"

namespace carousel {
namespace {

namespace board = carousel_tensorboard;

constexpr int string_type = 7, grey = 1;

double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// CRC-32C, turned and shifted, so that a checksum of bytes that hold checksums is one too.
std::uint32_t masked_checksum(const std::string& bytes) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(bytes.data(), bytes.size());
  const std::uint32_t sum = crc.checksum();
  return (sum >> 15 | sum << 17) + 0xa282ead8U;
}

board::Event event_at(std::int64_t step) {
  board::Event event;
  event.set_wall_time(now());
  event.set_step(step);
  return event;
}

// An event with one value of that tag, to be filled in.
board::Event value_event(const std::string& tag, std::int64_t step, board::Summary::Value*& value) {
  board::Event event = event_at(step);
  value = event.mutable_summary()->add_value();
  value->set_tag(tag);
  return event;
}

std::string plugin_event(const std::string& tag, const board::HParamsPluginData& data) {
  board::Summary::Value* value = nullptr;
  board::Event event = value_event(tag, 0, value);
  auto* plugin = value->mutable_metadata()->mutable_plugin_data();
  plugin->set_plugin_name("hparams");
  plugin->set_content(data.SerializeAsString());
  return event.SerializeAsString();
}

}  // namespace

EventFile::EventFile(const std::filesystem::path& folder, std::int64_t step) {
  static std::atomic<int> files{0};
  path_ =
      folder / fmt::format("events.out.tfevents.{:010}.{}.{}.{}", static_cast<std::int64_t>(now()),
                           value_of(place_facts(), "host"), getpid(), files++);
  file_.open(path_, std::ios::binary);
  expect_good();
  board::Event version = event_at(0);
  version.set_file_version("brain.Event:2");
  write(version.SerializeAsString());
  board::Event start = event_at(step);
  start.mutable_session_log()->set_status(board::SessionLog::START);
  write(start.SerializeAsString());
}

void EventFile::scalar(const std::string& tag, std::int64_t step, double number) {
  board::Summary::Value* value = nullptr;
  const board::Event event = value_event(tag, step, value);
  value->set_simple_value(static_cast<float>(number));
  write(event.SerializeAsString());
}

void EventFile::text(const std::string& tag, std::int64_t step, const std::string& markdown) {
  board::Summary::Value* value = nullptr;
  const board::Event event = value_event(tag, step, value);
  value->mutable_metadata()->mutable_plugin_data()->set_plugin_name("text");
  board::TensorProto* tensor = value->mutable_tensor();
  tensor->set_dtype(string_type);
  tensor->mutable_tensor_shape()->add_dim()->set_size(1);
  tensor->add_string_val(markdown);
  write(event.SerializeAsString());
}

void EventFile::image(const std::string& tag, std::int64_t step, const Tensor<float>& shades) {
  board::Summary::Value* value = nullptr;
  const board::Event event = value_event(tag, step, value);
  board::Summary::Image* image = value->mutable_image();
  image->set_height(static_cast<int>(shades.shape()[0]));
  image->set_width(static_cast<int>(shades.shape()[1]));
  image->set_colorspace(grey);
  image->set_encoded_image_string(png_bytes(shades));
  write(event.SerializeAsString());
}

void EventFile::hyperparameters(const std::map<std::string, LoggedValue>& values) {
  board::HParamsPluginData data;
  auto& all = *data.mutable_session_start_info()->mutable_hparams();
  for (const auto& [name, value] : values) {
    if (const double* number = std::get_if<double>(&value)) all[name].set_number_value(*number);
    else all[name].set_string_value(std::get<std::string>(value));
  }
  write(plugin_event("_hparams_/session_start_info", data));
}

void EventFile::end(End how) {
  board::HParamsPluginData data;
  data.mutable_session_end_info()->set_status(how == End::success ? 1 : 2);
  write(plugin_event("_hparams_/session_end_info", data));
}

void EventFile::flush() {
  file_.flush();
  expect_good();
}

void EventFile::write(const std::string& event) {
  std::string record;
  record.reserve(event.size() + 16);
  append_little_endian(record, static_cast<std::uint64_t>(event.size()));
  append_little_endian(record, masked_checksum(record));
  record += event;
  append_little_endian(record, masked_checksum(event));
  file_.write(record.data(), static_cast<std::streamsize>(record.size()));
  expect_good();
}

void EventFile::expect_good() {
  if (file_) return;
  throw EnvironmentError(fmt::format("{}: can't write to it: {}; log: none goes without it",
                                     path_.string(), std::strerror(errno)));
}

}  // namespace carousel
