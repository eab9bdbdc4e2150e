#include "optim/saved_state.hpp"

#include <fmt/format.h>

namespace carousel {
namespace {

constexpr const char* in_file = "model";  // the archive's name in a file of parameters

}  // namespace

template <class T>
void save_values(Archive& archive, const std::string& group, const ParameterSet<T>& names,
                 const std::vector<Tensor<T>>& values) {
  for (std::size_t k = 0; k < values.size(); ++k) {
    archive.tensors<T>()[group + "/" + names.spec(k).name] = values[k].clone();
  }
}

template <class T>
void load_values(const Archive& archive, const std::string& group, const ParameterSet<T>& names,
                 std::vector<Tensor<T>>& values) {
  for (std::size_t k = 0; k < values.size(); ++k) {
    const std::string name = group + "/" + names.spec(k).name;
    const Tensor<T>& saved = archive.tensor<T>(name);
    if (!(saved.shape() == names.spec(k).shape)) {
      fail_input("the checkpoint's {} has shape {}, expected {}", name, saved.shape().to_string(),
                 names.spec(k).shape.to_string());
    }
    values[k] = saved.clone();
  }
}

template <class T>
void save_optimiser(Archive& archive, const ParameterSet<T>& names, const Optimiser<T>& optimiser) {
  for (const auto& slot : optimiser.slots()) {
    save_values(archive, "optimiser/" + slot.name, names, slot.values);
  }
  for (const auto& [name, value] : optimiser.numbers()) {
    archive.numbers["optimiser/" + name] = value;
  }
  archive.counters["updates"] = optimiser.updates();
}

template <class T>
void load_optimiser(const Archive& archive, const ParameterSet<T>& names, Optimiser<T>& optimiser) {
  std::vector<OptimiserSlot<T>> slots = optimiser.slots();
  for (auto& slot : slots) load_values(archive, "optimiser/" + slot.name, names, slot.values);
  std::map<std::string, double> numbers = optimiser.numbers();
  for (auto& [name, value] : numbers) value = archive.number("optimiser/" + name);
  const std::int64_t updates = archive.counter("updates");
  if (updates < 0) fail_input("the checkpoint's optimiser has made {} updates", updates);
  optimiser.slots() = std::move(slots);
  optimiser.numbers() = std::move(numbers);
  optimiser.set_updates(updates);
}

template <class T>
void save_parameters(const std::filesystem::path& file, const ParameterSet<T>& parameters,
                     const Optimiser<T>* optimiser) {
  Archive archive;
  save_values(archive, "parameters", parameters, parameters.values());
  if (optimiser) save_optimiser(archive, parameters, *optimiser);
  write_archives(file, {{in_file, archive}});
}

template <class T>
void load_parameters(const std::filesystem::path& file, ParameterSet<T>& parameters,
                     Optimiser<T>* optimiser) {
  const auto archives = read_archives(file);
  const auto found = archives.find(in_file);
  if (found == archives.end()) {
    fail_input("{}: holds no parameters that save_parameters wrote", file.string());
  }
  std::vector<Tensor<T>> values = parameters.values();
  try {
    load_values(found->second, "parameters", parameters, values);
    if (optimiser) load_optimiser(found->second, parameters, *optimiser);
  } catch (const InputError& error) {
    fail_input("{}: {}", file.string(), error.what());
  }
  parameters.restore(values);
}

#define CAROUSEL_INSTANTIATE(T)                                                         \
  template void save_values(Archive&, const std::string&, const ParameterSet<T>&,       \
                            const std::vector<Tensor<T>>&);                             \
  template void load_values(const Archive&, const std::string&, const ParameterSet<T>&, \
                            std::vector<Tensor<T>>&);                                   \
  template void save_optimiser(Archive&, const ParameterSet<T>&, const Optimiser<T>&);  \
  template void load_optimiser(const Archive&, const ParameterSet<T>&, Optimiser<T>&);  \
  template void save_parameters(const std::filesystem::path&, const ParameterSet<T>&,   \
                                const Optimiser<T>*);                                   \
  template void load_parameters(const std::filesystem::path&, ParameterSet<T>&, Optimiser<T>*);
CAROUSEL_INSTANTIATE(float)
CAROUSEL_INSTANTIATE(double)

}  // namespace carousel
