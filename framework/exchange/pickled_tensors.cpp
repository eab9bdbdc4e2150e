#include "exchange/pickled_tensors.hpp"

#include <algorithm>
#include <deque>
#include <limits>
#include <map>

namespace carousel {
namespace {

// Instructions of pickle's protocol 2 (Lib/pickletools.py), those that torch.save needs.
enum Opcode : unsigned char {
  mark = '(',
  stop = '.',
  append = 'a',
  build = 'b',
  global = 'c',
  appends = 'e',
  binget = 'h',
  long_binget = 'j',
  binput = 'q',
  long_binput = 'r',
  setitem = 's',
  tuple = 't',
  setitems = 'u',
  none = 'N',
  binfloat = 'G',
  binint = 'J',
  binint1 = 'K',
  binint2 = 'M',
  binpersid = 'Q',
  reduce = 'R',
  binunicode = 'X',
  empty_list = ']',
  empty_tuple = ')',
  empty_dict = '}',
  proto = 0x80,
  tuple1 = 0x85,
  tuple2 = 0x86,
  tuple3 = 0x87,
  newtrue = 0x88,
  newfalse = 0x89,
  long1 = 0x8a,
};

// What a storage's class says of its numbers. Those that we do not read may stand in a checkpoint
// beside those that we do.
struct StorageClass {
  const char* name;
  std::optional<NumberForm> form;
};
constexpr StorageClass storage_classes[] = {
    {"Half", NumberForm::float16},
    {"BFloat16", NumberForm::bfloat16},
    {"Float", NumberForm::float32},
    {"Double", NumberForm::float64},
    {"Int", NumberForm::int32},
    {"Long", NumberForm::int64},
    {"Bool", NumberForm::boolean},
    {"Byte", {}},
    {"Char", {}},
    {"Short", {}},
    {"ComplexFloat", {}},
    {"ComplexDouble", {}},
};

// The functions and classes that a pickle may name.
enum class Function { ordered_dict, rebuild_tensor, rebuild_parameter };
constexpr std::pair<std::string_view, Function> functions[] = {
    {"collections.OrderedDict", Function::ordered_dict},
    {"torch._utils._rebuild_tensor_v2", Function::rebuild_tensor},
    {"torch._utils._rebuild_parameter", Function::rebuild_parameter},
};

// A name as a message shows it.
std::string shown(std::string_view name) {
  constexpr std::size_t most = 80;
  std::string text(name.substr(0, most));
  std::ranges::replace_if(
      text, [](char c) { return c < ' ' || c > '~'; }, '?');
  return name.size() > most ? text + ".." : text;
}

// A value, or the number of one that is larger.
struct Value {
  enum class Kind {
    plain,
    integer,
    text,
    list,
    dict,
    mark,
    function,
    storage_class,
    storage,
    tensor
  };
  Kind kind = Kind::plain;  // plain: none, a truth or a real number, which nobody asks for
  std::int64_t number = 0;
  std::string_view text = {};  // in the pickle
};
using Kind = Value::Kind;
using List = std::vector<Value>;
using Dict = std::vector<std::pair<Value, Value>>;

struct Storage {
  std::string_view name;
  std::size_t type = 0;  // of storage_classes
  std::uint64_t numbers = 0;
};

// What the instructions make of a stack.
class Machine {
 public:
  Machine(std::string_view bytes, const std::string& place) : bytes_(bytes), place_(place) {}

  Value run() {
    for (;;) {
      start_ = at_;
      const auto opcode = static_cast<unsigned char>(take(1)[0]);
      if (opcode == stop) return pop();
      if (!push_plain(opcode) && !push_container(opcode) && !fill(opcode) && !remember(opcode) &&
          !call(opcode)) {
        fail(fmt::format("holds the instruction 0x{:02x}, which a state_dict does not need",
                         opcode));
      }
    }
  }

