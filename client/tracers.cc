// Tracers: one ScopeInfo for the same words, for ever.
#include <pthread.h>

#include <string>
#include <vector>

#include "clew/trace.h"

CLEW_BEGIN
namespace detail {
namespace {

// The texts and values of a scope, copied. Values of attributes: texts and plain numbers; others are left out.
struct OwnedScope {
  std::string name, version, schema_url;
  std::vector<std::string> texts;
  std::vector<KeyValue> attributes;
  ScopeInfo info;
};

pthread_mutex_t scopes_mutex = PTHREAD_MUTEX_INITIALIZER;
std::vector<OwnedScope*>* scopes = nullptr;

bool same(const Value& a, const Value& b) noexcept {
  if (a.type() != b.type()) return false;
  switch (a.type()) {
    case Value::Type::kString: return a.text() == b.text();
    case Value::Type::kBool:
    case Value::Type::kInt: return a.integer() == b.integer();
    case Value::Type::kDouble: return a.number() == b.number();
    default: return true;
  }
}

bool is_plain(const Value& value) noexcept {
  return value.type() == Value::Type::kString || value.type() == Value::Type::kBool ||
         value.type() == Value::Type::kInt || value.type() == Value::Type::kDouble;
}

bool matches(const ScopeInfo& info, std::string_view name, std::string_view version, std::string_view schema_url,
             const std::vector<KeyValue>& attributes) noexcept {
  if (info.name != name || info.version != version || info.schema_url != schema_url) return false;
  if (info.attributes.count != attributes.size()) return false;
  for (size_t i = 0; i < attributes.size(); ++i) {
    if (info.attributes[i].key != attributes[i].key || !same(info.attributes[i].value, attributes[i].value))
      return false;
  }
  return true;
}

OwnedScope* copy_of(std::string_view name, std::string_view version, std::string_view schema_url,
                    const std::vector<KeyValue>& attributes) {
  auto* const scope = new OwnedScope;
  scope->name = name;
  scope->version = version;
  scope->schema_url = schema_url;
  scope->texts.reserve(2 * attributes.size());
  for (const KeyValue& pair : attributes) {
    const std::string_view key = scope->texts.emplace_back(pair.key);
    const bool is_text = pair.value.type() == Value::Type::kString;
    const std::string_view text = is_text ? std::string_view(scope->texts.emplace_back(pair.value.text())) : "";
    scope->attributes.push_back({key, is_text ? Value(text) : pair.value});
  }
  scope->info = {scope->name, scope->version, scope->schema_url, {scope->attributes.data(), scope->attributes.size()}};
  return scope;
}

}  // namespace
}  // namespace detail

Tracer tracer(std::string_view name, std::string_view version, std::string_view schema_url,
              Attributes attributes) noexcept {
  std::vector<KeyValue> plain;
  for (const KeyValue& pair : attributes) {
    if (detail::is_plain(pair.value)) plain.push_back(pair);
  }
  pthread_mutex_lock(&detail::scopes_mutex);
  if (detail::scopes == nullptr) detail::scopes = new std::vector<detail::OwnedScope*>;
  detail::OwnedScope* found = nullptr;
  for (detail::OwnedScope* scope : *detail::scopes) {
    if (detail::matches(scope->info, name, version, schema_url, plain)) found = scope;
  }
  if (found == nullptr) {
    found = detail::copy_of(name, version, schema_url, plain);
    detail::scopes->push_back(found);
  }
  pthread_mutex_unlock(&detail::scopes_mutex);
  return Tracer(&found->info);
}

CLEW_END
