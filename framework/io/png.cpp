#include "io/png.hpp"

#include <png.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace carousel {

std::string png_bytes(const Tensor<float>& shades) {
  constexpr Index most = 65535;
  const Shape& shape = shades.shape();
  if (shape.rank() != 2 || shape[0] < 1 || shape[1] < 1 || std::max(shape[0], shape[1]) > most) {
    fail_input("a picture of shades: got shape {}, expected [rows, columns] of 1 to {} each",
               shape.to_string(), most);
  }
  std::vector<unsigned char> pixels;
  for (const float shade : shades.values()) {
    const float inside = std::isnan(shade) ? 0.0F : std::clamp(shade, 0.0F, 1.0F);
    pixels.push_back(static_cast<unsigned char>(std::lround(255.0F * inside)));
  }
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(shape[1]);
  image.height = static_cast<png_uint_32>(shape[0]);
  image.format = PNG_FORMAT_GRAY;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::string bytes(size, '\0');
  if (!png_image_write_to_memory(&image, bytes.data(), &size, 0, pixels.data(), 0, nullptr)) {
    fail_bug("a PNG picture: {}", image.message);
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace carousel