  const List& list(const Value& value) const { return lists_[std::size_t(value.number)]; }
  const Dict& dict(const Value& value) const { return dicts_[std::size_t(value.number)]; }
  const PickledTensor& tensor(const Value& value) const {
    return tensors_[std::size_t(value.number)];
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    fail_input(
        "{}: {} (byte {}); expected what torch.save(model.state_dict(), file) writes; nothing of "
        "the file was run",
        place_, what, start_);
  }

  std::string_view take(std::uint64_t size) {
    if (size > bytes_.size() - at_) fail("is cut short");
    at_ += size;
    return bytes_.substr(at_ - size, size);
  }
  template <class Unsigned>
  Unsigned number() {
    return little_endian<Unsigned>(take(sizeof(Unsigned)), 0);
  }
  std::string_view line() {
    const std::size_t end = bytes_.find('\n', at_);
    if (end == bytes_.npos) fail("is cut short");
    const std::string_view text = take(end - at_);
    ++at_;
    return text;
  }

  void push(Value value) { stack_.push_back(value); }
  Value pop() {
    if (stack_.empty() || stack_.back().kind == Kind::mark) fail("takes a value that is not there");
    const Value value = stack_.back();
    stack_.pop_back();
    return value;
  }
  Value pop(Kind kind, const char* what) {
    const Value value = pop();
    if (value.kind != kind) fail(fmt::format("has another value where it is to have {}", what));
    return value;
  }
  // Those above the last mark.
  List pop_to_mark() {
    const auto found = std::find_if(stack_.rbegin(), stack_.rend(),
                                    [](const Value& value) { return value.kind == Kind::mark; });
    if (found == stack_.rend()) fail("takes values that are not there");
    List values(found.base(), stack_.end());
    stack_.erase(found.base() - 1, stack_.end());
    return values;
  }
  void push_list(List values) {
    push({Kind::list, std::ssize(lists_)});
    lists_.push_back(std::move(values));
  }
  void push_dict() {
    push({Kind::dict, std::ssize(dicts_)});
    dicts_.emplace_back();
  }

  bool push_plain(unsigned char opcode) {
    switch (opcode) {
      case proto: number<std::uint8_t>(); return true;
      case none:
      case newtrue:
      case newfalse: push({}); return true;
      case binfloat:
        take(8);
        push({});
        return true;
      case binint: push({Kind::integer, std::int32_t(number<std::uint32_t>())}); return true;
      case binint1: push({Kind::integer, number<std::uint8_t>()}); return true;
      case binint2: push({Kind::integer, number<std::uint16_t>()}); return true;
      case long1: push({Kind::integer, long_number()}); return true;
      case binunicode: push({Kind::text, 0, take(number<std::uint32_t>())}); return true;
      default: return false;
    }
  }

  // Of up to eight bytes; larger ones are no sizes.
  std::int64_t long_number() {
    const std::string_view digits = take(number<std::uint8_t>());
    if (digits.size() > sizeof(std::int64_t)) return std::numeric_limits<std::int64_t>::max();
    std::uint64_t value = 0;
    for (std::size_t k = digits.size(); k-- > 0;) {
      value = value << 8 | static_cast<unsigned char>(digits[k]);
    }
    const bool negative = !digits.empty() && static_cast<signed char>(digits.back()) < 0;
    if (negative && digits.size() < 8) value |= ~std::uint64_t{0} << (8 * digits.size());
    return static_cast<std::int64_t>(value);
  }

  bool push_container(unsigned char opcode) {
    switch (opcode) {
      case mark: push({Kind::mark}); return true;
      case empty_list:
      case empty_tuple: push_list({}); return true;
      case empty_dict: push_dict(); return true;
      case tuple: push_list(pop_to_mark()); return true;
      case tuple1:
      case tuple2:
      case tuple3: {
        List values(opcode - tuple1 + 1);
        for (auto value = values.rbegin(); value != values.rend(); ++value) *value = pop();
        push_list(std::move(values));
        return true;
      }
      default: return false;
    }
  }

