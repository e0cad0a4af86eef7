// Headers in a std::map, a std::unordered_map, their multi variants, or a sequence of pairs; names and values are
// texts.
//
//   Scope scope(clew::extract(clew::MapReader(request.headers)));
//   clew::inject(clew::MapWriter(message.headers));
#pragma once

#include <utility>

#include "clew/detail/header_name.h"
#include "clew/propagators.h"

CLEW_BEGIN

// Names are compared without case.
template <typename Map>
class MapReader : public HeaderReader {
 public:
  explicit MapReader(const Map& map) noexcept : map_(map) {}

  unsigned get(std::string_view name, std::string_view* values, unsigned room) const noexcept override {
    detail::Found found(values, room);
    for (const auto& pair : map_) {
      if (detail::same_name(pair.first, name)) found.add(pair.second);
    }
    return found.count();
  }
  void each(Visit visit, void* state) const noexcept override {
    for (const auto& pair : map_) visit(state, pair.first, pair.second);
  }

 private:
  const Map& map_;
};

// Takes the place of a value that is there, under any case of the name.
template <typename Map>
class MapWriter : public HeaderWriter {
 public:
  explicit MapWriter(Map& map) noexcept : map_(map) {}

  void set(std::string_view name, std::string_view value) noexcept override {
    using Key = std::decay_t<decltype(map_.begin()->first)>;
    using Text = std::decay_t<decltype(map_.begin()->second)>;
    for (auto& pair : map_) {
      if (!detail::same_name(pair.first, name)) continue;
      pair.second = Text(value);
      return;
    }
    map_.insert(map_.end(), std::pair<Key, Text>(Key(name), Text(value)));
  }

 private:
  Map& map_;
};

CLEW_END
