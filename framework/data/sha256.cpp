#include "data/sha256.hpp"

#include <openssl/evp.h>

#include "tensor/error.hpp"

namespace carousel {
namespace {

void expect_good(int result) {
  if (result != 1) throw EnvironmentError("libcrypto gives no SHA-256");
}

}  // namespace

struct Sha256::State {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> hash{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  expect_good(EVP_DigestInit_ex(state_->hash.get(), EVP_sha256(), nullptr));
}

Sha256::~Sha256() = default;

void Sha256::add(const void* bytes, std::size_t count) {
  expect_good(EVP_DigestUpdate(state_->hash.get(), bytes, count));
}

std::string Sha256::hex() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  expect_good(EVP_DigestFinal_ex(state_->hash.get(), digest, &size));
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

}  // namespace carousel