  // What a container gets after it was made.
  bool fill(unsigned char opcode) {
    switch (opcode) {
      case append: add_to_list({pop()}); return true;
      case appends: add_to_list(pop_to_mark()); return true;
      case setitem: {
        const Value value = pop(), key = pop();
        add_to_dict({key, value});
        return true;
      }
      case setitems: add_to_dict(pop_to_mark()); return true;
      case build:
        pop(), push(pop(Kind::dict, "a dict"));
        return true;  // its attributes are dropped
      default: return false;
    }
  }
  void add_to_list(const List& values) {
    const Value to = pop(Kind::list, "a list");
    List& list = lists_[std::size_t(to.number)];
    list.insert(list.end(), values.begin(), values.end());
    push(to);
  }
  void add_to_dict(const List& values) {
    const Value to = pop(Kind::dict, "a dict");
    if (values.size() % 2 != 0) fail("gives a dict a key without a value");
    Dict& dict = dicts_[std::size_t(to.number)];
    for (std::size_t k = 0; k < values.size(); k += 2) dict.emplace_back(values[k], values[k + 1]);
    push(to);
  }

  bool remember(unsigned char opcode) {
    switch (opcode) {
      case binput: put(number<std::uint8_t>()); return true;
      case long_binput: put(number<std::uint32_t>()); return true;
      case binget: get(number<std::uint8_t>()); return true;
      case long_binget: get(number<std::uint32_t>()); return true;
      default: return false;
    }
  }
  void put(std::uint32_t number) {
    const Value value = pop();
    push(value);
    memo_[number] = value;
  }
  void get(std::uint32_t number) {
    const auto found = memo_.find(number);
    if (found == memo_.end()) fail("takes a value that is not there");
    push(found->second);
  }

  bool call(unsigned char opcode) {
    switch (opcode) {
      case global: {
        const std::string_view module = line();
        push_global(fmt::format("{}.{}", module, line()));
        return true;
      }
      case reduce: {
        const List& arguments = list(pop(Kind::list, "a tuple"));
        run(static_cast<Function>(pop(Kind::function, "a function").number), arguments);
        return true;
      }
      case binpersid: push_storage(list(pop(Kind::list, "a tuple"))); return true;
      default: return false;
    }
  }

  void push_global(const std::string& name) {
    for (const auto& [known, function] : functions) {
      if (name == known) return push({Kind::function, static_cast<std::int64_t>(function)});
    }
    for (std::size_t k = 0; k < std::size(storage_classes); ++k) {
      if (name == fmt::format("torch.{}Storage", storage_classes[k].name)) {
        return push({Kind::storage_class, static_cast<std::int64_t>(k)});
      }
    }
    fail(fmt::format("asks for '{}', which a state_dict does not need", shown(name)));
  }

  // ('storage', class, name of the file, device, numbers)
  void push_storage(const List& id) {
    const bool known = id.size() == 5 && id[0].kind == Kind::text && id[0].text == "storage" &&
                       id[1].kind == Kind::storage_class && id[2].kind == Kind::text &&
                       id[4].kind == Kind::integer && id[4].number >= 0;
    if (!known) fail("names numbers in another form");
    push({Kind::storage, std::ssize(storages_)});
    storages_.push_back({id[2].text, std::size_t(id[1].number), std::uint64_t(id[4].number)});
  }

  void run(Function function, const List& arguments) {
    switch (function) {
      case Function::ordered_dict:
        if (!arguments.empty()) fail("makes a dict in another form");
        return push_dict();
      case Function::rebuild_tensor: return push_tensor(arguments);
      case Function::rebuild_parameter:
        if (arguments.empty() || arguments[0].kind != Kind::tensor) {
          fail("makes a parameter of something else than a tensor");
        }
        return push(arguments[0]);
    }
  }

  // Sizes or strides.
  std::vector<std::uint64_t> along_axes(const Value& tuple) {
    if (list(tuple).size() > Shape::max_rank) {
      fail(fmt::format("has a tensor of more than {} axes", Shape::max_rank));
    }
    std::vector<std::uint64_t> numbers;
    for (const Value& value : list(tuple)) {
      if (value.kind != Kind::integer || value.number < 0)
        fail("has a size that is no whole number");
      numbers.push_back(std::uint64_t(value.number));
    }
    return numbers;
  }

