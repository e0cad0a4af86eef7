// gRPC's metadata. Templates, so that this header needs nothing of gRPC: `Metadata` is what
// ServerContext::client_metadata() returns, `ClientContext` has AddMetadata(key, value).
//
//   Scope scope(clew::extract(clew::GrpcReader(server_context.client_metadata())));
//   clew::inject(clew::GrpcWriter(client_context));
#pragma once

#include <string>

#include "clew/detail/header_name.h"
#include "clew/propagators.h"

CLEW_BEGIN

template <typename Metadata>
class GrpcReader : public HeaderReader {
 public:
  explicit GrpcReader(const Metadata& metadata) noexcept : metadata_(metadata) {}

  unsigned get(std::string_view name, std::string_view* values, unsigned room) const noexcept override {
    detail::Found found(values, room);
    for (const auto& pair : metadata_) {
      if (detail::same_name({pair.first.data(), pair.first.size()}, name)) {
        found.add({pair.second.data(), pair.second.size()});
      }
    }
    return found.count();
  }
  void each(Visit visit, void* state) const noexcept override {
    for (const auto& pair : metadata_) {
      visit(state, {pair.first.data(), pair.first.size()}, {pair.second.data(), pair.second.size()});
    }
  }

 private:
  const Metadata& metadata_;
};

// gRPC takes lower-case names only.
template <typename ClientContext>
class GrpcWriter : public HeaderWriter {
 public:
  explicit GrpcWriter(ClientContext& context) noexcept : context_(context) {}

  void set(std::string_view name, std::string_view value) noexcept override {
    std::string key(name);
    for (char& c : key) c = detail::lower(c);
    context_.AddMetadata(key, std::string(value));
  }

 private:
  ClientContext& context_;
};

CLEW_END
