// The fields of Boost.Beast's requests and responses (anything that is a basic_fields).
//
//   Scope scope(clew::extract(clew::BeastReader(request)));
//   clew::inject(clew::BeastWriter(outgoing));
#pragma once

#include "clew/detail/header_name.h"
#include "clew/propagators.h"

CLEW_BEGIN

template <typename Fields>
class BeastReader : public HeaderReader {
 public:
  explicit BeastReader(const Fields& fields) noexcept : fields_(fields) {}

  unsigned get(std::string_view name, std::string_view* values, unsigned room) const noexcept override {
    detail::Found found(values, room);
    const auto range = fields_.equal_range({name.data(), name.size()});
    for (auto field = range.first; field != range.second; ++field) found.add(text(field->value()));
    return found.count();
  }
  void each(Visit visit, void* state) const noexcept override {
    for (const auto& field : fields_) visit(state, text(field.name_string()), text(field.value()));
  }

 private:
  template <typename Text>
  static std::string_view text(const Text& from) noexcept {
    return {from.data(), from.size()};
  }

  const Fields& fields_;
};

// Values never reach the size that Beast refuses.
template <typename Fields>
class BeastWriter : public HeaderWriter {
 public:
  explicit BeastWriter(Fields& fields) noexcept : fields_(fields) {}

  void set(std::string_view name, std::string_view value) noexcept override {
    using Text = std::decay_t<decltype(fields_.begin()->name_string())>;
    fields_.set(Text(name.data(), name.size()), Text(value.data(), value.size()));
  }

 private:
  Fields& fields_;
};

CLEW_END