  // (storage, offset, sizes, strides, whether it is trained, hooks)
  void push_tensor(const List& of) {
    const bool known = of.size() >= 4 && of[0].kind == Kind::storage &&
                       of[1].kind == Kind::integer && of[1].number >= 0 &&
                       of[2].kind == Kind::list && of[3].kind == Kind::list;
    if (!known) fail("makes a tensor in another form");
    const Storage& storage = storages_[std::size_t(of[0].number)];
    const StorageClass& type = storage_classes[storage.type];
    push({Kind::tensor, std::ssize(tensors_)});
    tensors_.push_back({std::string(storage.name), type.name, type.form, storage.numbers,
                        std::uint64_t(of[1].number), along_axes(of[2]), along_axes(of[3])});
    if (tensors_.back().sizes.size() != tensors_.back().strides.size()) {
      fail("makes a tensor with another number of strides than of axes");
    }
  }

  std::string_view bytes_;
  const std::string& place_;
  std::size_t at_ = 0, start_ = 0;  // start_: of the instruction at hand
  List stack_;
  std::map<std::uint32_t, Value> memo_;
  std::deque<List> lists_;
  std::deque<Dict> dicts_;
  std::vector<Storage> storages_;
  std::vector<PickledTensor> tensors_;
};

// Finds the tensors. What is shared may be met more often than it was written, so there is a bound.
class Finder {
 public:
  Finder(const Machine& machine, std::size_t bytes, const std::string& place)
      : machine_(machine), left_(16 * bytes), place_(place) {}

  // name: the keys that lead to the value, with a dot behind each.
  void visit(const Value& value, const std::string& name, int depth) {
    constexpr int deepest = 64;
    if (value.kind == Kind::tensor) {
      found_.emplace_back(name.substr(0, name.size() - (name.empty() ? 0 : 1)),
                          machine_.tensor(value));
    }
    if (value.kind != Kind::list && value.kind != Kind::dict) return spend(1);
    spend(name.size() + 1);
    if (depth > deepest) spend(left_ + 1);
    if (value.kind == Kind::list) {
      const List& list = machine_.list(value);
      for (std::size_t k = 0; k < list.size(); ++k) {
        visit_member(list[k], name, std::to_string(k), depth);
      }
      return;
    }
    for (const auto& [key, member] : machine_.dict(value)) {
      if (key.kind == Kind::text) visit_member(member, name, key.text, depth);
      if (key.kind == Kind::integer) visit_member(member, name, std::to_string(key.number), depth);
    }
  }

  std::vector<std::pair<std::string, PickledTensor>> found() && { return std::move(found_); }

 private:
  void visit_member(const Value& value, const std::string& name, std::string_view key, int depth) {
    // Most of a checkpoint are numbers, which need no names.
    const bool has_name =
        value.kind == Kind::tensor || value.kind == Kind::list || value.kind == Kind::dict;
    if (!has_name) return spend(1);
    spend(name.size() + key.size() + 1);
    visit(value, fmt::format("{}{}.", name, key), depth + 1);
  }
  void spend(std::size_t bytes) {
    if (bytes > left_) {
      fail_input("{}: its dicts stand in one another without end, or their names are too long",
                 place_);
    }
    left_ -= bytes;
  }

  const Machine& machine_;
  std::size_t left_;
  const std::string& place_;
  std::vector<std::pair<std::string, PickledTensor>> found_;
};

}  // namespace

std::vector<std::pair<std::string, PickledTensor>> pickled_tensors(std::string_view bytes,
                                                                   const std::string& place) {
  Machine machine(bytes, place);
  const Value root = machine.run();
  Finder finder(machine, bytes.size(), place);
  finder.visit(root, "", 0);
  return std::move(finder).found();
}

}  // namespace carousel
