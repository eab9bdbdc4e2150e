#include "io/digest.hpp"

#include <openssl/evp.h>

#include <array>
#include <bit>

#include "tensor/error.hpp"

namespace carousel {

static_assert(std::endian::native == std::endian::little, "numbers are hashed as they lie");

struct Sha256::State {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                  &EVP_MD_CTX_free};
};

namespace {

void expect(bool good) {
  if (!good) throw EnvironmentError("libcrypto gives no SHA-256");
}

}  // namespace

Sha256::Sha256() : state_(std::make_unique<State>()) {
  expect(state_->context && EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) == 1);
}

Sha256::~Sha256() = default;

void Sha256::add_bytes(const void* bytes, std::size_t count) {
  expect(EVP_DigestUpdate(state_->context.get(), bytes, count) == 1);
}

std::string Sha256::hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  expect(EVP_DigestFinal_ex(state_->context.get(), digest.data(), &size) == 1);
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

std::string sha256(std::string_view text) {
  Sha256 hash;
  hash.add(text);
  return hash.hex();
}

}  // namespace carousel
